"""eSIMs' screens: an account with a PIN, a paid order, and a provider that Command speaks to."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from tests.support.command_scene import PIN, CommandScreen, Deed, Scene, standing
from tests.support.private_authority import PrivateAuthority
from tests.support.smdp import SmDp, provider_settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from playwright.async_api import Page

    from enigm.foundation.esim_settings import EsimSettings


@asynccontextmanager
async def with_provider(page: Page, folder: Path) -> AsyncGenerator[Scene]:
    """Serve Command of an operator who has set a provider up."""
    with _provider(folder) as settings:
        async with standing(page, folder, settings) as scene:
            yield scene


@contextmanager
def _provider(folder: Path) -> Generator[EsimSettings]:
    authority = PrivateAuthority(folder, "provider")
    smdp = SmDp(authority, authority.certify("smdp"), {"data": 2})
    try:
        yield provider_settings(smdp.url, authority.file, authority.certify("shop"))
    finally:
        smdp.close()


async def _paid(scene: Scene) -> None:
    """Buy an eSIM, pay it for good, and stand where it is set up."""
    await scene.enter()
    await scene.set_pin()
    await scene.buy("sim-5")
    scene.pay(depth=25)
    await scene.page.reload()
    await scene.page.get_by_role("link", name="Set up the eSIM").click()
    await scene.page.get_by_label("I have read this").check()


async def _ready(scene: Scene) -> None:
    await _paid(scene)
    await scene.page.get_by_role("button", name="Set it up").click()
    await scene.page.get_by_role("button", name="Make it ready").click()
    await scene.page.get_by_text("Ready to install").wait_for()


def _asked(summary: str) -> Deed:
    """Return the deed that opens what asks for the PIN."""

    async def ask(scene: Scene) -> None:
        await _ready(scene)
        await scene.page.locator("summary", has_text=summary).click()
        await scene.page.get_by_label("PIN").locator("visible=true").wait_for()

    return ask


def _done(summary: str, heading: str) -> Deed:
    """Return the deed that does something by the PIN."""

    async def do(scene: Scene) -> None:
        await _asked(summary)(scene)
        await scene.page.get_by_label("PIN").locator("visible=true").fill(PIN)
        await scene.page.get_by_role("button", name=summary).click()
        await scene.page.get_by_role("heading", name=heading).wait_for()

    return do


ESIM_SCREENS = (
    CommandScreen("command-esim-set-up", _paid, with_provider),
    CommandScreen("command-esim", _asked("Show the activation code"), with_provider),
    CommandScreen(
        "command-esim-code", _done("Show the activation code", "Activation code"), with_provider
    ),
    CommandScreen(
        "command-esim-unlinked",
        _done("Unlink from this account", "It belongs to no account now"),
        with_provider,
    ),
)
