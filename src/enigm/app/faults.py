"""Work that must go on: a fault in one task is reported, and the task begins again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# A fault that comes back at once must not keep a processor busy.
RESTART_SECONDS = 2.0


async def keep_going(work: Callable[[], Awaitable[None]]) -> None:
    """Run the work to its end, beginning again after a fault of ours.

    What is half done stands in the vault, so beginning again is always safe.
    """
    while True:
        try:
            await work()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the others must go on
            report(fault)
            await asyncio.sleep(RESTART_SECONDS)
        else:
            return


async def wait_awhile(event: asyncio.Event, seconds_max: float) -> bool:
    """Wait for an event; tell whether it came in time.

    Not ``asyncio.wait_for``: before Python 3.12 it can lose a cancellation that arrives together
    with the event, and then the task never ends.
    """
    try:
        async with asyncio.timeout(seconds_max):
            await event.wait()
    except TimeoutError:
        return False
    return True


def report(fault: BaseException) -> None:
    """Tell the loop's handler, which logs it where the App runs."""
    asyncio.get_running_loop().call_exception_handler(
        {"message": "a task of the App failed and begins again", "exception": fault}
    )
