"""Ways in: an account made in the browser, and sign-in by OPAQUE; both need the page's script.

The page's script makes phrase, keys and OPAQUE's messages; what comes here opens nothing.
"""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post
from litestar.status_codes import HTTP_200_OK
from msgspec import UNSET

from enigm.domains.accounts.actions.register import RootRegistration
from enigm.domains.accounts.actions.sign_in import SignInRequest
from enigm.domains.accounts.model import Audience, LoginId, SessionGrant
from enigm.domains.accounts.routes import bodies
from enigm.domains.accounts.routes.reading import proof_of, work_of
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.faces.command.sessions import Visits
from enigm.foundation.access import Access, opened_to
from enigm.foundation.encoding import base64url_decode, base64url_encode

PUBLIC: Final = opened_to(Access.PUBLIC)
SESSION: Final = opened_to(Access.SESSION)
HOME: Final = "/"


class RootBody(bodies.Body):
    """Everything that makes an account without a device."""

    lookup_id: bodies.Octets32
    opaque_record: bodies.OpaqueRecord
    root_public: bodies.RootPublic
    signature: bodies.RootSignature
    backup: bodies.Backup
    proof: bodies.Proof


class Entered(bodies.Body):
    """That a session began; its token is in a cookie that no script reads."""

    expires_at: int


@get("/sign-up", opt=PUBLIC, sync_to_thread=False)
def sign_up_page(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Show how an account is made."""
    guard, _ = parts.accounts.registrar.required_guard()
    next_path = local_path(request.query_params.get("next"))
    return pages.show(request, "sign_up.html", guard=guard, next_path=next_path)


@get("/sign-up/guard", opt=PUBLIC, sync_to_thread=False)
def read_guard(parts: Given) -> bodies.RegistrationGuardAnswer:
    """Tell what guards registration, with work that would do."""
    guard, demand = parts.accounts.registrar.required_guard()
    return bodies.RegistrationGuardAnswer(
        guard=guard,
        challenge=base64url_encode(demand.challenge),
        difficulty_bits=demand.difficulty_bits,
        expires_at=demand.expires_at,
    )


@post("/sign-up/opaque", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def answer_opaque(parts: Given, data: bodies.OpaqueStart) -> bodies.OpaqueAnswer:
    """Answer OPAQUE's first message of a registration."""
    lookup_id, request = base64url_decode(data.lookup_id), base64url_decode(data.opaque_request)
    response = parts.accounts.registrar.answer_opaque(lookup_id, request)
    return bodies.OpaqueAnswer(opaque_response=base64url_encode(response))


@post("/sign-up", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def sign_up(parts: Given, data: RootBody) -> Response[Entered]:
    """Make the account and begin a session here."""
    registration = RootRegistration(
        root_public=base64url_decode(data.root_public),
        lookup_id=base64url_decode(data.lookup_id),
        opaque_record=base64url_decode(data.opaque_record),
        backup=base64url_decode(data.backup),
        signature=base64url_decode(data.signature),
        proof=proof_of(data.proof),
    )
    registrar = parts.accounts.registrar
    grant = registrar.register_without_device(registration, Audience.COMMAND)
    return _entered(parts.visits, grant)


@get("/sign-in", opt=PUBLIC, sync_to_thread=False)
def sign_in_page(request: Asked, pages: Shown) -> Response[str]:
    """Show the sign-in."""
    next_path = local_path(request.query_params.get("next"))
    return pages.show(request, "sign_in.html", next_path=next_path)


@post("/sign-in/start", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def start_sign_in(parts: Given, data: bodies.SessionStart) -> bodies.SessionStartAnswer:
    """Answer OPAQUE's first message; known and unknown names get the same."""
    request = SignInRequest(
        lookup_id=base64url_decode(data.lookup_id),
        opaque_request=base64url_decode(data.opaque_request),
        proof=None if data.proof is UNSET else work_of(data.proof),
    )
    login_id, response = parts.accounts.sign_in.start(request)
    return bodies.SessionStartAnswer(
        login=base64url_encode(login_id), opaque_response=base64url_encode(response)
    )


@post("/sign-in/finish", opt=PUBLIC, status_code=HTTP_200_OK, sync_to_thread=True)
def finish_sign_in(parts: Given, data: bodies.SessionFinish) -> Response[Entered]:
    """Begin a session for six hours."""
    login_id = LoginId(base64url_decode(data.login))
    finalization = base64url_decode(data.opaque_finalization)
    grant = parts.accounts.sign_in.finish(login_id, finalization, Audience.COMMAND)
    return _entered(parts.visits, grant)


@post("/sign-out", opt=SESSION, status_code=303, sync_to_thread=True)
def sign_out(request: Asked, parts: Given) -> Response[None]:
    """End this session."""
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    parts.accounts.sessions.end_session(caller, caller.session_id)
    ended = parts.visits.ended_cookie()
    return Response(None, status_code=303, headers={"Location": HOME}, cookies=[ended])


def local_path(asked: str | None) -> str:
    """Return where to go on after entering: a path of ours, whatever was asked for.

    Browsers drop tabs and line ends from an address and read a backslash as a slash, so that
    more than ``//`` leads elsewhere (URL standard, basic URL parser).
    """
    if asked is None or not asked.isprintable() or "\\" in asked:
        return HOME
    return asked if asked.startswith("/") and not asked.startswith("//") else HOME


def _entered(visits: Visits, grant: SessionGrant) -> Response[Entered]:
    cookie = visits.session_cookie(grant)
    return Response(Entered(expires_at=grant.expires_at), cookies=[cookie])


HANDLERS = (
    sign_up_page,
    read_guard,
    answer_opaque,
    sign_up,
    sign_in_page,
    start_sign_in,
    finish_sign_in,
    sign_out,
)
