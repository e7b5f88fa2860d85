"""Forgets what has reached its declared end, and the bytes it stood in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from enigm.foundation.errors import SetupError
from enigm.foundation.inventory import (
    SECONDS_PER_DAY,
    End,
    Retention,
    declaration_of,
    row_retention,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database

# Rows per transaction: a writer waits a few milliseconds at most behind one batch.
BATCH_ROWS: Final = 1000

# How late a value may be forgotten. The shortest declared life is a minute.
INTERVAL_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What one run did in one domain."""

    domain: str
    rows_deleted: int
    values_cleared: int
    # False where a reader held the log open: the next run tries again.
    bytes_erased: bool


class RetentionJob:
    """Enforces the inventory on every store it is given."""

    def __init__(
        self,
        stores: Sequence[tuple[Database, sa.MetaData]],
        clock: Clock,
        days_shortened: Mapping[str, int] | None = None,
    ) -> None:
        """Plan what to forget.

        Args:
            stores: each domain's store and its tables.
            clock: says what is past.
            days_shortened: days per ``domain.table``, from the operator's settings.

        Raises:
            SetupError: a setting names no such table or would lengthen what is declared.
            UndeclaredError: a column is not declared.
        """
        self._clock = clock
        self._databases = [database for database, _metadata in stores]
        shortened = dict(days_shortened or {})
        self._steps = {
            database.domain: tuple(_plan(metadata, database.domain, shortened))
            for database, metadata in stores
        }
        if shortened:
            msg = f"retention_days names tables that do not exist: {', '.join(sorted(shortened))}."
            raise SetupError(msg)
        self._unerased: set[str] = set()
        self._due_at: float = 0

    def run_if_due(self) -> tuple[Forgotten, ...]:
        """Run where the last run is ``INTERVAL_SECONDS`` ago; call it as often as you like."""
        if self._clock.monotonic_seconds() < self._due_at:
            return ()
        self._due_at = self._clock.monotonic_seconds() + INTERVAL_SECONDS
        return self.run()

    def run(self) -> tuple[Forgotten, ...]:
        """Forget everything whose end is not after now."""
        return tuple(self._run_one(database) for database in self._databases)

    def _run_one(self, database: Database) -> Forgotten:
        now = self._clock.now_seconds()
        deleted = cleared = 0
        for step in self._steps[database.domain]:
            count = _run_step(database, step, now)
            if step.clears is None:
                deleted += count
            else:
                cleared += count
        erased = True
        if deleted or cleared or database.domain in self._unerased:
            erased = erase_deleted_bytes(database)
            self._unerased.discard(database.domain)
            if not erased:
                self._unerased.add(database.domain)
        return Forgotten(database.domain, deleted, cleared, erased)


def erase_deleted_bytes(database: Database) -> bool:
    """Take what was deleted out of the files as well; call it after deleting what must be gone.

    SQLite's DELETE leaves the bytes in the log until it is truncated (``secure_delete`` zeroes
    the pages). PostgreSQL frees the space and overwrites it later: what must be unreadable at
    once there is stored under a key that is destroyed.

    Returns:
        False where a reader kept the log from being truncated: try again.
    """
    with database.autocommit() as connection:
        if database.dialect == "postgresql":
            # A large table takes longer than a request may.
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM (SKIP_LOCKED)")
            connection.exec_driver_sql("RESET statement_timeout")
            return True
        # A script, because the pragma frees one page per step and a plain execute steps once.
        driver: Any = connection.connection.driver_connection
        driver.executescript("PRAGMA incremental_vacuum")
        is_busy, *_pages = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not is_busy


@dataclass(frozen=True, slots=True)
class _Step:
    """Deletes rows, or clears one column, where the end is past."""

    table: sa.Table
    # The row's time, and how long after it the end is.
    time: sa.Column[int]
    seconds: int
    clears: sa.Column[Any] | None


def _plan(metadata: sa.MetaData, domain: str, shortened: dict[str, int]) -> Iterator[_Step]:
    # Children before parents, so that no foreign key stands in the way.
    for table in reversed(metadata.sorted_tables):
        whole = _shorten(row_retention(table), f"{domain}.{table.name}", shortened)
        for column in table.columns:
            own = declaration_of(column).retention
            if own != row_retention(table) and own.column:
                yield _Step(table, table.c[own.column], own.seconds, clears=column)
        if whole.column:
            yield _Step(table, table.c[whole.column], whole.seconds, clears=None)


def _shorten(declared: Retention, place: str, shortened: dict[str, int]) -> Retention:
    days = shortened.pop(place, None)
    if days is None:
        return declared
    seconds = days * SECONDS_PER_DAY
    if declared.end is not End.SECONDS_AFTER_COLUMN or seconds > declared.seconds:
        msg = f"retention_days cannot change {place}, which is kept {declared}: only shorten."
        raise SetupError(msg)
    return Retention(declared.end, column=declared.column, seconds=seconds)


def _run_step(database: Database, step: _Step, now: int) -> int:
    # The column stands alone on its side, so that an index on it serves.
    past = step.time <= now - step.seconds
    if step.clears is not None:
        past = sa.and_(past, step.clears.is_not(None))
    key = sa.tuple_(*step.table.primary_key)
    batch = (
        sa.select(*step.table.primary_key)
        .where(past)
        .limit(BATCH_ROWS)
        # Several processes forget at once: none waits for rows that another is deleting.
        .with_for_update(skip_locked=True)
    )
    statement: sa.Delete | sa.Update = (
        sa.delete(step.table)
        if step.clears is None
        else sa.update(step.table).values({step.clears: None})
    )
    total = 0
    while True:
        with database.begin() as connection:
            count = connection.execute(statement.where(key.in_(batch))).rowcount
        total += count
        if count < BATCH_ROWS:
            return total
