"""Litestar's guard for every page: who asks, whether they may, and whether a form is ours."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from enigm.crossings.protected_operation_asks_policy import (
    PresentedVisit,
    ProtectedOperationAsksPolicy,
)
from enigm.domains.accounts.errors import SessionNeededError
from enigm.domains.accounts.model import Permit
from enigm.domains.policy.model import Face
from enigm.faces.command.guards import MACHINE_PREFIX, SAFE_METHODS
from enigm.faces.command.sessions import Visitor, Visits
from enigm.faces.http.door import operation_of
from enigm.foundation.access import ACCESS_OPTION, GUESTS_OPTION, Access
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import ForbiddenError, Refusal

FORM_FIELD: Final = "form_token"
FORM_HEADER: Final = "x-enigm-form"

GRANT_FIELD: Final = "grant"
_OURS: Final = frozenset({Access.PUBLIC, Access.SESSION, Access.PROTECTED})

Admission = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]
"""Lets a request in that another kind of page is for, with its own state; or refuses."""


class _Shown(msgspec.Struct):
    grant: str = ""


class FormRefusedError(ForbiddenError):
    """A form that another page, or an older visit, sent."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "command.form_refused", "The page was open too long: go back, reload it, try again."
        )


class Gate:
    """Stands before every page."""

    def __init__(
        self,
        visits: Visits,
        protected: ProtectedOperationAsksPolicy,
        admissions: Mapping[Access, Admission] | None = None,
    ) -> None:
        """Recognise visitors; ``admissions`` let in to what neither guest nor session opens."""
        self._visits = visits
        self._protected = protected
        self._admissions = admissions or {}

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Let the request in, with its visitor in its state; or refuse."""
        visitor = await asyncio.to_thread(self._visits.recognise, connection)
        connection.state.visitor = visitor
        access = access_of(handler)
        is_for_guests = access is Access.PUBLIC or handler.opt.get(GUESTS_OPTION) is True
        if access in _OURS and visitor.caller is None and not is_for_guests:
            raise SessionNeededError
        if access in self._admissions:
            await self._admissions[access](connection, handler)
            # Who was let in this way stands there now, with the token of their own forms.
            visitor = connection.state.visitor
        elif access not in _OURS:
            msg = f"nothing lets in to {handler.handler_name}"
            raise RuntimeError(msg)
        if isinstance(connection, Request) and connection.method not in SAFE_METHODS:
            await check_form(connection, visitor)
            if access is Access.PROTECTED and visitor.caller is not None:
                await self._decide(connection, handler)

    async def _decide(self, request: Request[Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Ask policy; what a page's deed may spend comes from here and from nowhere else."""
        token = self._visits.session_token(request)
        assert token is not None, "a session has a token"
        grant = await _grant_in(request)
        shown = PresentedVisit(token, grant)
        operation = operation_of(handler)
        caller, device_id = await asyncio.to_thread(self._protected.check, operation, shown)
        request.state.permit = Permit(caller, device_id, grant)


def require_marked(handler: BaseRouteHandler) -> None:
    """Return if a page says how it may be reached, and what it does where that is protected."""
    if access_of(handler) is not Access.PROTECTED:
        return
    methods: set[str] = getattr(handler, "http_methods", set())
    if Face.COMMAND not in operation_of(handler).faces or methods & SAFE_METHODS:
        msg = f"{handler.handler_name} is protected, and no form of Command does its operation"
        raise RuntimeError(msg)


def access_of(handler: BaseRouteHandler) -> Access:
    """Return how a page may be reached; one that does not say is a fault of ours."""
    access = handler.opt.get(ACCESS_OPTION)
    if not isinstance(access, Access):
        msg = f"the page {handler.handler_name} does not say how it may be reached"
        raise RuntimeError(msg)  # noqa: TRY004 - our own misuse, not a caller's type
    return access


async def check_form(request: Request[Any, Any, Any], visitor: Visitor) -> None:
    """Return if a form is from this visitor's own page; raises FormRefusedError."""
    if request.scope["path"].startswith(MACHINE_PREFIX):
        return
    brought = request.headers.get(FORM_HEADER)
    if brought is None and "json" not in request.headers.get("content-type", ""):
        brought = (await request.form()).get(FORM_FIELD)
    if not isinstance(brought, str) or not hmac.compare_digest(
        brought.encode(), visitor.form_token.encode()
    ):
        raise FormRefusedError


async def _grant_in(request: Request[Any, Any, Any]) -> bytes | None:
    """Return the PIN's grant that a form or a script shows; an unreadable one opens nothing."""
    if "json" in request.headers.get("content-type", ""):
        try:
            shown = msgspec.json.decode(await request.body(), type=_Shown).grant
        except msgspec.DecodeError:
            return None
    else:
        shown = (await request.form()).get(GRANT_FIELD)
    if not isinstance(shown, str) or not shown:
        return None
    try:
        return base64url_decode(shown)
    except Refusal:
        return b""
