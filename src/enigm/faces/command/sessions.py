"""Who visits: a session's cookie, or a guest's, and the token that every form must bring back."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from enigm.crossings.account_has_owner_name import OwnerNames
from enigm.domains.accounts.actions.sessions import Sessions
from enigm.domains.accounts.model import Audience, Caller, SessionGrant
from enigm.domains.devices.model import OwnerRef
from enigm.faces.command.origin import Origin
from enigm.foundation.clock import Clock
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.entropy import Entropy
from enigm.foundation.errors import Refusal, UnauthenticatedError
from enigm.foundation.keyfile import Keys

SESSION_COOKIE: Final = "enigm-command"
# Ties forms to the browser that was given them; it names nobody and ends with the browser. Planted
# by another program, it makes a form token that the planter knows: worth nothing, because the
# guards take no form that another origin sent, whatever token it brings.
GUEST_COOKIE: Final = "enigm-command-guest"
GUEST_BYTES: Final = 16
# A guest's way back to the order that was opened in this browser; it ends with the browser.
ORDER_COOKIE: Final = "enigm-command-order"
# How a guest's order is called in its address, with a keyed hash after it; no account's order is
# called so, whose names have no dot.
GUEST_PREFIX: Final = "guest."
_GUEST_NAME_BYTES: Final = 18
_TOKEN_BYTES: Final = 32
# A page that another program of this host opened, on another port, or another site.
_ELSEWHERE: Final = frozenset({"same-site", "cross-site"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: somebody signed in, or a guest; neither is known by anything else."""

    caller: Caller | None
    owner: OwnerRef | None
    form_token: str = field(repr=False)
    new_guest: str | None = field(default=None, repr=False)


class Visits:
    """Recognises visitors and makes their cookies."""

    def __init__(
        self,
        sessions: Sessions,
        names: OwnerNames,
        origin: Origin,
        keys: Keys,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        """Derive the key of form tokens, which stands in no store."""
        self._sessions = sessions
        self._names = names
        self._origin = origin
        self._key = keys.derive("command", "form tokens")
        self._name_key = keys.derive("command", "guests' orders")
        self._clock = clock
        self._entropy = entropy

    def recognise(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor:
        """Return who asks; a session that ended makes a guest."""
        token = self.session_token(connection)
        if token is not None:
            try:
                caller = self._sessions.recognise(token, Audience.COMMAND)
            except UnauthenticatedError:
                pass
            else:
                owner = self._names.owner_of(caller.account_id)
                return Visitor(caller, owner, self._form_token(token))
        guest = _octets(connection.cookies.get(self._origin.cookie(GUEST_COOKIE)), GUEST_BYTES)
        new_guest = None
        if guest is None:
            guest = self._entropy.random_bytes(GUEST_BYTES)
            new_guest = base64url_encode(guest)
        return Visitor(None, None, self._form_token(guest), new_guest)

    def session_token(self, connection: ASGIConnection[Any, Any, Any, Any]) -> bytes | None:
        """Return what the browser shows of a session, unchecked."""
        cookie = connection.cookies.get(self._origin.cookie(SESSION_COOKIE))
        return _octets(cookie, _TOKEN_BYTES)

    def session_cookie(self, grant: SessionGrant) -> Cookie:
        """Return the cookie that carries a fresh session until it ends."""
        lasts = grant.expires_at - self._clock.now_seconds()
        return self._cookie(SESSION_COOKIE, base64url_encode(grant.token), lasts)

    def guest_cookie(self, guest: str) -> Cookie:
        """Return the cookie of a guest, which ends with the browser."""
        return self._cookie(GUEST_COOKIE, guest, None)

    def order_cookie(self, comeback: str) -> Cookie:
        """Return the cookie that shows a guest's order again."""
        return self._cookie(ORDER_COOKIE, comeback, None)

    def order_in(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
        """Return the come-back code of a guest's order, where the browser has one.

        Whatever sends a browser here from another origin chooses no order for it: SameSite holds
        sites off, and not the other ports of this host.
        """
        if connection.headers.get("sec-fetch-site") in _ELSEWHERE:
            return None
        return connection.cookies.get(self._origin.cookie(ORDER_COOKIE))

    def guest_name(self, comeback: str) -> str:
        """Return what a guest's order is called in its address. The name opens nothing by itself.

        Over TLS nobody else sets our cookies (``__Host-``). On plain http cookies are shared by all
        ports of a host (RFC 6265, 8.5): another program on this machine can plant the cookie of an
        order of its own, for somebody else to pay. So the cookie alone opens nothing. A page's
        address names the order that was opened there, each form on it asks for that order, and only
        that order's own cookie answers: a planted one makes the page refuse.
        """
        plain = "".join(comeback.split()).replace("-", "").upper()
        digest = hmac.new(self._name_key, plain.encode(), hashlib.sha256).digest()
        return GUEST_PREFIX + base64url_encode(digest[:_GUEST_NAME_BYTES])

    def ended_cookie(self) -> Cookie:
        """Return what removes a session's cookie."""
        return self._cookie(SESSION_COOKIE, "", 0)

    def _cookie(self, name: str, value: str, lasts_seconds: int | None) -> Cookie:
        return Cookie(
            key=self._origin.cookie(name),
            value=value,
            max_age=lasts_seconds,
            path="/",
            secure=self._origin.is_secure,
            httponly=True,
            samesite="strict",
        )

    def _form_token(self, secret: bytes) -> str:
        return base64url_encode(hmac.new(self._key, secret, hashlib.sha256).digest())


def _octets(text: str | None, length_bytes: int) -> bytes | None:
    """Return a cookie's bytes; None where it is missing or malformed."""
    if text is None:
        return None
    try:
        octets = base64url_decode(text)
    except Refusal:
        return None
    return octets if len(octets) == length_bytes else None
