"""Enrol a passkey by the operator's link, sign in with it, sign out."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.response import Redirect
from msgspec import Struct

from enigm.domains.administration.errors import InvitationRefusedError
from enigm.domains.administration.model import Deed, RelyingParty
from enigm.faces.command.administration import GivenDesk, tie_of
from enigm.faces.command.parts import Asked, Shown
from enigm.foundation.access import Access, administrative, opened_to
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import InvalidError

PUBLIC: Final = opened_to(Access.PUBLIC)


class EnrolmentBegun(Struct):
    """The link's secret; it stood in the address's fragment, which browsers do not send."""

    invitation: str


class Enrolment(Struct):
    """The link's secret, and what the browser's new credential says of itself."""

    invitation: str
    credential: dict[str, Any]


class SignIn(Struct):
    """What the passkey signed."""

    credential: dict[str, Any]


@get("/sign-in", opt=PUBLIC, sync_to_thread=False)
def show_sign_in(request: Asked, desk: GivenDesk, pages: Shown) -> Response[Any]:
    """Show the page that asks for a passkey."""
    return _elsewhere(request, desk.entrance.passkeys.party) or pages.show(
        request, "admin_sign_in.html"
    )


@post("/sign-in/start", opt=PUBLIC, status_code=200, sync_to_thread=True)
def begin_sign_in(request: Asked, desk: GivenDesk) -> Response[str]:
    """Return what any passkey may answer; it names nobody."""
    return _options(desk.entrance.passkeys.begin_sign_in(tie_of(request)))


@post("/sign-in/finish", opt=PUBLIC, status_code=204, sync_to_thread=True)
def finish_sign_in(request: Asked, desk: GivenDesk, data: SignIn) -> Response[None]:
    """Open an administrator's session."""
    grant = desk.entrance.passkeys.sign_in(data.credential, tie_of(request))
    return Response(None, status_code=204, cookies=[desk.entrance.cookies.session(grant)])


@get("/enrol", opt=PUBLIC, sync_to_thread=False)
def show_enrolment(request: Asked, desk: GivenDesk, pages: Shown) -> Response[Any]:
    """Show the page that the operator's link leads to."""
    return _elsewhere(request, desk.entrance.passkeys.party) or pages.show(
        request, "admin_enrol.html"
    )


@post("/enrol/start", opt=PUBLIC, status_code=200, sync_to_thread=True)
def begin_enrolment(request: Asked, desk: GivenDesk, data: EnrolmentBegun) -> Response[str]:
    """Return what the browser makes a passkey by."""
    token = _secret(data.invitation)
    return _options(desk.entrance.passkeys.begin_enrolment(token, tie_of(request)))


@post("/enrol/finish", opt=PUBLIC, status_code=204, sync_to_thread=True)
def finish_enrolment(request: Asked, desk: GivenDesk, data: Enrolment) -> None:
    """Keep the passkey; the link is used up."""
    token = _secret(data.invitation)
    desk.entrance.passkeys.enrol(token, data.credential, tie_of(request))


@post("/sign-out", opt=administrative(Deed.SESSION_END), status_code=303, sync_to_thread=True)
def sign_out(request: Asked, desk: GivenDesk) -> Response[None]:
    """End the session."""
    cookies = desk.entrance.cookies
    token = cookies.token(request)
    assert token is not None, "the gate let in a session"
    desk.entrance.sessions.end(token)
    headers = {"Location": "/admin/sign-in"}
    return Response(None, status_code=303, headers=headers, cookies=[cookies.ended()])


def _options(json: str) -> Response[str]:
    return Response(json, media_type="application/json")


def _secret(text: str) -> bytes:
    try:
        return base64url_decode(text)
    except InvalidError as error:
        raise InvitationRefusedError from error


def _elsewhere(request: Asked, party: RelyingParty) -> Redirect | None:
    """Lead to the name that passkeys hold for: they are bound to names, never to an IP address."""
    if request.headers.get("host", "") in {urlsplit(each).netloc for each in party.origins}:
        return None
    return Redirect(party.origins[0] + request.url.path, status_code=303)


HANDLERS = (
    show_sign_in,
    begin_sign_in,
    finish_sign_in,
    show_enrolment,
    begin_enrolment,
    finish_enrolment,
    sign_out,
)
