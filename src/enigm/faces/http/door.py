"""The one door: what each route asks to be shown is checked here, before its handler runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from enigm.crossings.critical_action_spends_pin_grant import CriticalActionSpendsPinGrant
from enigm.crossings.protected_operation_asks_policy import PresentedRequest
from enigm.domains.accounts.errors import (
    PinGrantRefusedError,
    SessionEndedError,
    SessionNeededError,
)
from enigm.domains.accounts.model import Permit
from enigm.domains.policy.model import Operation
from enigm.foundation.access import ACCESS_OPTION, OPERATION_OPTION, Access
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import InvalidError, Refusal
from enigm.wire.request_signature import SignedRequest

if TYPE_CHECKING:
    from enigm.crossings.account_has_owner_name import OwnerNames
    from enigm.crossings.protected_operation_asks_policy import ProtectedOperationAsksPolicy
    from enigm.domains.accounts.actions.pin_grants import PinGrants

SCHEME: Final = "Bearer "
GRANT_HEADER: Final = "enigm-pin-grant"
OPERATIONS: Final = {operation.word: operation for operation in Operation}
_TOKEN_CHARACTERS: Final = 43  # 32 bytes in unpadded base64url


class Door:
    """Litestar's guard for every route of the application."""

    def __init__(
        self, protected: ProtectedOperationAsksPolicy, names: OwnerNames, grants: PinGrants
    ) -> None:
        """Keep the one way into protected operations, who names owners, who knows PIN grants."""
        self._protected = protected
        self._names = names
        self._grants = grants

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Let the request in, with what was recognised in its state; or refuse."""
        access = access_of(handler)
        if access in (Access.PUBLIC, Access.TOKEN):
            return
        token = session_token(connection.headers.get("authorization"))
        if access is Access.SESSION:
            caller = await asyncio.to_thread(self._protected.recognise, token)
            connection.state.caller = caller
            connection.state.owner = self._names.owner_of(caller.account_id)
            return
        assert isinstance(connection, Request), "a protected route is plain HTTP"
        signed = await _signed_part(connection)
        headers = {name.lower(): value for name, value in connection.headers.items()}
        presented = PresentedRequest(token, signed, headers, _shown(headers.get(GRANT_HEADER)))
        operation = operation_of(handler)
        caller, device_id = await asyncio.to_thread(self._protected.check, operation, presented)
        connection.state.caller = caller
        connection.state.owner = self._names.owner_of(caller.account_id)
        connection.state.device_id = device_id
        # Nothing of a grant is checked here: it is spent where the deed is done, or not at all.
        permit = Permit(caller, device_id, pin_grant(connection.headers.get(GRANT_HEADER)))
        connection.state.permit = permit
        connection.state.critical = CriticalActionSpendsPinGrant(self._grants, permit)


def access_of(handler: BaseRouteHandler) -> Access:
    """Return how a route may be reached; a route that does not say is a fault of ours."""
    access = handler.opt.get(ACCESS_OPTION)
    if not isinstance(access, Access):
        msg = f"the route {handler.handler_name} does not say how it may be reached"
        raise RuntimeError(msg)  # noqa: TRY004 - our own misuse, not a caller's type
    return access


def operation_of(handler: BaseRouteHandler) -> Operation:
    """Return which operation a protected route does, as policy knows it."""
    word = handler.opt.get(OPERATION_OPTION)
    if word not in OPERATIONS:
        msg = f"the protected route {handler.handler_name} names no operation of policy"
        raise RuntimeError(msg)
    return OPERATIONS[word]


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


def pin_grant(header: str | None) -> bytes | None:
    """Return the grant that a request shows, if any; raises PinGrantRefusedError."""
    if header is None:
        return None
    if len(header) != _TOKEN_CHARACTERS:
        raise PinGrantRefusedError("not as long as a grant")
    try:
        return base64url_decode(header)
    except Refusal as error:
        raise PinGrantRefusedError(error.trace) from error


def _shown(header: str | None) -> bytes | None:
    """Return what a policy is told of: a grant that cannot be read is one that does not stand."""
    try:
        return pin_grant(header)
    except PinGrantRefusedError:
        return b""


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
