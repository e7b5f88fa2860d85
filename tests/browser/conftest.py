"""One browser for all stories of a worker; each has a fresh profile and sees nothing of others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.support.browser import Browsers, new_page
from tests.support.command_scene import prepare
from tests.support.own_machine import OwnMachine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from playwright.async_api import Browser, Page

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Let the stories share one event loop: the browser that they share is bound to it."""
    for item in items:
        if item.path.parent == _HERE:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers() -> AsyncIterator[Browsers]:
    """Debian's Chromium, started when it is first asked for and again where it died."""
    async with Browsers() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def browser(browsers: Browsers) -> Browser:
    """The worker's browser."""
    return await browsers.one()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of desktop width in a fresh profile."""
    async with new_page(browser) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def machine(tmp_path: Path) -> AsyncIterator[OwnMachine]:
    """A machine with a running service and nobody yet."""
    made = OwnMachine(tmp_path)
    try:
        await made.start_service()
        yield made
    finally:
        await made.stop_everything()


@pytest.fixture(scope="session")
def prepared_command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Command's folder as its first start leaves it: making a dozen stores takes half a second."""
    folder = tmp_path_factory.mktemp("prepared-command")
    prepare(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, prepared_command: Path) -> Path:
    """Where this test's Command keeps what it knows."""
    shutil.copytree(prepared_command, tmp_path, dirs_exist_ok=True)
    return tmp_path
