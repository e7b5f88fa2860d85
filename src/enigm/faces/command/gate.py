"""Litestar's guard for every page: who asks, whether they may, and whether a form is ours."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from enigm.domains.accounts.errors import SessionNeededError
from enigm.faces.command.guards import MACHINE_PREFIX, SAFE_METHODS
from enigm.faces.command.sessions import Visitor, Visits
from enigm.foundation.access import ACCESS_OPTION, Access
from enigm.foundation.errors import ForbiddenError

FORM_FIELD: Final = "form_token"
FORM_HEADER: Final = "x-enigm-form"

Admission = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]
"""Lets a request in that another kind of page is for, with its own state; or refuses."""


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
        self, visits: Visits, admissions: Mapping[Access, Admission] | None = None
    ) -> None:
        """Recognise visitors; ``admissions`` let in to what neither guest nor session opens."""
        self._visits = visits
        self._admissions = admissions or {}

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Let the request in, with its visitor in its state; or refuse."""
        visitor = await asyncio.to_thread(self._visits.recognise, connection)
        connection.state.visitor = visitor
        access = access_of(handler)
        if access is Access.SESSION and visitor.caller is None:
            raise SessionNeededError
        if access in self._admissions:
            await self._admissions[access](connection, handler)
            # Who was let in this way stands there now, with the token of their own forms.
            visitor = connection.state.visitor
        elif access not in {Access.PUBLIC, Access.SESSION}:
            msg = f"nothing lets in to {handler.handler_name}"
            raise RuntimeError(msg)
        if isinstance(connection, Request) and connection.method not in SAFE_METHODS:
            await check_form(connection, visitor)


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
