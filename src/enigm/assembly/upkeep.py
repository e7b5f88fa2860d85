"""What runs beside requests: handing facts over, forgetting what is past, erasing its bytes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from enigm.foundation.retention import erase_deleted_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from enigm.foundation.database import Database
    from enigm.foundation.log import EventLog
    from enigm.foundation.outbox import Courier
    from enigm.foundation.retention import RetentionJob

# A fact that could not be handed over at once waits about this long.
LOOK_SECONDS: Final = 2


class Job(Protocol):
    """Something else that is looked after."""

    def run_if_due(self) -> None:
        """Do what is due now; called every few seconds."""
        ...

    def finish(self) -> None:
        """Write what waits, because the service stops."""
        ...


class Upkeep:
    """Runs in a thread, every few seconds, from start to stop."""

    def __init__(self, couriers: list[Courier], retention: RetentionJob, log: EventLog) -> None:
        """Take what is to be run."""
        self.couriers = couriers
        self.jobs: list[Job] = []
        self._retention = retention
        self._log = log
        self._unscrubbed: set[Database] = set()
        self._lock = Lock()
        self._must_stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def deliver_facts(self) -> int:
        """Hand over every fact that is due; return how many went."""
        return sum(courier.deliver_due() for courier in self.couriers)

    def scrub(self, databases: Sequence[Database]) -> None:
        """Take deleted bytes out of the files now, or as soon as no reader stands in the way."""
        with self._lock:
            self._unscrubbed.update(databases)
        self._scrub_waiting()

    def run_once(self) -> None:
        """Do everything that is due."""
        self.deliver_facts()
        self._retention.run_if_due()
        for job in self.jobs:
            self._guarded(job.run_if_due)
        self._scrub_waiting()

    async def start(self) -> None:
        """Begin: facts left by an earlier process go first."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End, letting what runs finish: a thread cannot be cancelled, and uses the stores."""
        self._must_stop.set()
        if self._task is not None:
            await self._task
        for job in self.jobs:
            await asyncio.to_thread(self._guarded, job.finish)

    def _guarded(self, deed: Callable[[], None]) -> None:
        """Let no job that fails keep the others, or the end, from coming; the operator is told."""
        try:
            deed()
        except Exception as error:  # noqa: BLE001 - a job's edge: the next one must run
            self._log.failure("job.failed", error, kind="upkeep")

    async def _run(self) -> None:
        while not self._must_stop.is_set():
            try:
                await asyncio.to_thread(self.run_once)
            except Exception as error:  # noqa: BLE001 - the worker's edge: it must run again
                self._log.failure("job.failed", error, kind="upkeep")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._must_stop.wait(), LOOK_SECONDS)

    def _scrub_waiting(self) -> None:
        with self._lock:
            waiting = list(self._unscrubbed)
        for database in waiting:
            if erase_deleted_bytes(database):
                with self._lock:
                    self._unscrubbed.discard(database)
