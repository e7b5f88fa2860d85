"""Every conversation at work: a reading and a writing task for each, started and stopped here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from enigm.app.faults import keep_going

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.app.conversations.follower import Follower
    from enigm.app.conversations.sender import Sender
    from enigm.app.home import Home


class Working:
    """The tasks of all conversations that this device takes part in."""

    def __init__(self, home: Home, make_sender: Callable[[str], Sender]) -> None:
        """Work on an open profile; ``start`` says what reads."""
        self._home = home
        self._make_sender = make_sender
        self._follower: Follower | None = None
        self._senders: dict[str, Sender] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, follower: Follower) -> None:
        """Begin with every conversation of the vault."""
        self._follower = follower
        self.wake_all()

    def wake_all(self) -> None:
        """Start what is not running, and let all look for work."""
        for thread in self._home.threads.followed():
            self.wake(thread.id)

    def wake(self, thread_id: str) -> None:
        """Start a conversation if it is not running, and let it look for work."""
        if self._follower is None:
            return
        task = self._tasks.get(thread_id)
        if task is None or task.done():
            self._senders[thread_id] = self._make_sender(thread_id)
            self._tasks[thread_id] = asyncio.create_task(self._run(thread_id, self._follower))
        self._senders[thread_id].wake()

    async def stop(self) -> None:
        """End every task."""
        self._follower = None
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        self._senders.clear()

    async def _run(self, thread_id: str, follower: Follower) -> None:
        """Write and read side by side; reading begins once the channel exists."""
        sender = self._senders[thread_id]
        writing = asyncio.create_task(keep_going(sender.run))
        try:
            created = asyncio.create_task(sender.created.wait())
            await asyncio.wait({created, writing}, return_when=asyncio.FIRST_COMPLETED)
            created.cancel()
            await keep_going(lambda: follower.run(thread_id))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
