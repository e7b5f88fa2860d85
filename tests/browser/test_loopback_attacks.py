"""Other pages in the person's own browser attack the App: all fail, and without guards all work."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from enigm.app.loopback import daemon as loopback_daemon
from enigm.app.loopback.daemon import RunningDaemon, serving
from enigm.app.loopback.door import Door
from enigm.app.options import Options
from tests.support.browser import OTHER_SITE, new_page
from tests.support.scripted_app import ScriptedApp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from playwright.async_api import Browser, Page

    from enigm.app.loopback.asgi import Incoming

pytestmark = pytest.mark.browser

CHAT = "chat-elif"
SECRET = "the meeting is at six"


class NoGuards:
    """The control: a daemon that lets everybody in."""

    def __init__(self, _port: int, _door: Door) -> None:
        pass

    def check(self, _asked: Incoming) -> None:
        return None


class UnburnedDoor(Door):
    """The control: a token that works for ever."""

    def exchange(self, token: str) -> str | None:
        kept = self.token
        session = super().exchange(token)
        self._token = kept
        return session


@pytest.fixture(params=[True, False], ids=["guarded", "unguarded control"])
def guarded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run each attack twice: against the daemon, and against one whose guards are taken out."""
    if not request.param:
        monkeypatch.setattr(loopback_daemon, "Guards", NoGuards)
        monkeypatch.setattr(loopback_daemon, "Door", UnburnedDoor)
    return bool(request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def victim(guarded: bool) -> AsyncIterator[tuple[ScriptedApp, RunningDaemon]]:
    """An unlocked App."""
    del guarded
    app = ScriptedApp()
    async with serving(app, Options()) as daemon:
        yield app, daemon


@pytest_asyncio.fixture(loop_scope="session")
async def evil(victim: tuple[ScriptedApp, RunningDaemon], browser: Browser) -> AsyncIterator[Page]:
    """A page of another site, open in the same browser as the App."""
    del victim
    async with _site() as port, new_page(browser) as page:
        await page.goto(f"http://{OTHER_SITE}:{port}/")
        yield page


async def test_a_cross_site_websocket_reads_nothing(
    victim: tuple[ScriptedApp, RunningDaemon],
    evil: Page,
    guarded: bool,
) -> None:
    app, daemon = victim
    await evil.evaluate(
        """url => {
            window.heard = "";
            window.state = new Promise(done => {
                const stream = new WebSocket(url, ["enigm.events"]);
                stream.onopen = () => done("open");
                stream.onerror = () => done("refused");
                stream.onmessage = event => { window.heard += event.data; };
            });
        }""",
        f"ws://127.0.0.1:{daemon.port}/api/events",
    )
    assert await evil.evaluate("() => window.state") == ("refused" if guarded else "open")
    app.receive(CHAT, "elif", SECRET)
    if guarded:
        assert app.subscribers() == 0
        assert await evil.evaluate("() => window.heard") == ""
    else:
        await evil.wait_for_function("secret => window.heard.includes(secret)", arg=SECRET)


async def test_a_rebound_name_reads_and_writes_nothing(
    victim: tuple[ScriptedApp, RunningDaemon],
    evil: Page,
    guarded: bool,
) -> None:
    app, daemon = victim
    before = len(await app.messages(CHAT))
    # The name now points at the App's own port: for the browser this is the same origin.
    await evil.goto(f"http://{OTHER_SITE}:{daemon.port}/")
    read = await evil.evaluate(
        "path => fetch(path).then(answer => answer.text())", "/api/conversations"
    )
    await evil.evaluate(
        """path => fetch(path, {method: "POST", body: JSON.stringify({text: "forged"}),
            headers: {"Content-Type": "application/json"}}).then(answer => answer.status)""",
        f"/api/conversations/{CHAT}/messages",
    )
    written = len(await app.messages(CHAT)) - before
    assert ("mira.aalto" in read, written) == ((False, 0) if guarded else (True, 1))


async def test_a_plain_text_post_writes_nothing(
    victim: tuple[ScriptedApp, RunningDaemon],
    evil: Page,
    guarded: bool,
) -> None:
    app, daemon = victim
    before = len(await app.messages(CHAT))
    url = f"http://127.0.0.1:{daemon.port}/api/conversations/{CHAT}/messages"
    await evil.evaluate(
        """url => fetch(url, {method: "POST", mode: "no-cors", body: '{"text": "forged"}',
            headers: {"Content-Type": "text/plain"}}).catch(() => null)""",
        url,
    )
    # A form needs no script at all: its name and value make the JSON.
    await evil.evaluate(
        """url => {
            const form = document.createElement("form");
            Object.assign(form, {method: "POST", action: url, enctype: "text/plain"});
            const input = document.createElement("input");
            input.name = '{"text": "forged';
            input.value = '"}';
            form.append(input);
            document.body.append(form);
            form.submit();
        }""",
        url,
    )
    await evil.wait_for_url(url)
    assert len(await app.messages(CHAT)) - before == (0 if guarded else 2)


async def test_a_token_seen_by_another_opens_nothing_after_its_use(
    victim: tuple[ScriptedApp, RunningDaemon],
    browser: Browser,
    guarded: bool,
) -> None:
    _app, daemon = victim
    address = daemon.address()
    async with new_page(browser) as own, new_page(browser) as thief:
        await own.goto(address)
        await own.get_by_role("heading", name="Chats").wait_for()
        assert "token" not in own.url
        assert not await own.evaluate("() => JSON.stringify(history.state) !== 'null'")
        await thief.goto(address)
        seen = "This tab was not let in" if guarded else "Chats"
        await thief.get_by_role("heading", name=seen).wait_for()


@asynccontextmanager
async def _site() -> AsyncGenerator[int]:
    """Serve one empty page, as any web site would."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<!doctype html><title>evil</title><body>"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
