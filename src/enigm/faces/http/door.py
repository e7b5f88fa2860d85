"""The one door: what each route asks to be shown is checked here, before its handler runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from enigm.domains.accounts.errors import SessionEndedError, SessionNeededError
from enigm.foundation.access import ACCESS_OPTION, Access
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import InvalidError, Refusal
from enigm.wire.request_signature import SignedRequest

if TYPE_CHECKING:
    from enigm.crossings.protected_request_asks_device_trust import (
        ProtectedRequestAsksDeviceTrust,
    )
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.model import Caller

SCHEME: Final = "Bearer "
_TOKEN_CHARACTERS: Final = 43  # 32 bytes in unpadded base64url


class Door:
    """Litestar's guard for every route of the application."""

    def __init__(self, sessions: Sessions, trust: ProtectedRequestAsksDeviceTrust) -> None:
        """Keep who recognises sessions, and who judges devices."""
        self._sessions = sessions
        self._trust = trust

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Let the request in, with what was recognised in its state; or refuse."""
        access = access_of(handler)
        if access in (Access.PUBLIC, Access.TOKEN):
            return
        token = session_token(connection.headers.get("authorization"))
        if access is Access.SESSION:
            connection.state.caller = await asyncio.to_thread(self._sessions.recognise, token)
            connection.state.owner = self._trust.owner_of(connection.state.caller)
            return
        assert isinstance(connection, Request), "a protected route is plain HTTP"
        signed = await _signed_part(connection)
        headers = {name.lower(): value for name, value in connection.headers.items()}
        caller, device_id = await asyncio.to_thread(self._check, token, signed, headers)
        connection.state.caller = caller
        connection.state.owner = self._trust.owner_of(caller)
        connection.state.device_id = device_id

    def _check(
        self, token: bytes, signed: SignedRequest, headers: dict[str, str]
    ) -> tuple[Caller, bytes]:
        caller = self._sessions.recognise(token)
        return caller, self._trust.check(caller, signed, headers)


def access_of(handler: BaseRouteHandler) -> Access:
    """Return how a route may be reached; a route that does not say is a fault of ours."""
    access = handler.opt.get(ACCESS_OPTION)
    if not isinstance(access, Access):
        msg = f"the route {handler.handler_name} does not say how it may be reached"
        raise RuntimeError(msg)  # noqa: TRY004 - our own misuse, not a caller's type
    return access


def session_token(authorization: str | None) -> bytes:
    """Return the bearer token; raises SessionNeededError, SessionEndedError."""
    if authorization is None or not authorization.startswith(SCHEME):
        raise SessionNeededError
    text = authorization.removeprefix(SCHEME)
    if len(text) != _TOKEN_CHARACTERS:
        raise SessionEndedError
    try:
        return base64url_decode(text)
    except Refusal as error:
        raise SessionEndedError from error


async def _signed_part(request: Request[Any, Any, Any]) -> SignedRequest:
    # The signature covers the path and not the query, so a query could be anyone's.
    if request.scope["query_string"]:
        raise InvalidError("http.query", "A protected request has no query.")
    raw_path: bytes = request.scope["raw_path"]
    return SignedRequest(
        request.method,
        raw_path.partition(b"?")[0].decode("latin-1"),
        request.headers.get("authorization", ""),
        await request.body(),
    )
