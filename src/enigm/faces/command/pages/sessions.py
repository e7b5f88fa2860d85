"""One's own sessions: how long each lives, and an end to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import Parameter

from enigm.domains.accounts.model import Audience, SessionId
from enigm.faces.command.pages.devices import device_number
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.foundation.access import Access, opened_to
from enigm.foundation.encoding import base64url_decode, base64url_encode

SESSION: Final = opened_to(Access.SESSION)
SessionName = Annotated[str, Parameter(pattern="^[A-Za-z0-9_-]{22}$")]


@dataclass(frozen=True, slots=True)
class Row:
    """A session as the page shows it."""

    name: str
    created_at: int
    expires_at: int
    is_this: bool
    is_here: bool
    device: str


@get("/sessions", opt=SESSION, sync_to_thread=True)
def list_sessions(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """List one's own sessions, the newest first."""
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    rows = [
        Row(
            name=base64url_encode(own.session.session_id),
            created_at=own.session.created_at,
            expires_at=own.session.expires_at,
            is_this=own.session.session_id == caller.session_id,
            is_here=own.session.audience is Audience.COMMAND,
            device="" if own.device_id is None else device_number(own.device_id),
        )
        for own in parts.accounts.sessions.list_sessions(caller)
    ]
    now = parts.clock.now_seconds()
    return pages.show(request, "sessions.html", sessions=rows[::-1], now=now)


@post("/sessions/{name:str}/end", opt=SESSION, status_code=303, sync_to_thread=True)
def end_session(request: Asked, parts: Given, name: SessionName) -> Response[None]:
    """End one of one's own sessions."""
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    ended = SessionId(base64url_decode(name))
    parts.accounts.sessions.end_session(caller, ended)
    is_this = ended == caller.session_id
    return Response(
        None,
        status_code=303,
        headers={"Location": "/" if is_this else "/sessions"},
        cookies=[parts.visits.ended_cookie()] if is_this else [],
    )


HANDLERS = (list_sessions, end_session)
