"""Command and a service on the same stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import RunningCommand, running_command

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.command import Visit
    from tests.support.service import Running


@pytest.fixture
async def command(running: Running) -> AsyncGenerator[RunningCommand]:
    """Command over the running service's stores, on its clock."""
    assert running.service.account_path is not None
    async with running_command(running.settings, running.clock) as started:
        yield started


@pytest.fixture
def visit(command: RunningCommand) -> Visit:
    """A fresh browser's worth of cookies."""
    return command.visit()
