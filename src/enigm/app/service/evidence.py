"""What a managed device tells its service: posture reports and proofs of its TPM (protocol §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from enigm.foundation.encoding import base64url_decode, base64url_encode

if TYPE_CHECKING:
    from enigm.app.service.accounts import AccountPath
    from enigm.crypto.attestation.endorsement import UnverifiedEndorsement
    from enigm.crypto.attestation.quote import UnverifiedQuote

_POSTURE, _ATTESTATION = "/posture/v1", "/attestation/v1"


class SignalsAsked(msgspec.Struct, frozen=True):
    """The signals that a policy looks at."""

    signals: tuple[str, ...]


class ReportChallenge(msgspec.Struct, frozen=True):
    """What a report has to answer; no handle where nothing is asked."""

    signals: tuple[str, ...]
    handle: str = ""
    nonce: str = ""


class Standing(msgspec.Struct, frozen=True):
    """What the service made of a report."""

    standing: str


class KeyChallenge(msgspec.Struct, frozen=True):
    """What only one TPM can open."""

    credential: str
    encrypted_seed: str


class Nonce(msgspec.Struct, frozen=True):
    """What a quote has to cover."""

    nonce: str


class VerdictAnswer(msgspec.Struct, frozen=True):
    """Which good state it is, until when, and the token that says so."""

    state: str
    expires_at: int
    verdict: str


class EvidencePath:
    """Speaks for a trusted device about its own machine."""

    def __init__(self, accounts: AccountPath) -> None:
        """Use the account path's session and signature."""
        self._accounts = accounts

    async def signals_asked(self) -> tuple[str, ...]:
        """Return what a report would have to say; nothing: none is wanted."""
        path = f"{_POSTURE}/signals"
        return (await self._accounts.protected("GET", path, SignalsAsked)).signals

    async def report_challenge(self) -> ReportChallenge:
        """Begin a report."""
        return await self._accounts.protected("POST", f"{_POSTURE}/challenges", ReportChallenge)

    async def send_report(self, report: bytes) -> str:
        """Send a signed report; return how the device stands."""
        body = {"report": base64url_encode(report)}
        path = f"{_POSTURE}/reports"
        return (await self._accounts.protected("POST", path, Standing, body)).standing

    async def forget_report(self) -> None:
        """Have the service forget what was reported."""
        await self._accounts.protected("DELETE", f"{_POSTURE}/report", msgspec.Raw)

    async def begin_enrolment(
        self, claim: UnverifiedEndorsement, attestation_key: bytes
    ) -> tuple[bytes, bytes]:
        """Show an endorsement and a fresh key; return the credential and its encrypted seed."""
        body = {
            "certificate": base64url_encode(claim.certificate),
            "intermediates": [base64url_encode(each) for each in claim.intermediates],
            "endorsement_key": base64url_encode(claim.public_area),
            "attestation_key": base64url_encode(attestation_key),
        }
        path = f"{_ATTESTATION}/enrolments"
        answer = await self._accounts.protected("POST", path, KeyChallenge, body)
        return base64url_decode(answer.credential), base64url_decode(answer.encrypted_seed)

    async def finish_enrolment(self, secret: bytes) -> None:
        """Show what the TPM found in the credential."""
        body = {"secret": base64url_encode(secret)}
        path = f"{_ATTESTATION}/enrolments/answer"
        await self._accounts.protected("POST", path, msgspec.Raw, body)

    async def nonce(self) -> bytes:
        """Begin a quote; raises NotFoundError ``attestation.not_enrolled``."""
        path = f"{_ATTESTATION}/nonces"
        return base64url_decode((await self._accounts.protected("POST", path, Nonce)).nonce)

    async def send_quote(self, quote: UnverifiedQuote, event_log: bytes | None) -> VerdictAnswer:
        """Have a quote judged."""
        body: dict[str, Any] = {
            "attest": base64url_encode(quote.attest),
            "signature": base64url_encode(quote.signature),
            "registers": {str(number): value.hex() for number, value in quote.pcr_values.items()},
        }
        if event_log is not None:
            body["event_log"] = base64url_encode(event_log)
        return await self._accounts.protected("POST", f"{_ATTESTATION}/quotes", VerdictAnswer, body)

    async def forget_device(self) -> None:
        """Have the service forget what was proved."""
        await self._accounts.protected("DELETE", f"{_ATTESTATION}/device", msgspec.Raw)
