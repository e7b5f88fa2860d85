"""What has reached its end is gone, from the rows and from the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from enigm.foundation.database import Database
from enigm.foundation.errors import SetupError
from enigm.foundation.retention import (
    BATCH_ROWS,
    INTERVAL_SECONDS,
    RetentionJob,
    erase_deleted_bytes,
)
from tests.foundation.pantry import JAR_SECONDS, jars, lids, metadata, receipts
from tests.support.clock import FakeClock
from tests.support.databases import OpenDatabase

TEN_DAYS = 10 * 86_400


@pytest.fixture
def pantry(open_database: OpenDatabase) -> Database:
    return open_database("pantry", metadata)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def _put(database: Database, table: sa.Table, *rows: Mapping[str, object]) -> None:
    with database.begin() as connection:
        connection.execute(sa.insert(table), rows)


def _count(database: Database, table: sa.Table) -> int:
    with database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


@pytest.mark.requirement("PRV-02")
def test_a_row_is_there_until_its_end_and_gone_at_it(pantry: Database, clock: FakeClock) -> None:
    _put(pantry, jars, {"eat_by": clock.now_seconds() + 10})
    job = RetentionJob([(pantry, metadata)], clock)
    clock.advance(9)
    assert job.run()[0].rows_deleted == 0
    assert _count(pantry, jars) == 1
    clock.advance(1)
    assert job.run()[0].rows_deleted == 1
    assert _count(pantry, jars) == 0


@pytest.mark.requirement("PRV-02")
def test_a_row_without_an_end_yet_stays(pantry: Database, clock: FakeClock) -> None:
    _put(pantry, jars, {"eat_by": None})
    clock.advance(100 * TEN_DAYS)
    RetentionJob([(pantry, metadata)], clock).run()
    assert _count(pantry, jars) == 1


@pytest.mark.requirement("PRV-02")
def test_a_row_with_a_key_of_two_columns_ends_too(pantry: Database, clock: FakeClock) -> None:
    now = clock.now_seconds()
    _put(pantry, receipts, {"shop": "a", "bought_at": now}, {"shop": "a", "bought_at": now + 1})
    clock.advance(TEN_DAYS)
    RetentionJob([(pantry, metadata)], clock).run()
    assert _count(pantry, receipts) == 1


@pytest.mark.requirement("PRV-02")
def test_a_column_that_ends_before_its_row_is_cleared(pantry: Database, clock: FakeClock) -> None:
    now = clock.now_seconds()
    far = now + 100 * TEN_DAYS
    _put(pantry, jars, {"eat_by": far, "opened_at": now, "taste": b"plum"})
    _put(pantry, jars, {"eat_by": far, "opened_at": None, "taste": b"fig"})
    clock.advance(JAR_SECONDS)
    forgotten = RetentionJob([(pantry, metadata)], clock).run()[0]
    assert (forgotten.rows_deleted, forgotten.values_cleared) == (0, 1)
    with pantry.read() as connection:
        tastes = connection.execute(sa.select(jars.c.taste).order_by(jars.c.number)).scalars()
        assert tastes.all() == [None, b"fig"]


@pytest.mark.requirement("PRV-02")
def test_more_rows_than_one_batch_go_in_one_run(pantry: Database, clock: FakeClock) -> None:
    rows = [{"eat_by": clock.now_seconds()} for _ in range(2 * BATCH_ROWS + 1)]
    _put(pantry, jars, *rows)
    assert RetentionJob([(pantry, metadata)], clock).run()[0].rows_deleted == len(rows)


def test_what_belongs_to_an_ended_row_goes_with_it(pantry: Database, clock: FakeClock) -> None:
    _put(pantry, jars, {"number": 7, "eat_by": clock.now_seconds()})
    _put(pantry, lids, {"number": 7})
    RetentionJob([(pantry, metadata)], clock).run()
    assert _count(pantry, lids) == 0


def test_the_job_runs_when_its_interval_has_passed(pantry: Database, clock: FakeClock) -> None:
    job = RetentionJob([(pantry, metadata)], clock)
    assert job.run_if_due()
    assert not job.run_if_due()
    clock.advance(INTERVAL_SECONDS)
    assert job.run_if_due()


@pytest.mark.requirement("PRV-08")
def test_an_operator_may_shorten_a_retention(pantry: Database, clock: FakeClock) -> None:
    _put(pantry, receipts, {"shop": "a", "bought_at": clock.now_seconds()})
    clock.advance(TEN_DAYS / 5)
    RetentionJob([(pantry, metadata)], clock, {"pantry.receipts": 2}).run()
    assert _count(pantry, receipts) == 0


@pytest.mark.requirement("PRV-08")
@pytest.mark.parametrize(
    "days", [{"pantry.receipts": 11}, {"pantry.jars": 1}, {"pantry.spoons": 1}]
)
def test_an_operator_cannot_lengthen_or_invent_a_retention(
    pantry: Database, clock: FakeClock, days: dict[str, int]
) -> None:
    with pytest.raises(SetupError, match="retention_days"):
        RetentionJob([(pantry, metadata)], clock, days)


def _bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("pantry.db*")))


@pytest.mark.requirement("PRV-02")
def test_a_reader_that_holds_the_log_makes_the_job_try_again(
    open_sqlcipher_database: OpenDatabase, clock: FakeClock, tmp_path: Path
) -> None:
    database = open_sqlcipher_database("pantry", metadata)
    _put(database, jars, {"eat_by": clock.now_seconds()})
    job = RetentionJob([(database, metadata)], clock)
    with database.read() as connection:
        connection.execute(sa.select(jars)).all()
        with database.autocommit() as writer:
            writer.exec_driver_sql("PRAGMA busy_timeout = 50")
        assert not job.run()[0].bytes_erased
    assert job.run()[0].bytes_erased
    assert (tmp_path / "pantry.db-wal").stat().st_size == 0


def test_erasing_gives_the_space_back(
    open_sqlcipher_database: OpenDatabase, tmp_path: Path
) -> None:
    database = open_sqlcipher_database("pantry", metadata)
    _put(database, jars, *({"taste": b"x" * 5000} for _ in range(200)))
    erase_deleted_bytes(database)
    full = len(_bytes_on_disk(tmp_path))
    with database.begin() as connection:
        connection.execute(sa.delete(jars))
    assert erase_deleted_bytes(database)
    assert len(_bytes_on_disk(tmp_path)) < full / 10
