"""An embedded store is closed to whoever lacks its key, and to other domains' connections."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from enigm.foundation.database import Database
from enigm.foundation.errors import SetupError, UnavailableError
from enigm.foundation.sqlcipher import dbapi2, open_sqlcipher
from tests.foundation.pantry import jars, metadata
from tests.support.databases import OpenDatabase, keys_of_tests

KEY = bytes(range(32))
MARKED = b"a secret that is easy to find " * 40


@pytest.fixture
def database(open_sqlcipher_database: OpenDatabase) -> Database:
    return open_sqlcipher_database("pantry", metadata)


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("pantry.db*")))


@pytest.mark.requirement("PRV-03")
def test_the_files_hold_nothing_readable(database: Database, tmp_path: Path) -> None:
    with database.begin() as connection:
        connection.execute(sa.insert(jars).values(taste=MARKED))
    on_disk = _files(tmp_path)
    assert len(on_disk) > len(MARKED)
    assert MARKED[:16] not in on_disk
    assert b"jars" not in on_disk
    assert not on_disk.startswith(b"SQLite format 3")


@pytest.mark.requirement("PRV-03")
def test_plain_sqlite_cannot_open_the_file(database: Database, tmp_path: Path) -> None:
    database.close()
    plain = sqlite3.connect(tmp_path / "pantry.db")
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        plain.execute("SELECT count(*) FROM sqlite_master")
    plain.close()


@pytest.mark.requirement("PRV-03")
def test_another_key_cannot_open_the_file(
    database: Database, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    database.close()
    other = keys_of_tests().derive("accounts", "store")
    with pytest.raises(SetupError, match="cannot be opened with this key file"):
        open_sqlcipher(tmp_path / "pantry.db", other, domain="pantry")
    # SQLCipher would otherwise write its own reasons to standard error.
    assert capfd.readouterr().err == ""


def test_a_store_keeps_what_was_written_when_it_is_opened_again(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as connection:
        connection.execute(sa.insert(jars).values(taste=MARKED))
    database.close()
    key = keys_of_tests().derive("pantry", "store")
    again = open_sqlcipher(tmp_path / "pantry.db", key, domain="pantry")
    with again.read() as connection:
        assert connection.execute(sa.select(jars.c.taste)).scalars().all() == [MARKED]
    again.close()


@pytest.mark.requirement("PRV-03")
@pytest.mark.parametrize("open_transaction", ["begin", "read"])
def test_no_connection_can_attach_another_domains_file(
    database: Database, tmp_path: Path, open_transaction: str
) -> None:
    statement = f"ATTACH DATABASE '{tmp_path / 'other.db'}' AS other"
    opened = getattr(database, open_transaction)
    with opened() as connection, pytest.raises(sa.exc.DatabaseError, match="not authorized"):
        connection.exec_driver_sql(statement)
    assert not (tmp_path / "other.db").exists()


def test_the_attach_that_is_refused_would_work_without_the_authorizer(tmp_path: Path) -> None:
    connection = dbapi2.connect(str(tmp_path / "control.db"))
    connection.execute(f"ATTACH DATABASE '{tmp_path / 'other.db'}' AS other")
    connection.execute("CREATE TABLE other.loot (a)")
    connection.close()
    assert (tmp_path / "other.db").exists()


def test_the_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "pantry.db"
    database = open_sqlcipher(path, KEY, domain="pantry")
    with database.begin() as connection:
        metadata.create_all(connection)
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    database.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("cipher_memory_security", "1"),
        ("auto_vacuum", 2),
    ],
)
def test_connections_are_set_for_durability_and_erasure(
    database: Database, pragma: str, value: object
) -> None:
    for open_transaction in (database.begin, database.read):
        with open_transaction() as connection:
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


def test_a_store_may_have_larger_pages(tmp_path: Path) -> None:
    for _turn in range(2):
        database = open_sqlcipher(tmp_path / "big.db", KEY, domain="pantry", page_bytes=16_384)
        with database.begin() as connection:
            metadata.create_all(connection)
            assert int(connection.exec_driver_sql("PRAGMA page_size").scalar_one()) == 16_384
        database.close()


def test_a_transaction_inside_a_transaction_is_refused_and_not_waited_for_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database._writer.pool, "_timeout", 0.05)
    with database.begin(), pytest.raises(UnavailableError) as refusal, database.begin():
        pass
    assert refusal.value.code == "storage.unavailable"


def test_an_error_does_not_quote_the_values_of_a_statement(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError) as error, database.begin() as connection:
        connection.execute(sa.insert(jars), [{"number": 7, "taste": MARKED}] * 2)
    assert MARKED[:16].decode() not in str(error.value)


@pytest.mark.requirement("POL-02")
def test_a_full_disk_is_an_outage_that_loses_nothing_committed(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(sa.insert(jars).values(taste=b"plum"))
    with database.autocommit() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(UnavailableError) as refusal, database.begin() as connection:
        connection.execute(sa.insert(jars).values(taste=MARKED * 100))
    assert "disk" not in refusal.value.detail
    with database.read() as connection:
        assert connection.execute(sa.select(jars.c.taste)).scalars().all() == [b"plum"]


def test_a_mistake_of_ours_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(sa.exc.OperationalError, match="no such table"), database.read() as opened:
        opened.exec_driver_sql("SELECT * FROM not_there")


def test_a_statement_stays_compiled_however_many_came_before_it(database: Database) -> None:
    looks: list[int] = []
    with database.autocommit() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for number in range(300):
            driver.execute(f"SELECT {number}")
        driver.execute("SELECT 'often'")
        # SQLite asks while it compiles, and at no other time.
        driver.set_authorizer(lambda action, *_: looks.append(action) or dbapi2.SQLITE_OK)
        driver.execute("SELECT 'often'")
        compiled = len(looks)
        driver.execute("SELECT 'often'")
    assert len(looks) == compiled
