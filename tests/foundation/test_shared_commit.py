"""Deeds that share a commit: each stands or falls alone, and is answered once it is durable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.foundation.database import insert_if_absent, insert_row, store_metadata
from enigm.foundation.errors import ConflictError, UnavailableError
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.databases import keys_of_tests
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from enigm.foundation.database import Database
    from tests.support.databases import OpenDatabase

metadata = store_metadata("guests")
guests = sa.Table("guests", metadata, sa.Column("name", sa.String(40), primary_key=True))


@pytest.fixture
def book(open_database: OpenDatabase) -> Database:
    return open_database("guests", metadata)


@pytest.fixture
def one_book(open_sqlcipher_database: OpenDatabase) -> Database:
    return open_sqlcipher_database("guests", metadata)


def names_in(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(sa.select(guests.c.name)).scalars())


def signing(name: str) -> Callable[[sa.Connection], str]:
    def deed(connection: sa.Connection) -> str:
        if not insert_if_absent(connection, guests, {"name": name}):
            raise ConflictError("guests.taken", "Somebody has this name.")
        return name

    return deed


def refused_after_writing(connection: sa.Connection) -> str:
    insert_row(connection, guests, {"name": "never"})
    raise LookupError


class Meeting:
    """Deeds that are sure to share a commit: the first holds the writer until all others wait."""

    def __init__(self, database: Database, count: int) -> None:
        self._database = database
        self._is_entered = threading.Event()
        self._may_go = threading.Event()
        self.workers = ThreadPoolExecutor(count + 1)
        self.first = self.workers.submit(database.together, self._hold)
        assert self._is_entered.wait(10)

    def _hold(self, _connection: sa.Connection) -> None:
        self._is_entered.set()
        assert self._may_go.wait(10)

    def bring(self, deeds: list[Callable[[sa.Connection], str]]) -> list[Future[str]]:
        brought = [self.workers.submit(self._database.together, deed) for deed in deeds]
        waiting = self._database._shared._waiting
        wait_until(lambda: len(waiting) == len(deeds))
        self._may_go.set()
        return brought


def test_what_a_deed_returns_reaches_its_own_caller_and_is_kept(book: Database) -> None:
    wanted = [f"guest {number}" for number in range(100)]
    with ThreadPoolExecutor(16) as workers:
        answers = list(workers.map(lambda name: book.together(signing(name)), wanted))
    assert answers == wanted
    assert names_in(book) == set(wanted)


def test_of_many_who_want_the_same_one_gets_it(book: Database) -> None:
    with ThreadPoolExecutor(16) as workers:
        futures = [workers.submit(book.together, signing("ada")) for _ in range(200)]
    errors = [future.exception() for future in futures]
    assert errors.count(None) == 1
    assert all(isinstance(error, ConflictError) for error in errors if error)


def test_a_deed_that_raises_is_undone_alone_and_only_its_caller_hears_of_it(
    one_book: Database,
) -> None:
    meeting = Meeting(one_book, 5)
    deeds = [signing("a"), refused_after_writing, signing("b"), signing("a"), signing("c")]
    brought = meeting.bring(deeds)
    errors = [type(future.exception(10)) for future in brought]
    # Which of the two who want to be "a" came first is left to the threads.
    assert sorted(error.__name__ for error in errors) == sorted(
        ["NoneType", "LookupError", "NoneType", "ConflictError", "NoneType"]
    )
    assert errors[1] is LookupError
    assert names_in(one_book) == {"a", "b", "c"}
    meeting.workers.shutdown()


def test_where_the_disk_is_full_nobody_is_told_that_it_was_done(one_book: Database) -> None:
    def filling_the_disk(connection: sa.Connection) -> str:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        insert_row(connection, guests, {"name": "x" * 1_000_000})
        return "never"

    meeting = Meeting(one_book, 3)
    brought = meeting.bring([signing("a"), filling_the_disk, signing("b")])
    assert [type(future.exception(10)) for future in brought] == [UnavailableError] * 3
    assert len({id(future.exception()) for future in brought}) == 3
    assert names_in(one_book) == set()
    with one_book.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert one_book.together(signing("later")) == "later"
    meeting.workers.shutdown()


def test_where_one_loses_the_transaction_the_others_are_done_without_it(
    one_book: Database,
) -> None:
    def losing_the_transaction(connection: sa.Connection) -> str:
        # As SQLite does by itself where it cannot go on.
        connection.connection.driver_connection.execute("ROLLBACK")
        return "never"

    meeting = Meeting(one_book, 3)
    brought = meeting.bring([signing("a"), losing_the_transaction, signing("b")])
    assert [future.exception(10) is None for future in brought] == [True, False, True]
    assert names_in(one_book) == {"a", "b"}
    meeting.workers.shutdown()


def test_a_lone_deed_that_raises_leaves_nothing_and_the_next_goes_on(book: Database) -> None:
    with pytest.raises(LookupError):
        book.together(refused_after_writing)
    assert book.together(signing("ada")) == "ada"
    assert names_in(book) == {"ada"}


def test_a_deed_within_a_deed_is_a_mistake_and_no_standstill(one_book: Database) -> None:
    with pytest.raises(RuntimeError, match="waits for it"):
        one_book.together(lambda _connection: one_book.together(signing("ada")))
    assert one_book.together(signing("ada")) == "ada"


_CHILD = """
import sys, threading
from pathlib import Path
from tests.foundation.test_shared_commit import opened, signing

def sign_in(who):
    for number in range(1_000_000):
        name = database.together(signing(f"{who} {number}"))
        sys.stdout.write(name + "\\n")
        sys.stdout.flush()

database = opened(Path(sys.argv[1]))
for who in range(8):
    threading.Thread(target=sign_in, args=(who,)).start()
"""


def opened(folder: Path) -> Database:
    key = keys_of_tests().derive("guests", "store")
    database = open_sqlcipher(folder / "guests.db", key, domain="guests")
    with database.begin() as connection:
        metadata.create_all(connection)
    return database


def test_killed_at_work_it_has_kept_whatever_was_answered(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, tmp_path], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        answered = [child.stdout.readline() for _ in range(500)]
        os.kill(child.pid, signal.SIGKILL)
        answered += child.stdout.readlines()
    database = opened(tmp_path)
    # The kill may cut the last line in two: that one was never told to anybody.
    assert {line[:-1] for line in answered if line.endswith("\n")} <= names_in(database)
    database.close()
