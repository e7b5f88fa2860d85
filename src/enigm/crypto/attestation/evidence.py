"""One interface for evidence of any kind of device, and the whole check of a TPM's evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from enigm.crypto.attestation.event_log import check_event_log
from enigm.crypto.attestation.quote import PCRS, verify_quote
from enigm.crypto.attestation.verdict import VERDICT_SECONDS_MAX, Verdict

if TYPE_CHECKING:
    from enigm.crypto.attestation.attestation_key import AttestationKey
    from enigm.crypto.attestation.quote import UnverifiedQuote
    from enigm.crypto.attestation.reference import ReferenceValues

Evidence_contra = TypeVar("Evidence_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """What evidence showed: how it was measured, and which good state the machine is in.

    The counts are for the caller to compare with the last ones it saw of this key.
    """

    system: str
    state: str
    reset_count: int = 0
    restart_count: int = 0


class EvidenceVerifier(Protocol[Evidence_contra]):
    """Turns a device's evidence for one nonce into a finding, or refuses it by name."""

    def verify(self, evidence: Evidence_contra, nonce: bytes, now_seconds: int) -> Finding:
        """Check the evidence; raises AttestationRefusedError."""
        ...


@dataclass(frozen=True, slots=True)
class TpmEvidence:
    """A quote and, where the machine has one, the firmware's event log that explains it."""

    quote: UnverifiedQuote = field(repr=False)
    event_log: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TpmVerifier:
    """Checks quotes of one activated key: quote, event log, reference values, in this order."""

    key: AttestationKey
    reference: ReferenceValues
    pcrs: tuple[int, ...] = PCRS

    def verify(self, evidence: TpmEvidence, nonce: bytes, now_seconds: int) -> Finding:
        """Check a quote; the time plays no part, for the nonce is the freshness.

        Raises:
            AttestationRefusedError: by ``verify_quote``, ``check_event_log`` and MEASUREMENT.
        """
        del now_seconds
        quote = verify_quote(evidence.quote, self.key, nonce, self.pcrs)
        if evidence.event_log is not None:
            check_event_log(evidence.event_log, quote.pcr_values)
        state = self.reference.label_of(quote.pcr_values)
        return Finding("tpm", state, quote.reset_count, quote.restart_count)


def verdict_on(
    finding: Finding, *, handle: bytes, nonce: bytes, now_seconds: int, lasts_seconds: int
) -> Verdict:
    """Say for how long a finding counts, under the handle the service gave for this purpose."""
    lasts = min(lasts_seconds, VERDICT_SECONDS_MAX)
    return Verdict(handle, nonce, finding.system, finding.state, now_seconds, now_seconds + lasts)
