"""Lets administrators in under /admin: their own cookie, session, role, and token of forms."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.params import Dependency

from enigm.crossings.administrator_acts_under_handle import AdministratorHandles
from enigm.crossings.administrator_revokes_device_handle import AdministratorRevokesDeviceHandle
from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
from enigm.domains.administration.actions.appointing import Appointments
from enigm.domains.administration.actions.passkeys import Passkeys
from enigm.domains.administration.actions.sessions import AdministratorSessions
from enigm.domains.administration.model import BrowserTie, Deed, SessionGrant, SignedIn
from enigm.domains.attestation.actions.review import AttestationReview
from enigm.domains.audit.actions.proving import RecordProofs
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.commerce.actions.documents import Documents
from enigm.domains.commerce.actions.reviewing import Reviewing
from enigm.domains.policy.actions.governing import Policies
from enigm.domains.policy.model import Operation
from enigm.domains.posture.actions.review import PostureReview
from enigm.faces.command.gate import check_form
from enigm.faces.command.rendering import Pages, visitor_of
from enigm.faces.command.sessions import Visitor
from enigm.faces.http.door import OPERATIONS
from enigm.foundation.access import OPERATION_OPTION
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from enigm.crossings.protected_operation_asks_policy import ProtectedOperationAsksPolicy
    from enigm.faces.command.origin import Origin
    from enigm.foundation.clock import Clock
    from enigm.foundation.keyfile import Keys

COOKIE: Final = "enigm-command-administrator"
_TOKEN_BYTES: Final = 32
_SAFE: Final = frozenset({"GET", "HEAD"})
# Where an administrator goes from every page, if the role leads there.
PLACES: Final = (
    ("/admin", "Overview", Deed.OVERVIEW_READ),
    ("/admin/policies", "Policies", Deed.POLICY_READ),
    ("/admin/decisions", "Decisions", Deed.DECISIONS_READ),
    ("/admin/fleet", "Devices", Deed.FLEET_READ),
    ("/admin/orders", "Orders", Deed.ORDERS_READ),
    ("/admin/shop", "Shop", Deed.SHOP_READ),
    ("/admin/audit", "Audit", Deed.AUDIT_READ),
    ("/admin/administrators", "Administrators", Deed.ADMINISTRATORS_READ),
)


class AdministratorCookies:
    """Makes and reads the one cookie; no person's cookie is looked at."""

    def __init__(self, origin: Origin, keys: Keys, clock: Clock) -> None:
        """Derive the key of form tokens, which stands in no store."""
        self._origin = origin
        self._key = keys.derive("command", "administrators' form tokens")
        self._clock = clock

    def token(self, connection: ASGIConnection[Any, Any, Any, Any]) -> bytes | None:
        """Return the session's token, None where there is none."""
        cookie = connection.cookies.get(self._origin.cookie(COOKIE))
        if cookie is None:
            return None
        try:
            token = base64url_decode(cookie)
        except Refusal:
            return None
        return token if len(token) == _TOKEN_BYTES else None

    def session(self, grant: SessionGrant) -> Cookie:
        """Return the cookie of a fresh session."""
        lasts = grant.ends_at - self._clock.now_seconds()
        return self._cookie(base64url_encode(grant.token), lasts)

    def ended(self) -> Cookie:
        """Return what removes the cookie."""
        return self._cookie("", 0)

    def form_token(self, token: bytes) -> str:
        """Return what every form of this session must bring back."""
        return base64url_encode(hmac.new(self._key, token, hashlib.sha256).digest())

    def _cookie(self, value: str, lasts_seconds: int) -> Cookie:
        return Cookie(
            key=self._origin.cookie(COOKIE),
            value=value,
            max_age=lasts_seconds,
            path="/",
            secure=self._origin.is_secure,
            httponly=True,
            samesite="strict",
        )


@dataclass(frozen=True, slots=True)
class Entrance:
    """How administrators come in and go out."""

    passkeys: Passkeys
    sessions: AdministratorSessions
    appointments: Appointments
    handles: AdministratorHandles
    cookies: AdministratorCookies


@dataclass(frozen=True, slots=True)
class Desk:
    """Every domain's actions that an administrators' page needs."""

    entrance: Entrance
    policies: Policies
    handles: SubjectHandles
    postures: PostureReview
    attestations: AttestationReview
    devices: AdministratorRevokesDeviceHandle
    audit: AuditLog
    proofs: RecordProofs
    reviewing: Reviewing
    documents: Documents
    is_shop_open: Callable[[], bool]
    clock: Clock


GivenDesk = Annotated[Desk, Dependency(skip_validation=True)]


class AdministratorAdmission:
    """Provides ``gate.Admission``: session, role, form, and the record that comes before a deed."""

    def __init__(self, entrance: Entrance, protected: ProtectedOperationAsksPolicy) -> None:
        """Keep who recognises administrators, and the one way into protected operations."""
        self._sessions = entrance.sessions
        self._cookies = entrance.cookies
        self._protected = protected

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Let an administrator in; the page then sees no person, even one signed in beside."""
        token = self._cookies.token(connection)
        who = await asyncio.to_thread(self._sessions.recognise, token)
        assert token is not None, "a session has a token"
        visitor = Visitor(None, None, self._cookies.form_token(token))
        connection.state.visitor = visitor
        connection.state.administrator = who
        deed = Deed(handler.opt[OPERATION_OPTION])
        try:
            self._sessions.require(who, deed)
            if isinstance(connection, Request) and connection.method not in _SAFE:
                await check_form(connection, visitor)
            if (operation := operation_of_deed(deed)) is not None:
                age = who.session_age_seconds
                await asyncio.to_thread(self._protected.check_administrator, operation, age)
        except Refusal as refusal:
            await asyncio.to_thread(self._sessions.record, who, deed, refusal)
            raise
        await asyncio.to_thread(self._sessions.record, who, deed)


def operation_of_deed(deed: Deed) -> Operation | None:
    """Return what policy calls a deed; what only reads, or ends one's own session, is none."""
    return OPERATIONS.get("admin." + deed.value)


def acting(request: Request[Any, Any, Any]) -> SignedIn:
    """Return the administrator whom the admission let in."""
    return request.state.administrator


def actor_of(request: Request[Any, Any, Any], desk: Desk) -> bytes:
    """Return the handle under which records name who acts."""
    return desk.entrance.handles.handle(acting(request).administrator.administrator_id)


def tie_of(request: Request[Any, Any, Any]) -> BrowserTie:
    """Return what ties a ceremony to this browser."""
    return BrowserTie(visitor_of(request).form_token.encode())


def show(
    request: Request[Any, Any, Any], pages: Pages, template: str, **values: Any
) -> Response[str]:
    """Show a page of administrators, with the places that the role leads to."""
    who = acting(request)
    deeds = AdministratorSessions.deeds(who)
    places = [(address, name) for address, name, deed in PLACES if deed in deeds]
    return pages.show(request, template, who=who, places=places, can=deeds, **values)
