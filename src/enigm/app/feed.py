"""The feed of events: every open page and every waiting script hears of each change, in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from enigm.app.views import Event


class Feed:
    """Hands events to whoever subscribed."""

    def __init__(self) -> None:
        """Begin without subscribers."""
        self._callbacks: list[Callable[[Event], None]] = []

    def publish(self, event: Event) -> None:
        """Call every subscriber."""
        for callback in list(self._callbacks):
            callback(event)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with every event from now on; return what ends it."""
        self._callbacks.append(callback)

        def end() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return end

    def events(self) -> AsyncIterator[Event]:
        """Yield every event from this call on."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        end = self.subscribe(queue.put_nowait)
        return _drain(queue, end)


async def _drain(queue: asyncio.Queue[Event], end: Callable[[], None]) -> AsyncIterator[Event]:
    try:
        while True:
            yield await queue.get()
    finally:
        end()
