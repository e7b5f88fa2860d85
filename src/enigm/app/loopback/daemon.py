"""Runs the App of one profile: the loopback server, the browser, and a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import webbrowser
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import uvicorn

from enigm.app.app import App
from enigm.app.loopback.door import Door
from enigm.app.loopback.files import PackagedFiles
from enigm.app.loopback.guards import Guards
from enigm.app.loopback.server import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from enigm.app.options import Options

LOOPBACK = "127.0.0.1"
# The page sends nothing on its stream: anything longer than a pong is not ours.
_STREAM_BYTES_MAX = 4096
# An open stream is cut at once when the daemon stops; the page reconnects by itself.
_STOP_SECONDS_MAX = 2
_DOOR_FILE = "door.json"
_OWNER_ONLY = 0o600


class DoorNote(msgspec.Struct, frozen=True):
    """Where a running daemon listens and the token that opens it once."""

    process: int
    address: str

    def __repr__(self) -> str:
        """Show nothing: the address holds the token."""
        return "DoorNote()"


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A started loopback server; ``address()`` works once, then holds another token."""

    port: int
    door: Door

    def address(self) -> str:
        """Return the address with the token in its fragment, which no server ever sees."""
        return address_of(self.port, self.door.token)


def address_of(port: int, token: str) -> str:
    """Return the address to open in a browser."""
    return f"http://{LOOPBACK}:{port}/#token={token}"


@contextlib.asynccontextmanager
async def serving(
    app: App, options: Options, port: int = 0, on_address: Callable[[str], None] | None = None
) -> AsyncGenerator[RunningDaemon]:
    """Serve an App that was started on a loopback port until the block ends.

    Args:
        app: a started App; whoever started it closes it.
        options: where the randomness comes from.
        port: 0 takes any free port. A fixed one would let another program that had it before
            leave a service worker behind in the browser.
        on_address: told each new address, which holds an unused token.
    """
    listening = socket.create_server((LOOPBACK, port))
    bound_port: int = listening.getsockname()[1]

    def tell(token: str) -> None:
        if on_address is not None:
            on_address(address_of(bound_port, token))

    door = Door(options.entropy, tell)
    server = LoopbackServer(app, door, Guards(bound_port, door), PackagedFiles())
    uvicorn_server = _EmbeddedServer(_uvicorn_config(server))
    task = asyncio.create_task(uvicorn_server.serve(sockets=[listening]))
    try:
        yield RunningDaemon(bound_port, door)
    finally:
        uvicorn_server.should_exit = True
        await task
        listening.close()


async def run(options: Options, *, open_browser: bool = True, port: int = 0) -> None:
    """Serve the profile until cancelled: open the browser, or print the address.

    A second start of the same profile does not serve twice: it opens the running one.
    """
    note = options.folder.expanduser() / options.profile / _DOOR_FILE
    running = _running_address(note)
    if running is not None:
        _show(running, open_browser=open_browser)
        return
    app = App(options)
    await app.start()
    try:
        async with serving(
            app, options, port, on_address=lambda it: _write_note(note, it)
        ) as daemon:
            _show(daemon.address(), open_browser=open_browser)
            await asyncio.Event().wait()
    finally:
        note.unlink(missing_ok=True)
        await app.close()


class _EmbeddedServer(uvicorn.Server):
    """Uvicorn without its own signal handlers: whoever runs the loop decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self):  # noqa: ANN202 - uvicorn's own generator
        yield


def _uvicorn_config(server: LoopbackServer) -> uvicorn.Config:
    return uvicorn.Config(
        server,  # pyright: ignore[reportArgumentType] - a plain ASGI callable
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=_STREAM_BYTES_MAX,
        timeout_graceful_shutdown=_STOP_SECONDS_MAX,
    )


def _show(address: str, *, open_browser: bool) -> None:
    shown = open_browser and _has_screen() and webbrowser.open(address)
    text = "Enigm is open in your browser." if shown else f"Open Enigm (works once):\n  {address}"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _has_screen() -> bool:
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _write_note(path: Path, address: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(DoorNote(os.getpid(), address)))


def _running_address(path: Path) -> str | None:
    try:
        note = msgspec.json.decode(path.read_bytes(), type=DoorNote)
        os.kill(note.process, 0)
    except (OSError, msgspec.MsgspecError):
        return None
    port = int(note.address.rsplit(":", 1)[1].split("/", 1)[0])
    return note.address if _answers(port) else None


def _answers(port: int) -> bool:
    # A process number may be someone else's by now: only a listening port proves the daemon.
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
