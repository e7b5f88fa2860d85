"""Turns away what no page of Command asked for, before any handler runs and on every path.

A page of another origin can make a person's browser ask here: by a form, a fetch, or a name that
it re-points at this address (DNS rebinding). Each guard stops one of those ways.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from enigm.faces.command.headers import SECURITY_HEADERS
from enigm.faces.command.origin import Origin

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})
# Programs of others, which carry no cookie and are known by their signature or certificate.
MACHINE_PREFIX: Final = "/machines/"
_ENCODED: Final = [
    (name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()
]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Why a stranger gets no page."""

    status: HTTPStatus
    detail: str


class Guarded:
    """An ASGI application behind the guards."""

    def __init__(self, application: Application, origin: Origin) -> None:
        """Stand before an application that answers to one origin."""
        self._application = application
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or turn away."""
        if scope["type"] == "http":
            refusal = self._check(scope)
            if refusal is not None:
                await _turn_away(send, refusal)
                return
        elif scope["type"] != "lifespan":
            await receive()
            await send({"type": "websocket.close"})
            return
        await self._application(scope, receive, _with_headers(send))

    def _check(self, scope: Scope) -> TurnedAway | None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in _pairs(scope)}
        if headers.get("host", "") not in self._origin.hosts:
            return TurnedAway(HTTPStatus.MISDIRECTED_REQUEST, "This address is not served here.")
        if scope["path"].startswith(MACHINE_PREFIX):
            return None
        is_own = self._is_own(headers)
        if scope["method"] in SAFE_METHODS:
            # A link on another site may lead here; nothing on another site may load from here.
            is_visit = headers.get("sec-fetch-mode", "navigate") == "navigate"
            is_framed = headers.get("sec-fetch-dest", "document") not in {"document", "empty"}
            allowed = is_own or (is_visit and not is_framed)
        else:
            allowed = is_own and ("origin" in headers or "sec-fetch-site" in headers)
        return None if allowed else TurnedAway(HTTPStatus.FORBIDDEN, "Only Command itself may ask.")

    def _is_own(self, headers: dict[str, str]) -> bool:
        origin = headers.get("origin")
        own = origin is None or origin in self._origin.origins
        return own and headers.get("sec-fetch-site", "same-origin") in _OWN_SITE


def _pairs(scope: Scope) -> list[tuple[bytes, bytes]]:
    return scope["headers"]


def _with_headers(send: Send) -> Send:
    """Add to every answer what it does not say itself: refusals and empty answers, too."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
            names = {name.lower() for name, _ in said}
            message["headers"] = said + [pair for pair in _ENCODED if pair[0] not in names]
        await send(message)

    return sending


async def _turn_away(send: Send, refusal: TurnedAway) -> None:
    headers = [*_ENCODED, (b"content-type", b"text/plain; charset=utf-8")]
    status = int(refusal.status)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{refusal.detail}\n".encode()})
