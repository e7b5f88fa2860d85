"""The ways in: registration, sign-in, recovery."""

from __future__ import annotations

from litestar import get, post
from litestar.status_codes import HTTP_200_OK
from msgspec import UNSET

from enigm.domains.accounts.actions.recover import RecoveryRead, RecoveryRequest
from enigm.domains.accounts.actions.register import Registration
from enigm.domains.accounts.actions.sign_in import SignInRequest
from enigm.domains.accounts.model import LoginId
from enigm.domains.accounts.routes import bodies
from enigm.domains.accounts.routes.reading import (
    Deeds,
    Voucher,
    device_of,
    optional,
    proof_of,
    shown,
    work_of,
)
from enigm.foundation.access import Access, opened_to
from enigm.foundation.encoding import base64url_decode, base64url_encode

PUBLIC = opened_to(Access.PUBLIC)


@get("/registration", opt=PUBLIC, sync_to_thread=False)
def read_guard(accounts: Deeds) -> bodies.RegistrationGuardAnswer:
    """Tell what guards registration."""
    guard, demand = accounts.registrar.required_guard()
    needs_work = guard == "proof-of-work"
    return bodies.RegistrationGuardAnswer(
        guard=guard,
        challenge=base64url_encode(demand.challenge) if needs_work else "",
        difficulty_bits=demand.difficulty_bits if needs_work else 0,
        expires_at=demand.expires_at,
    )


@post("/registration/start", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def start_registration(accounts: Deeds, data: bodies.OpaqueStart) -> bodies.OpaqueAnswer:
    """Answer OPAQUE's first message."""
    return _opaque_answer(accounts, data)


@post("/registration/finish", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def finish_registration(accounts: Deeds, data: bodies.RegistrationFinish) -> bodies.SessionAnswer:
    """Make the account and open its first session."""
    registration = Registration(
        device=device_of(data),
        opaque_record=base64url_decode(data.opaque_record),
        backup=base64url_decode(data.backup),
        proof=proof_of(data.proof),
    )
    return shown(accounts.registrar.register_account(registration))


@post("/session/start", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def start_session(
    accounts: Deeds, data: bodies.SessionStart, voucher: Voucher
) -> bodies.SessionStartAnswer:
    """Answer OPAQUE's first message; known and unknown names get the same."""
    request = SignInRequest(
        lookup_id=base64url_decode(data.lookup_id),
        opaque_request=base64url_decode(data.opaque_request),
        proof=None if data.proof is UNSET else work_of(data.proof),
        voucher=voucher,
    )
    login_id, response = accounts.sign_in.start(request)
    return bodies.SessionStartAnswer(
        login=base64url_encode(login_id), opaque_response=base64url_encode(response)
    )


@post("/session/finish", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def finish_session(accounts: Deeds, data: bodies.SessionFinish) -> bodies.SessionAnswer:
    """Open a session for six hours."""
    login_id = LoginId(base64url_decode(data.login))
    return shown(accounts.sign_in.finish(login_id, base64url_decode(data.opaque_finalization)))


@post("/recovery/start", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def start_recovery(accounts: Deeds, data: bodies.RecoveryStart) -> bodies.RecoveryStartAnswer:
    """Hand out a challenge and the backup; an unknown root gets a stable fake."""
    demand, backup = accounts.recovery.start(base64url_decode(data.fingerprint))
    return bodies.RecoveryStartAnswer(
        challenge=base64url_encode(demand.challenge), backup=base64url_encode(backup)
    )


@post("/recovery/opaque", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def recover_opaque(accounts: Deeds, data: bodies.OpaqueStart) -> bodies.OpaqueAnswer:
    """Answer OPAQUE's first message for a password set while recovering."""
    return _opaque_answer(accounts, data)


@post("/recovery/chain", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def read_recovered_chain(accounts: Deeds, data: bodies.RecoveryChain) -> bodies.RecoveryChainAnswer:
    """Show the chain to the root key that it belongs to."""
    read = RecoveryRead(
        fingerprint=base64url_decode(data.fingerprint),
        challenge=base64url_decode(data.challenge),
        signature=base64url_decode(data.signature),
        root_public=base64url_decode(data.root_public),
    )
    entries = accounts.recovery.read_chain(read)
    return bodies.RecoveryChainAnswer(
        root_public=data.root_public, chain=[base64url_encode(entry) for entry in entries]
    )


@post("/recovery/finish", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def finish_recovery(accounts: Deeds, data: bodies.RecoveryFinish) -> bodies.SessionAnswer:
    """Certify the new device, set the password, open a session."""
    request = RecoveryRequest(
        fingerprint=base64url_decode(data.fingerprint),
        challenge=base64url_decode(data.challenge),
        signature=base64url_decode(data.signature),
        device=device_of(data),
        opaque_record=optional(data.opaque_record),
    )
    return shown(accounts.recovery.recover_account(request))


def _opaque_answer(accounts: Deeds, data: bodies.OpaqueStart) -> bodies.OpaqueAnswer:
    lookup_id, request = base64url_decode(data.lookup_id), base64url_decode(data.opaque_request)
    response = accounts.registrar.answer_opaque(lookup_id, request)
    return bodies.OpaqueAnswer(opaque_response=base64url_encode(response))


HANDLERS = (
    read_guard,
    start_registration,
    finish_registration,
    start_session,
    finish_session,
    start_recovery,
    recover_opaque,
    read_recovered_chain,
    finish_recovery,
)
