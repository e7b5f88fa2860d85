"""Reads logs from the store: proves the right to an epoch, then hands out its records."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy.exc import DBAPIError

from enigm.domains.messaging import store
from enigm.domains.messaging.errors import PlaceUnknownError, StorageUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    import sqlalchemy as sa

    from enigm.domains.messaging.model import Epoch, PlaceName, PlaceNumber
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database

    Result = TypeVar("Result")

# PostgreSQL answers while others are asked; the pool of a domain holds twice as many.
THREADS_MAX: Final = 4


class Chunk(NamedTuple):
    """Some records of an epoch, and the epoch as it stood after they were read."""

    epoch: Epoch
    records: list[tuple[int, bytes]]


class Reader:
    """Reads on the event loop where the store is a file, in threads where it is a server."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        on_trouble: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        """Keep where to read, and whom to tell of trouble."""
        self._database = database
        self._clock = clock
        self._on_trouble = on_trouble
        is_embedded = database.dialect == "sqlite"
        self._threads = None if is_embedded else ThreadPoolExecutor(THREADS_MAX)

    async def find_epoch(self, name: PlaceName, epoch: int, presented_hash: bytes) -> Epoch:
        """Return an epoch to whoever knows its secret; raises PlaceUnknownError for all others."""
        if epoch > store.SEQ_MAX:
            raise PlaceUnknownError
        found = await self._ask(lambda connection: store.find_epoch(connection, name, epoch))
        if found is None or not compare_digest(found.token_hash, presented_hash):
            raise PlaceUnknownError
        return found

    async def read(
        self, name: PlaceName, epoch: Epoch, after_seq: int, limit_bytes: int
    ) -> Chunk | None:
        """Return what follows a record in its epoch; None where the place or epoch is gone."""
        now = self._clock.now_seconds()

        def read_chunk(connection: sa.Connection) -> Chunk | None:
            records = store.read_records(connection, epoch, after_seq, limit_bytes, now)
            # Asked after the records: an epoch that ended before they were read is known to have.
            current = store.find_epoch(connection, name, epoch.number)
            if current is None or current.place != epoch.place:
                return None
            end = store.SEQ_MAX if current.last_seq is None else current.last_seq
            return Chunk(current, [record for record in records if record[0] <= end])

        return await self._ask(read_chunk)

    async def last_seqs(self, numbers: Iterable[PlaceNumber]) -> dict[PlaceNumber, int]:
        """Return how far these logs have come; those that are gone are left out."""
        wanted = list(numbers)
        return await self._ask(lambda connection: store.last_seqs(connection, wanted))

    async def _ask(self, work: Callable[[sa.Connection], Result]) -> Result:
        try:
            if self._threads is None:
                return self._read(work)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._read, work)
        except DBAPIError as error:
            self._on_trouble(error)
            raise StorageUnavailableError from error

    def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        with self._database.read() as connection:
            return work(connection)

    def close(self) -> None:
        """Let the threads go."""
        if self._threads is not None:
            self._threads.shutdown()
