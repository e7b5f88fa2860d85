"""One browser for each test: no story sees what another left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.browser import chromium, new_page
from tests.support.own_machine import OwnMachine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with chromium() as started:
        yield started


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of desktop width in a fresh profile."""
    async with new_page(browser) as opened:
        yield opened


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[OwnMachine]:
    """A machine with a running service and nobody yet."""
    made = OwnMachine(tmp_path)
    try:
        await made.start_service()
        yield made
    finally:
        await made.stop_everything()
