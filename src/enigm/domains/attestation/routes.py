"""How a device proves its machine's state: ``/attestation/v1``, for trusted devices only."""

from __future__ import annotations

from typing import Annotated

from litestar import Request, Router, delete, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import Dependency
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from msgspec import UNSET, Meta, Struct, UnsetType

from enigm.crypto.attestation.endorsement import UnverifiedEndorsement
from enigm.crypto.attestation.event_log import LOG_BYTES_MAX
from enigm.crypto.attestation.evidence import TpmEvidence
from enigm.crypto.attestation.quote import UnverifiedQuote
from enigm.domains.attestation.actions.proving import Proving
from enigm.foundation.access import protected
from enigm.foundation.encoding import base64url_decode, base64url_encode

PROVE = protected("attestation.prove")
# Three certificates of a maker, in base64.
BODY_BYTES_MAX = 48 * 1024
# A firmware's log, in base64, and a quote.
QUOTE_BODY_BYTES_MAX = LOG_BYTES_MAX * 4 // 3 + 16 * 1024

Octets = "^[A-Za-z0-9_-]*$"
Certificate = Annotated[str, Meta(pattern=Octets, min_length=1, max_length=11_000)]
# TPM 2.0 structures are at most 1,024 bytes here (enigm.crypto.attestation.structures).
Structure = Annotated[str, Meta(pattern=Octets, min_length=1, max_length=1366)]
Secret = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$")]
Register = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
EventLog = Annotated[str, Meta(pattern=Octets, max_length=LOG_BYTES_MAX * 4 // 3 + 4)]
Deeds = Annotated[Proving, Dependency(skip_validation=True)]
Owner = Annotated[bytes, Dependency(skip_validation=True)]
Signer = Annotated[bytes, Dependency(skip_validation=True)]


class Body(Struct, forbid_unknown_fields=True):
    """Strict: a field that nobody knows is refused, not ignored."""


class EnrolmentBody(Body):
    """The endorsement, which is not kept, and a fresh attestation key."""

    certificate: Certificate
    endorsement_key: Structure
    attestation_key: Structure
    intermediates: Annotated[list[Certificate], Meta(max_length=2)] = []


class ChallengeAnswer(Body):
    """What only one TPM can open."""

    credential: str
    encrypted_seed: str


class ActivationBody(Body):
    """What was in the challenge."""

    secret: Secret


class NonceAnswer(Body):
    """What the next quote must cover, together with the device's key."""

    nonce: str


class QuoteBody(Body):
    """A quote, the registers it covers by their number, and the firmware's log if wanted."""

    attest: Structure
    signature: Structure
    registers: Annotated[dict[int, Register], Meta(max_length=24)]
    event_log: EventLog | UnsetType = UNSET


class VerdictAnswer(Body):
    """Which good state it is, until when that counts, and the same as an EAT."""

    state: str
    expires_at: int
    verdict: str


def owner_of(request: Request[None, None, State]) -> bytes:
    """Return whom the guard at the door has recognised."""
    return request.state.owner


def device_of(request: Request[None, None, State]) -> bytes:
    """Return which trusted device signed, as the guard at the door found."""
    return request.state.device_id


@post("/enrolments", opt=PROVE, status_code=HTTP_200_OK, sync_to_thread=True)
def begin_enrolment(
    proving: Deeds, owner: Owner, device_id: Signer, data: EnrolmentBody
) -> ChallengeAnswer:
    """Begin to show in which TPM an attestation key lives."""
    claim = UnverifiedEndorsement(
        base64url_decode(data.certificate),
        tuple(base64url_decode(each) for each in data.intermediates),
        base64url_decode(data.endorsement_key),
    )
    key = base64url_decode(data.attestation_key)
    challenge = proving.begin_enrolment(owner, device_id, claim, key)
    return ChallengeAnswer(
        credential=base64url_encode(challenge.credential),
        encrypted_seed=base64url_encode(challenge.encrypted_seed),
    )


@post("/enrolments/answer", opt=PROVE, status_code=HTTP_204_NO_CONTENT, sync_to_thread=True)
def finish_enrolment(proving: Deeds, owner: Owner, device_id: Signer, data: ActivationBody) -> None:
    """Show it."""
    proving.finish_enrolment(owner, device_id, base64url_decode(data.secret))


@post("/nonces", opt=PROVE, status_code=HTTP_200_OK, sync_to_thread=True)
def ask_for_nonce(proving: Deeds, owner: Owner, device_id: Signer) -> NonceAnswer:
    """Begin a quote."""
    return NonceAnswer(nonce=base64url_encode(proving.challenge(owner, device_id)))


@post(
    "/quotes",
    opt=PROVE,
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    request_max_body_size=QUOTE_BODY_BYTES_MAX,
)
def send_quote(proving: Deeds, owner: Owner, device_id: Signer, data: QuoteBody) -> VerdictAnswer:
    """Have a quote judged."""
    quote = UnverifiedQuote(
        base64url_decode(data.attest),
        base64url_decode(data.signature),
        {number: bytes.fromhex(value) for number, value in data.registers.items()},
    )
    log = None if data.event_log is UNSET else base64url_decode(data.event_log)
    proof = proving.prove(owner, device_id, TpmEvidence(quote, log))
    return VerdictAnswer(
        state=proof.verdict.state,
        expires_at=proof.verdict.expires_at,
        verdict=base64url_encode(proof.token),
    )


@delete("/device", opt=PROVE, sync_to_thread=True)
def forget_device(proving: Deeds, owner: Owner, device_id: Signer) -> None:
    """Forget what this device proved."""
    proving.forget(owner, device_id)


def attestation_router(proving: Proving) -> Router:
    """Return the routes over these deeds."""

    def provided() -> Proving:
        return proving

    return Router(
        path="/attestation/v1",
        route_handlers=[
            begin_enrolment,
            finish_enrolment,
            ask_for_nonce,
            send_quote,
            forget_device,
        ],
        dependencies={
            "proving": Provide(provided, sync_to_thread=False),
            "owner": Provide(owner_of, sync_to_thread=False),
            "device_id": Provide(device_of, sync_to_thread=False),
        },
        request_max_body_size=BODY_BYTES_MAX,
        tags=["attestation"],
    )
