"""The loopback ASGI application: guards first, then the packaged files, the API and the stream."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from enigm.app.loopback import bodies, events, problems
from enigm.app.loopback.asgi import Incoming
from enigm.app.loopback.guards import LOGIN_PATH
from enigm.app.loopback.headers import SECURITY_HEADERS
from enigm.app.loopback.routes import ROUTES, Call, Route
from enigm.foundation.errors import (
    InvalidError,
    NotFoundError,
    Refusal,
    UnauthenticatedError,
)

if TYPE_CHECKING:
    from enigm.app.app import App
    from enigm.app.loopback.asgi import Receive, Scope, Send
    from enigm.app.loopback.door import Door
    from enigm.app.loopback.files import PackagedFiles
    from enigm.app.loopback.guards import Guards, TurnedAway

# The longest text in JSON escapes, and room; a page that sends more is not ours.
BODY_BYTES_MAX = 512 * 1024
_JSON = "application/json"
_OK = 200

_B = TypeVar("_B", bound=bodies.Body)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A whole HTTP answer."""

    status: int
    media_type: str
    body: bytes


class LoopbackServer:
    """Serves one App to its own page."""

    def __init__(self, app: App, door: Door, guards: Guards, files: PackagedFiles) -> None:
        """Put the parts together; every one of them is ready."""
        self._app = app
        self._door = door
        self._guards = guards
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request or serve one WebSocket."""
        asked = Incoming.of(scope)
        turned_away = self._guards.check(asked)
        if asked.kind == "websocket":
            await self._websocket(asked, turned_away, receive, send)
            return
        if turned_away is not None:
            answer = _problem(problems.of_stranger(turned_away))
        else:
            answer = await self._answer(asked, receive)
        await _send(answer, send)

    async def _websocket(
        self, asked: Incoming, turned_away: TurnedAway | None, receive: Receive, send: Send
    ) -> None:
        await receive()
        if turned_away is not None or asked.path != events.EVENTS_PATH:
            # Before the handshake is accepted this answers 403 and opens nothing.
            await send({"type": "websocket.close", "code": 1008})
            return
        await events.stream(self._app, receive, send)

    async def _answer(self, asked: Incoming, receive: Receive) -> _Answer:
        try:
            if not asked.path.startswith("/api/"):
                return self._file(asked)
            body = await _read(receive)
            if asked.path == LOGIN_PATH:
                return _json(self._log_in(asked, body))
            return _json(await self._deed(asked, body))
        except Refusal as refusal:
            return _problem(problems.of_refusal(refusal))
        except Exception as error:  # noqa: BLE001 - the edge: a bug must not end the daemon
            _log_bug(asked, error)
            return _problem(problems.of_bug())

    def _file(self, asked: Incoming) -> _Answer:
        found = self._files.get(asked.path) if asked.method in {"GET", "HEAD"} else None
        if found is None:
            raise NotFoundError("loopback.path", "There is no such page.")
        return _Answer(_OK, found.media_type, found.body)

    def _log_in(self, asked: Incoming, body: bytes) -> dict[str, str]:
        if asked.method != "POST":
            raise NotFoundError("loopback.path", "There is no such page.")
        session = self._door.exchange(_decoded(bodies.Login, body).token)
        if session is None:
            raise UnauthenticatedError(
                "loopback.token", "This address was used before. Open the App again."
            )
        return {"session": session}

    async def _deed(self, asked: Incoming, body: bytes) -> object:
        route, names = _find(asked)
        value = None if route.body is None else _decoded(route.body, body)
        return await route.deed(Call(self._app, names, asked.query, value))


def _find(asked: Incoming) -> tuple[Route, tuple[str, ...]]:
    segments = tuple(asked.path.split("/"))
    for route in ROUTES:
        names = route.names_in(segments)
        if names is not None and route.method == asked.method and all(names):
            return route, names
    raise NotFoundError("loopback.path", "There is no such request.")


def _log_bug(asked: Incoming, error: Exception) -> None:
    # Where it happened and of what kind; never the message, which may hold plaintext.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s failed inside: %s\n%s", asked.method, type(error).__name__, where)


async def _read(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_BYTES_MAX:
            raise InvalidError("loopback.too_long", "This is too long.")
    return body


def _decoded(kind: type[_B], body: bytes) -> _B:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise problems.unreadable_body(error) from None


def _json(value: object) -> _Answer:
    return _Answer(_OK, _JSON, msgspec.json.encode(value))


def _problem(problem: problems.Problem) -> _Answer:
    return _Answer(problem.status, problems.MEDIA_TYPE, msgspec.json.encode(problem))


async def _send(answer: _Answer, send: Send) -> None:
    headers = [
        *SECURITY_HEADERS,
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
