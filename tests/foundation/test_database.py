"""A domain's store: the same promises on SQLCipher and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from enigm.foundation.database import (
    ROW_NUMBER,
    add_to_counter,
    insert_if_absent,
    insert_or_replace,
    store_metadata,
)

if TYPE_CHECKING:
    from enigm.foundation.database import Database
    from tests.support.databases import OpenDatabase

metadata = store_metadata("pantry")
jars = sa.Table(
    "jars",
    metadata,
    sa.Column("number", ROW_NUMBER, primary_key=True),
    sa.Column("label", sa.String(40), nullable=False, unique=True),
    sa.Column("content", sa.LargeBinary),
    sa.Column("count", sa.BigInteger, nullable=False, server_default="0"),
)


@pytest.fixture
def pantry(open_database: OpenDatabase) -> Database:
    return open_database("pantry", metadata)


def _labels(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(sa.select(jars.c.label).order_by(jars.c.number)).scalars())


def test_what_is_written_in_a_transaction_is_read_in_the_next(pantry: Database) -> None:
    with pantry.begin() as connection:
        connection.execute(sa.insert(jars).values(label="plum", content=b"\x00\xff"))
    with pantry.read() as connection:
        row = connection.execute(sa.select(jars)).one()
    assert (row.number, row.label, row.content) == (1, "plum", b"\x00\xff")


def test_an_exception_in_the_block_leaves_nothing_behind(pantry: Database) -> None:
    def spill() -> None:
        with pantry.begin() as connection:
            connection.execute(sa.insert(jars).values(label="plum"))
            raise LookupError

    with pytest.raises(LookupError):
        spill()
    assert _labels(pantry) == []


def test_a_reading_transaction_cannot_write(pantry: Database) -> None:
    with pantry.read() as connection, pytest.raises(exc.DBAPIError):
        connection.execute(sa.insert(jars).values(label="plum"))
    assert _labels(pantry) == []


def test_a_writer_still_writes_after_a_reader_used_the_store(pantry: Database) -> None:
    assert _labels(pantry) == []
    with pantry.begin() as connection:
        connection.execute(sa.insert(jars).values(label="plum"))
    assert _labels(pantry) == ["plum"]


def test_inserting_a_taken_key_says_no_and_keeps_the_transaction(pantry: Database) -> None:
    with pantry.begin() as connection:
        assert insert_if_absent(connection, jars, {"label": "plum"})
        assert not insert_if_absent(connection, jars, {"label": "plum"})
        assert insert_if_absent(connection, jars, {"label": "fig"})
    assert _labels(pantry) == ["plum", "fig"]


def test_replacing_sets_the_other_columns_of_the_row_with_the_key(pantry: Database) -> None:
    with pantry.begin() as connection:
        for content in (b"old", b"new"):
            row = {"label": "plum", "content": content, "count": 0}
            insert_or_replace(connection, jars, row, key=["label"])
    with pantry.read() as connection:
        assert connection.execute(sa.select(jars.c.content)).scalars().all() == [b"new"]


def test_counters_of_parallel_writers_lose_nothing(pantry: Database) -> None:
    def count_once(_turn: int) -> int:
        with pantry.begin() as connection:
            return add_to_counter(connection, jars, {"label": "plum"}, column="count", amount=1)

    with ThreadPoolExecutor(8) as workers:
        counted = sorted(workers.map(count_once, range(40)))
    assert counted == list(range(1, 41))
