"""The whole protocol against this machine's own TPM: shows that attestation would work here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.agent.attestation.errors import NotEnrolledError
from enigm.agent.attestation.tpm import KeptAttestationKey
from enigm.crypto.attestation.attestation_key import (
    challenge_key,
    check_attestation_key,
    recall_attestation_key,
)
from enigm.crypto.attestation.endorsement import verify_endorsement
from enigm.crypto.attestation.event_log import check_event_log
from enigm.crypto.attestation.quote import NONCE_BYTES, verify_quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

    from enigm.agent.attestation.tpm import Tpm
    from enigm.agent.mode import ManagedMode
    from enigm.crypto.attestation.attestation_key import AttestationKey
    from enigm.crypto.attestation.event_log import Event
    from enigm.crypto.attestation.quote import VerifiedQuote
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

_KEY_FILE: Final = "attestation-key.json"


class _KeyFile(msgspec.Struct, frozen=True):
    public_area: bytes
    sealed_private: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom this check believes: pinned roots, and the certificates between (DER)."""

    roots: Sequence[x509.Certificate] = field(repr=False)
    intermediates: tuple[bytes, ...] = field(default=(), repr=False)


def enrol(
    tpm: Tpm, mode: ManagedMode, trust: Trust, *, clock: Clock, entropy: Entropy
) -> AttestationKey:
    """Make an attestation key, show that it lives in an endorsed TPM, and keep it.

    Raises:
        AttestationRefusedError: the endorsement or the key does not hold.
        TpmRefusedError: the TPM would not do its part.
    """
    mode.require_on()
    claim = replace(tpm.endorsement(), intermediates=trust.intermediates)
    endorsement = verify_endorsement(claim, trust.roots, clock.now_seconds())
    kept = tpm.create_attestation_key()
    challenge, pending = challenge_key(
        endorsement, check_attestation_key(kept.public_area), entropy
    )
    key = pending.finish(tpm.activate(kept, challenge))
    keep_key(mode, kept)
    return key


def quote(
    tpm: Tpm, mode: ManagedMode, entropy: Entropy, event_log: bytes | None = None
) -> tuple[VerifiedQuote, tuple[Event, ...]]:
    """Quote over a fresh nonce with the kept key, and verify it as the service would.

    Raises:
        NotEnrolledError: there is no kept key.
        AttestationRefusedError: the quote or the event log does not hold.
    """
    mode.require_on()
    kept = kept_key(mode)
    if kept is None:
        raise NotEnrolledError
    nonce = entropy.random_bytes(NONCE_BYTES)
    unverified = tpm.quote(kept, nonce)
    verified = verify_quote(unverified, recall_attestation_key(kept.public_area), nonce)
    events = () if event_log is None else check_event_log(event_log, verified.pcr_values)
    return verified, events


def keep_key(mode: ManagedMode, key: KeptAttestationKey) -> None:
    """Keep an attestation key; its private part opens in this TPM alone."""
    mode.keep(_KEY_FILE, msgspec.json.encode(_KeyFile(key.public_area, key.sealed_private)))


def forget_key(mode: ManagedMode) -> None:
    """Forget the key that was kept: the next attestation makes and enrols another."""
    (mode.folder / _KEY_FILE).unlink(missing_ok=True)


def kept_key(mode: ManagedMode) -> KeptAttestationKey | None:
    """Return the key that was kept."""
    octets = mode.kept(_KEY_FILE)
    if octets is None:
        return None
    file = msgspec.json.decode(octets, type=_KeyFile)
    return KeptAttestationKey(file.public_area, file.sealed_private)
