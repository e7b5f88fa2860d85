"""Turns away every request that the App's own page did not make, before any handler runs.

Any web page the person visits can reach 127.0.0.1: by a form, by a WebSocket, or by a name
that it re-points at this machine (DNS rebinding). Each guard stops one of those ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enigm.app.loopback.asgi import Incoming
    from enigm.app.loopback.door import Door

SESSION_HEADER = "x-enigm-session"
SESSION_SUBPROTOCOL_PREFIX = "enigm.session."
LOGIN_PATH = "/api/session"

_MISDIRECTED = 421
_FORBIDDEN = 403
_UNSUPPORTED_TYPE = 415
_UNAUTHENTICATED = 401


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Why a stranger gets no answer; the status is HTTP's own, not one of our nine categories."""

    status: int
    code: str
    detail: str


class Guards:
    """The rules of one listening port."""

    def __init__(self, port: int, door: Door) -> None:
        """Know the only two names and the only two origins this port answers to."""
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._door = door

    def check(self, asked: Incoming) -> TurnedAway | None:
        """Return why this request is refused, or None when it may go on."""
        host = asked.headers.get("host", "")
        if host not in self._hosts:
            return TurnedAway(_MISDIRECTED, "loopback.host", "This address is not served here.")
        if not _own_origin(asked, host):
            return TurnedAway(_FORBIDDEN, "loopback.origin", "Only the App's own page may ask.")
        if asked.method == "POST" and asked.headers.get("content-type") != "application/json":
            return TurnedAway(_UNSUPPORTED_TYPE, "loopback.media_type", "Send JSON.")
        if _needs_session(asked) and not self._door.admits(_session_of(asked)):
            return TurnedAway(
                _UNAUTHENTICATED, "loopback.session", "Open the App again from your computer."
            )
        return None


def _own_origin(asked: Incoming, host: str) -> bool:
    origin = asked.headers.get("origin")
    # A browser always names the origin of a WebSocket and of a POST. Programs that do not are
    # held by the session; a page that manages not to is turned away here.
    if origin is None and asked.kind == "websocket":
        return False
    if origin is not None and origin != f"http://{host}":
        return False
    return asked.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _needs_session(asked: Incoming) -> bool:
    return asked.path.startswith("/api/") and asked.path != LOGIN_PATH


def _session_of(asked: Incoming) -> str:
    if asked.kind != "websocket":
        return asked.headers.get(SESSION_HEADER, "")
    prefix = SESSION_SUBPROTOCOL_PREFIX
    offered = (name for name in asked.subprotocols if name.startswith(prefix))
    return next(offered, prefix).removeprefix(prefix)
