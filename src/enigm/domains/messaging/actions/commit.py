"""Group commit: what arrives while one commit is forced to disk shares the next one."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import msgspec
import sqlalchemy as sa

from enigm.domains.messaging.actions.append import Append, Outcomes, append_all
from enigm.domains.messaging.errors import StorageUnavailableError
from enigm.domains.messaging.model import PlaceName
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from typing import TypeVar

    from enigm.domains.messaging.model import Appended
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database

    Result = TypeVar("Result")

# One batch keeps the event loop busy for some milliseconds at most.
BATCH_WRITES_MAX: Final = 512
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
# What may wait for the disk, in all; beyond it connections are not read.
WAITING_BYTES_MAX: Final = 16 * 1024 * 1024

# A forced write takes a third of a millisecond on the disks we know. One that is as quick does
# not hold up the event loop more than other work does; a slower one is waited for in a thread.
QUICK_WRITE_SECONDS: Final = 0.003


class Deed(msgspec.Struct, frozen=True):
    """A rare write with its own work: returns a number for the answer, or raises a Refusal.

    ``closes`` names the place that is gone once it is done.
    """

    work: Callable[[sa.Connection, int], int]
    closes: PlaceName | None = None


class Write(msgspec.Struct, frozen=True):
    """One thing to write and whom to tell how it went: a sequence number, or a refusal."""

    write: Append | Deed
    tell: Callable[[int | Refusal], None]

    @property
    def size_bytes(self) -> int:
        """How much of the waiting room it takes."""
        return len(self.write.body) if isinstance(self.write, Append) else 0


class GroupCommit:
    """The one writer of a process: many writes, one transaction, one forced write, all answers."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        publish: Callable[[list[Appended]], None],
        on_trouble: Callable[[Exception], None],
    ) -> None:
        """Keep where to write, and whom to tell of new records and of trouble."""
        self._database = database
        self._clock = clock
        self._publish = publish
        self._on_trouble = on_trouble
        self._waiting: deque[Write] = deque()
        self._waiting_bytes = 0
        self._is_wanted = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="messaging-commit")
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._last_write_seconds = 0.0

    def start(self) -> None:
        """Begin to write; needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._is_closing = True
        self._is_wanted.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    def submit(self, write: Write) -> None:
        """Queue a write; the answer comes when it is on stable storage."""
        self._waiting.append(write)
        self._waiting_bytes += write.size_bytes
        if self._waiting_bytes > WAITING_BYTES_MAX:
            self._has_room.clear()
        self._is_wanted.set()

    async def perform(self, work: Callable[[sa.Connection, int], int]) -> int:
        """Do one deed and wait for it; raises its Refusal."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def tell(outcome: int | Refusal) -> None:
            if answer.done():
                return
            if isinstance(outcome, Refusal):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        self.submit(Write(Deed(work), tell))
        return await answer

    def perform_later(self, work: Callable[[sa.Connection, int], int]) -> None:
        """Do one deed whose outcome nobody waits for."""
        self.submit(Write(Deed(work), _ignore))

    async def room(self) -> None:
        """Wait until more may be read from connections."""
        await self._has_room.wait()

    async def _run(self) -> None:
        embedded = self._database.dialect == "sqlite"
        while not self._is_closing or self._waiting:
            await self._is_wanted.wait()
            if not self._waiting:
                continue
            if not embedded:
                await self._write_elsewhere()
            elif self._is_alone():
                self._write_at_once()
            else:
                await self._write_here()

    def _is_alone(self) -> bool:
        """Tell whether going to a thread and back would take longer than just writing."""
        return (
            len(self._waiting) == 1
            and self._last_write_seconds < QUICK_WRITE_SECONDS
            and self._database.is_writer_free
        )

    def _write_at_once(self) -> None:
        """Write a lone record without leaving the event loop, while the disk is quick."""
        writes = self._take()
        started = self._clock.monotonic_seconds()
        try:
            outcomes = self._write_whole(writes)
        except Exception as error:  # noqa: BLE001 - any failure to write is the same answer
            self._refuse(writes, error)
        else:
            self._tell(writes, outcomes)
        self._last_write_seconds = self._clock.monotonic_seconds() - started

    async def _write_here(self) -> None:
        """Write from the event loop, and wait in a thread.

        SQLite's driver lets the interpreter's lock go for each row, and a thread would have to win
        it back each time. So only waiting happens there: for the writer's turn, and for the forced
        write at the end, which is one call.
        """
        transaction = self._database.begin()
        writes: list[Write] = []
        try:
            connection = await self._in_thread(transaction.__enter__)
            writes = self._take()
            try:
                outcomes = _perform(connection, writes, self._clock.now_seconds())
            except BaseException:
                await self._in_thread(transaction.__exit__, *sys.exc_info())
                raise
            started = self._clock.monotonic_seconds()
            await self._in_thread(transaction.__exit__, None, None, None)
            self._last_write_seconds = self._clock.monotonic_seconds() - started
        except Exception as error:  # noqa: BLE001 - any failure to write is the same answer
            self._refuse(writes or self._take(), error)
        else:
            self._tell(writes, outcomes)

    async def _write_elsewhere(self) -> None:
        """Write from a thread: the driver waits for the server with the lock let go."""
        writes = self._take()
        try:
            outcomes = await self._in_thread(self._write_whole, writes)
        except Exception as error:  # noqa: BLE001 - any failure to write is the same answer
            self._refuse(writes, error)
        else:
            self._tell(writes, outcomes)

    def _write_whole(self, writes: list[Write]) -> Outcomes:
        with self._database.begin() as connection:
            return _perform(connection, writes, self._clock.now_seconds())

    def _tell(self, writes: list[Write], outcomes: Outcomes) -> None:
        for write, answer in zip(writes, outcomes.answers, strict=True):
            write.tell(answer)
        self._publish(outcomes.appended)

    def _refuse(self, writes: list[Write], error: Exception) -> None:
        self._on_trouble(error)
        refusal = StorageUnavailableError()
        for write in writes:
            write.tell(refusal)

    def _take(self) -> list[Write]:
        writes: list[Write] = []
        batch_bytes = 0
        while self._waiting and len(writes) < BATCH_WRITES_MAX and batch_bytes < BATCH_BYTES_MAX:
            write = self._waiting.popleft()
            batch_bytes += write.size_bytes
            writes.append(write)
        self._waiting_bytes -= batch_bytes
        if self._waiting_bytes <= WAITING_BYTES_MAX:
            self._has_room.set()
        if not self._waiting:
            self._is_wanted.clear()
        return writes

    async def _in_thread(self, work: Callable[..., Result], *arguments: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def _perform(connection: sa.Connection, writes: list[Write], now_seconds: int) -> Outcomes:
    """Do the deeds first, then all appends at once."""
    answers: list[int | Refusal] = [0] * len(writes)
    appends: list[Append] = []
    positions: list[int] = []
    for position, write in enumerate(writes):
        if isinstance(write.write, Append):
            appends.append(write.write)
            positions.append(position)
        else:
            answers[position] = _do(write.write, connection, now_seconds)
    if not appends:
        return Outcomes(answers, [])
    outcomes = append_all(connection, appends, now_seconds)
    for position, answer in zip(positions, outcomes.answers, strict=True):
        answers[position] = answer
    return Outcomes(answers, outcomes.appended)


def _do(deed: Deed, connection: sa.Connection, now_seconds: int) -> int | Refusal:
    try:
        return deed.work(connection, now_seconds)
    except Refusal as refusal:
        return refusal


def _ignore(_outcome: int | Refusal) -> None:
    """Nobody waits."""
