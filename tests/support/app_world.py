"""A real service on a real port of this machine, and Apps that talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
import uvicorn

from enigm.app.app import App
from enigm.app.errors import UnknownThingError
from enigm.app.options import Options
from enigm.assembly.service import build_service
from enigm.crypto import kdf
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.log import EventLog
from enigm.wire import delivery
from enigm.wire.delivery import MESSAGE_BYTES_MAX
from tests.support.service import settings_of_tests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator
    from pathlib import Path

    from enigm.app import views
    from enigm.foundation.clock import Clock

PASSWORD = "correct horse battery"
PIN = "271828"
WAIT_SECONDS_MAX = 60.0


async def until(look: Callable[[], Any], seconds_max: float = WAIT_SECONDS_MAX) -> Any:
    """Return what the look finds as soon as it is true; fail the test after a while."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + seconds_max
    while True:
        found = look()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if loop.time() > ends_at:
            pytest.fail(f"this did not become so in {seconds_max:.0f} s")
        await asyncio.sleep(0.01)


class QuietServer(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class Middleman:
    """Stands where the service stands: sees all that arrives, and may change what is answered.

    ``alter`` gets each batch of frames that one client is about to receive on its stream; where
    ``only`` is set, it is that connection's alone (they are numbered from 1). Requests to the
    paths ``unheard`` never reach the service; those to ``unanswered`` do, and nobody is told.
    """

    def __init__(self) -> None:
        self.seen = bytearray()
        self.alter: Callable[[list[Any]], list[Any]] | None = None
        self.only: int | None = None
        self.connections = 0
        self.unheard: set[str] = set()
        self.unanswered: set[str] = set()
        self.rewrite: dict[str, Callable[[bytes], bytes]] = {}

    def around(self, application: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await application(scope, receive, send)
                return
            self.seen += scope["path"].encode() + scope["query_string"]
            for name, value in scope["headers"]:
                self.seen += name + value
            if scope["path"] in self.unheard:
                raise ConnectionAbortedError
            if scope["type"] == "websocket":
                self.connections += 1
            if scope["path"] in self.unanswered:
                await application(scope, receive, swallow)
                raise ConnectionAbortedError
            if scope["path"] in self.rewrite:
                send = rewriting(send, self.rewrite[scope["path"]])
            await application(scope, self._hearing(receive), self._speaking(send, self.connections))

        return serve

    def _hearing(self, receive: Any) -> Any:
        async def hear() -> Any:
            event = await receive()
            self.seen += event.get("body") or event.get("bytes") or b""
            return event

        return hear

    def _speaking(self, send: Any, number: int) -> Any:
        async def speak(event: Any) -> None:
            is_meant = self.alter is not None and self.only in {None, number}
            if event["type"] == "websocket.send" and is_meant:
                assert self.alter is not None
                frames = self.alter(list(delivery.decode_answers(event["bytes"])))
                if not frames:
                    return
                event = {**event, "bytes": delivery.encode_all(frames)}
            await send(event)

        return speak


def rewriting(send: Any, rewrite: Callable[[bytes], bytes]) -> Any:
    """Change a whole answer's body, and its length with it."""
    started: list[Any] = []
    body = bytearray()

    async def speak(event: Any) -> None:
        if event["type"] == "http.response.start":
            started.append(event)
            return
        body.extend(event.get("body", b""))
        if not event.get("more_body"):
            changed = rewrite(bytes(body))
            headers = [pair for pair in started[0]["headers"] if pair[0] != b"content-length"]
            length = (b"content-length", str(len(changed)).encode())
            await send({**started[0], "headers": [*headers, length]})
            await send({"type": "http.response.body", "body": changed})

    return speak


async def swallow(event: Any) -> None:
    """Lose an answer on its way."""
    del event


@dataclass(slots=True)
class ServiceOnPort:
    """A service behind uvicorn on 127.0.0.1, which can be stopped and started again."""

    folder: Path
    port: int = 0
    clock: Clock = field(default_factory=SystemClock)
    middleman: Middleman = field(default_factory=Middleman)
    _server: uvicorn.Server | None = None
    _task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        log = EventLog(io.StringIO(), self.clock, strict=True)
        service = build_service(
            settings_of_tests(self.folder), self.clock, SystemEntropy(), log=log
        )
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self.middleman.around(service),
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
            ws="websockets-sansio",
            ws_max_size=MESSAGE_BYTES_MAX,
            ws_per_message_deflate=False,
        )
        self._server = QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        await until(lambda: self._server is not None and self._server.started)

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task


@dataclass(slots=True)
class World:
    """The service and everybody in a test."""

    service: ServiceOnPort
    folder: Path
    apps: list[App] = field(default_factory=list[App])

    async def open(self, profile: str, service: str | None = None) -> App:
        """Return the App of a profile, started."""
        address = service or self.service.address
        folder = self.folder / "profiles"
        app = App(Options(profile, address, folder, clock=self.service.clock))
        await app.start()
        self.apps.append(app)
        return app

    async def person(self, name: str, service: str | None = None) -> App:
        """Return the App of somebody who has just registered and confirmed the phrase."""
        app = await self.open(name, service)
        await register(app, name)
        return app

    async def close(self) -> None:
        for app in self.apps:
            with contextlib.suppress(Exception):
                await app.close()
        await self.service.stop()


async def register(app: App, name: str) -> tuple[str, ...]:
    """Register and confirm; return the phrase."""
    shown = await app.register(name, PASSWORD)
    state = await app.confirm_phrase({place: shown.phrase[place - 1] for place in shown.ask})
    assert state.stage == "ready"
    await until(lambda: app.state().connection == "online")
    return shown.phrase


async def befriend(one: App, other: App, greeting: str = "hello") -> str:
    """Let one ask and the other accept; return the conversation."""
    contact = await one.add_contact(username=other.state().username, greeting=greeting)
    request = (await until(other.requests))[0]
    await other.accept_request(request.id)
    await until(lambda: is_accepted(one, contact.account))
    return contact.conversation


async def is_accepted(app: App, account: str) -> bool:
    return any(
        contact.account == account and contact.state == "accepted"
        for contact in await app.contacts()
    )


async def texts(app: App, conversation: str) -> list[str]:
    """Return what a conversation shows, notices apart."""
    lines = await app.messages(conversation, limit=200)
    return [line.text for line in lines if line.kind == "text"]


async def detail(app: App, conversation: str) -> views.ConversationDetail | None:
    """Return a conversation, if it is there yet."""
    try:
        return await app.conversation(conversation)
    except UnknownThingError:
        return None


async def has_text(app: App, conversation: str, text: str) -> views.Message | None:
    """Return the line with this text, if it is there."""
    try:
        lines = await app.messages(conversation, limit=200)
    except UnknownThingError:
        return None
    return next((line for line in lines if line.text == text), None)


@pytest.fixture
def quick_stretching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretch passwords for next to nothing: what it costs is held by ``test_kdf``."""
    cheap = {"memory_kib": 64, "passes": 1, "lanes": 1}
    for name, value in cheap.items():
        monkeypatch.setattr(kdf, f"VAULT_{name.upper()}", value)
        monkeypatch.setitem(cast("dict[str, Any]", kdf.argon2id.__kwdefaults__), name, value)


@pytest.fixture
async def world(
    tmp_path: Path, prepared_today: Path, quick_stretching: None
) -> AsyncIterator[World]:
    """A service and nobody yet."""
    shutil.copytree(prepared_today, tmp_path / "service")
    service = ServiceOnPort(tmp_path / "service")
    await service.start()
    made = World(service, tmp_path)
    yield made
    await made.close()
