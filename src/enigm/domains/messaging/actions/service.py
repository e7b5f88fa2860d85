"""The parts of delivery in one process, started and stopped together."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from enigm.domains.messaging.actions import places
from enigm.domains.messaging.actions.commit import GroupCommit
from enigm.domains.messaging.actions.listen import LOOK_SECONDS, Audiences
from enigm.domains.messaging.actions.read import Reader
from enigm.foundation.errors import Refusal
from enigm.foundation.limits import Budgets, Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from enigm.domains.messaging.model import PlaceName
    from enigm.domains.messaging.needs import Admission, Fanout
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy

# A busy group writes some messages a second; a backlog sent after a day offline comes at once.
CHANNEL_POSTS: Final = Limit("messaging.channel_posts", 3000, 60)
# One device catching up on many conversations asks a few times for each.
CONNECTION_REQUESTS: Final = Limit("messaging.connection_requests", 6000, 60)


class Delivery:
    """What every connection of this process shares."""

    def __init__(  # noqa: PLR0913 - what assembly hands in, each by its name
        self,
        *,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        admission: Admission,
        fanout: Fanout | None = None,
        limits: Mapping[str, int] | None = None,
        on_trouble: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        """Wire the parts.

        Args:
            database: where logs are kept.
            clock: says what has ended.
            entropy: keys what budgets remember.
            admission: recognises one-use tokens.
            fanout: tells other processes; none where this is the only one.
            limits: the operator's amounts by name.
            on_trouble: hears why storage failed, which clients are not told.
        """
        given = limits or {}
        self.clock = clock
        self.entropy = entropy
        self.admission = admission
        self.connection_requests = CONNECTION_REQUESTS.overridden(given)
        self.channel_posts = Budgets(CHANNEL_POSTS.overridden(given), clock, entropy)
        self.audiences = Audiences(fanout)
        self.commit = GroupCommit(database, clock, self.audiences.publish, on_trouble)
        self.reader = Reader(database, clock, on_trouble)
        self._fanout = fanout
        self._looking: asyncio.Task[None] | None = None
        self._must_look = asyncio.Event()

    async def start(self) -> None:
        """Begin to write, and to hear other processes."""
        self.commit.start()
        if self._fanout is not None:
            await self._fanout.start(self.audiences.hear, self._must_look.set)
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def close(self) -> None:
        """Write what waits, then stop."""
        await self.commit.close()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._fanout is not None:
            await self._fanout.close()
        self.reader.close()

    async def spend_token(self, token: bytes, purpose: str, use: bytes) -> None:
        """Check a one-use token and mark it as spent, durably.

        Args:
            token: 96 bytes from a client.
            purpose: what it is spent for, such as ``directory lookup``.
            use: names this one use; the same use may be repeated, another is refused.

        Raises:
            Refusal: malformed, not issued here, spent before, or storage is away.
        """
        admitted = places.verify_admission(self.admission, token, purpose.encode(), use)
        await self.commit.perform(lambda connection, _now: places.spend(connection, admitted))

    def note_use(self, name: PlaceName) -> None:
        """Remember, without waiting, that a place was read today."""
        self.commit.perform_later(lambda connection, now: places.touch_place(connection, name, now))

    async def _look(self) -> None:
        """Ask the store every few seconds for what a lost notice would have told."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._must_look.wait(), LOOK_SECONDS)
            self._must_look.clear()
            listened = self.audiences.places()
            if not listened:
                continue
            # Storage that is away now is asked again at the next look.
            with suppress(Refusal):
                found = await self.reader.last_seqs(listened)
                self.audiences.catch_up(listened, found)
