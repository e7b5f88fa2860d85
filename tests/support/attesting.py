"""A service that believes one maker and one reference key, and devices that attest to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding

from enigm.crypto.attestation.attestation_key import Challenge
from enigm.crypto.attestation.quote import PCRS, UnverifiedQuote, bound_nonce
from enigm.crypto.attestation.reference import GoodState, Manifest, sign_manifest
from enigm.crypto.signatures import Hybrid
from enigm.foundation.encoding import base64url_decode, base64url_encode
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography import x509

    from enigm.crypto.attestation.endorsement import UnverifiedEndorsement
    from enigm.domains.attestation.actions.setup import AttestationSetup
    from tests.support.journey import Journey, Person

RELEASER = Hybrid.generate(FakeEntropy(b"releaser"))
DAY_SECONDS = 86_400


def manifest(version: int, now: int, states: Mapping[str, Mapping[int, bytes]]) -> bytes:
    """Return signed reference values that are good for a year."""
    good = [
        GoodState(label, {index: registers[index].hex() for index in PCRS})
        for label, registers in states.items()
    ]
    return sign_manifest(Manifest(version, now - 1, now + 365 * DAY_SECONDS, good), RELEASER)


def set_up(
    setup: AttestationSetup, roots: Sequence[x509.Certificate], now: int, **states: Any
) -> None:
    """Believe these roots and the releaser, and load states by their labels."""
    for root in roots:
        setup.believe_makers(root.public_bytes(Encoding.PEM))
    setup.believe_reference_key(RELEASER.public)
    setup.load_reference(manifest(1, now, states))


class AttestingDevice:
    """A person's device, with a TPM behind it: paper or software."""

    def __init__(self, journey: Journey, person: Person) -> None:
        self._journey = journey
        self._person = person

    async def ask(self, path: str, body: Any = None) -> Any:
        return await self._journey.as_device(self._person, "POST", f"/attestation/v1/{path}", body)

    async def begin(self, claim: UnverifiedEndorsement, public_area: bytes) -> Challenge:
        answer = await self.ask(
            "enrolments",
            {
                "certificate": base64url_encode(claim.certificate),
                "intermediates": [base64url_encode(each) for each in claim.intermediates],
                "endorsement_key": base64url_encode(claim.public_area),
                "attestation_key": base64url_encode(public_area),
            },
        )
        return Challenge(
            base64url_decode(answer["credential"]), base64url_decode(answer["encrypted_seed"])
        )

    async def finish(self, secret: bytes) -> None:
        await self.ask("enrolments/answer", {"secret": base64url_encode(secret)})

    async def nonce(self) -> bytes:
        """Return what to quote: the service's nonce, bound to this device's key."""
        challenge = base64url_decode((await self.ask("nonces"))["nonce"])
        return bound_nonce(challenge, self._person.device.signing.public)

    async def send(self, quote: UnverifiedQuote, event_log: bytes | None = None) -> Any:
        body: dict[str, Any] = {
            "attest": base64url_encode(quote.attest),
            "signature": base64url_encode(quote.signature),
            "registers": {str(index): value.hex() for index, value in quote.pcr_values.items()},
        }
        if event_log is not None:
            body["event_log"] = base64url_encode(event_log)
        return await self.ask("quotes", body)
