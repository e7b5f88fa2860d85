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
# Ties forms to the browser that was given them; it names nobody and ends with the browser.
GUEST_COOKIE: Final = "enigm-command-guest"
GUEST_BYTES: Final = 16
# A guest's way back to the order that was opened in this browser; it ends with the browser.
ORDER_COOKIE: Final = "enigm-command-order"
_TOKEN_BYTES: Final = 32


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
        """Return the come-back code of a guest's order, where the browser has one."""
        return connection.cookies.get(self._origin.cookie(ORDER_COOKIE))

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
