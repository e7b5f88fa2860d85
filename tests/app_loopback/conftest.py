"""One served App for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.loopback import Loopback, scripted_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    """A scripted App behind a port, and a session with it."""
    async with scripted_loopback() as served:
        yield served
