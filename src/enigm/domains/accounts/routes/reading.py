"""From bodies to what actions take, and back."""

from __future__ import annotations

from typing import Annotated

from litestar import Request
from litestar.datastructures import State
from litestar.params import Dependency
from msgspec import UNSET, UnsetType

from enigm.domains.accounts.actions import Accounts
from enigm.domains.accounts.actions.guard import Invite
from enigm.domains.accounts.errors import WorkProofRefusedError
from enigm.domains.accounts.model import Caller, Permit, SessionGrant, WorkProof
from enigm.domains.accounts.needs import DeviceVoucher, FirstDevice
from enigm.domains.accounts.routes.bodies import (
    Proof,
    RecoveryFinish,
    RegistrationFinish,
    SessionAnswer,
)
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Refusal
from enigm.wire.request_signature import SignedRequest, read_signature

# Our own objects, made by the assembly and the guard: nothing of them is to be validated.
Deeds = Annotated[Accounts, Dependency(skip_validation=True)]
RecognisedCaller = Annotated[Caller, Dependency(skip_validation=True)]
PinPermit = Annotated[Permit, Dependency(skip_validation=True)]
Voucher = Annotated[DeviceVoucher | None, Dependency(skip_validation=True)]

# What a device writes in the place of a session when it signs a request to open one.
VOUCHER_SCHEME = "Device"


def caller_of(request: Request[None, None, State]) -> Caller:
    """Return whom the guard at the door has recognised."""
    return request.state.caller


def permit_of(request: Request[None, None, State]) -> Permit:
    """Return what the guard at the door has found of a PIN's grant, unchecked."""
    return request.state.permit


async def voucher_of(request: Request[None, None, State]) -> DeviceVoucher | None:
    """Return the device's signature on a sign-in, where there is one that can be read."""
    authorization = request.headers.get("authorization", "")
    if authorization != VOUCHER_SCHEME:
        return None
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        signature = read_signature(headers)
    except Refusal:
        return None
    body = await request.body()
    signed = SignedRequest(request.method, request.url.path, authorization, body)
    return DeviceVoucher(signed, signature)


def proof_of(proof: Proof) -> WorkProof | Invite:
    """Return the work or the invite; raises WorkProofRefusedError for neither or both."""
    if proof.invite is not UNSET:
        if proof.challenge is not UNSET or proof.nonce is not UNSET:
            raise WorkProofRefusedError("both work and an invite")
        return Invite(base64url_decode(proof.invite))
    return work_of(proof)


def work_of(proof: Proof) -> WorkProof:
    """Return the work; raises WorkProofRefusedError where it is not all there."""
    if proof.challenge is UNSET or proof.nonce is UNSET:
        raise WorkProofRefusedError("no work")
    return WorkProof(base64url_decode(proof.challenge), base64url_decode(proof.nonce))


def device_of(body: RegistrationFinish | RecoveryFinish) -> FirstDevice:
    """Return what a registration or recovery says of its device."""
    return FirstDevice(
        root_public=base64url_decode(body.root_public),
        chain_entry=base64url_decode(body.chain_entry),
        card=base64url_decode(body.card),
        lookup_id=base64url_decode(body.lookup_id),
    )


def optional(text: str | UnsetType) -> bytes | None:
    """Return the bytes of a field that may be left out."""
    return None if text is UNSET else base64url_decode(text)


def shown(grant: SessionGrant) -> SessionAnswer:
    """Return a fresh session as it travels."""
    return SessionAnswer(session=base64url_encode(grant.token), expires_at=grant.expires_at)
