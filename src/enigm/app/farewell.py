"""Saying goodbye before an account is erased: the others are asked to remove it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from enigm.foundation.errors import Refusal
from enigm.wire import delivery

if TYPE_CHECKING:
    from enigm.app.unlocked import Unlocked

# Longer must nobody wait for an end; who is not told finds the account gone.
FAREWELL_SECONDS_MAX = 5.0
_LOOK_SECONDS = 0.05


async def say_farewell(unlocked: Unlocked) -> None:
    """Leave every conversation and erase the inbox, as far as it can be done in time."""
    home, device = unlocked.home, unlocked.home.device
    for thread in home.threads.followed():
        if thread.state != "leaving":
            unlocked.talk.leave(thread.id)
    with contextlib.suppress(Refusal, TimeoutError):
        async with asyncio.timeout(FAREWELL_SECONDS_MAX):
            await _wait_until_sent(unlocked)
        await unlocked.engine.path.ask(
            lambda number: delivery.DeleteInbox(number, device.inbox, device.inbox_secret)
        )


async def _wait_until_sent(unlocked: Unlocked) -> None:
    # The queue lies in the vault, which signals nobody; this is the end of a profile.
    while unlocked.home.vault.value("SELECT count(*) FROM outgoing"):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)
