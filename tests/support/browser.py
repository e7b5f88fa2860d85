"""Debian's Chromium under Playwright, watched: every console error and foreign request is kept."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

import pytest
from playwright.async_api import async_playwright

from tests.support import scripted_scene as scene
from tests.support.vectors import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from types import TracebackType

    from playwright.async_api import Browser, ConsoleMessage, Page, Request, ViewportSize

Scheme = Literal["light", "dark"]
Width = Literal["desktop", "phone"]

VIEWPORTS: dict[Width, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}
# Colours and widths have changed when two frames were drawn, and what moved in them stands still.
PAINTED = """async () => {
    const drawn = () => new Promise(done =>
        requestAnimationFrame(() => requestAnimationFrame(done)));
    await drawn();
    await Promise.allSettled(document.getAnimations().map(it => it.finished));
    await drawn();
}"""
# Each width and each palette once: the other two pairs have the same markup and colours.
LOOKS: tuple[tuple[Width, Scheme], ...] = (("desktop", "light"), ("phone", "dark"))
# A name that no resolver knows: for the browser it is another site on this machine.
OTHER_SITE = "evil.test"
_FLAGS = (
    f"--host-resolver-rules=MAP {OTHER_SITE} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# Long enough for two cores with ten times the work, short enough that a hang is seen.
WAIT_MILLISECONDS_MAX = 60_000


@dataclass
class Watch:
    """What a page did that it should not have done."""

    console_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def assert_clean(self) -> None:
        """Fail with everything that was seen."""
        assert self.console_errors == []
        assert self.foreign_requests == []


def watch(page: Page, host: str) -> Watch:
    """Begin to watch a page; CSP and Trusted Types violations arrive as console errors."""
    seen = Watch()

    def on_console(message: ConsoleMessage) -> None:
        # The browser reports a refused request by itself; what the page makes of it is its own.
        if message.type in {"error", "warning"} and "/api/" not in message.location["url"]:
            seen.console_errors.append(message.text)

    def on_request(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme != "data" and url.netloc != host:
            seen.foreign_requests.append(request.url)

    page.on("console", on_console)
    page.on("pageerror", lambda error: seen.console_errors.append(str(error)))
    page.on("request", on_request)
    return seen


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """Run a browser; skip the test, saying why, where there is none."""
    path = os.environ.get("ENIGM_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


class Browsers:
    """One browser for many tests, bound to the loop it was first asked for in.

    It takes more than a second to start: each test has a profile of its own instead. One that died
    fails the test it died in, and no other.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._running: Browser | None = None
        self._started = AsyncExitStack()

    async def one(self) -> Browser:
        """Return a browser that runs."""
        if self._running is None or not self._running.is_connected():
            await self._started.aclose()
            self._running = await self._started.enter_async_context(chromium())
        return self._running

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._started.aclose()


@asynccontextmanager
async def new_page(
    browser: Browser, width: Width = "desktop", scheme: Scheme = "light", *, still: bool = False
) -> AsyncGenerator[Page]:
    """Open a page in a fresh profile; ``still`` stops the clock at the scene's minute."""
    context = await browser.new_context(
        viewport=VIEWPORTS[width],
        color_scheme=scheme,
        has_touch=width == "phone",
        is_mobile=width == "phone",
        reduced_motion="reduce" if still else "no-preference",
        device_scale_factor=1.5 if width == "phone" else 1,
        locale="en-GB",
        timezone_id="UTC",
    )
    try:
        page = await context.new_page()
        page.set_default_timeout(WAIT_MILLISECONDS_MAX)
        if still:
            moment = dt.datetime.fromtimestamp(scene.NOW_SECONDS, dt.UTC)
            await page.clock.set_fixed_time(moment)
        yield page
    finally:
        await context.close()


async def axe_violations(page: Page) -> Sequence[str]:
    """Run axe-core in the page and name each violation with where it is.

    The script enters through the DevTools protocol, because the page's CSP lets nothing else in.
    """
    if not _AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci")
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_AXE.read_text(encoding="utf-8") + ";undefined")
    found = await page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
