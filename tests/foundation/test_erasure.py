"""Deleted bytes are in no file, even for an examiner who holds the key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from enigm.foundation.database import Database
from enigm.foundation.retention import erase_deleted_bytes
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.foundation.pantry import jars, metadata
from tests.support.sqlcipher_pages import decrypted_pages

KEY = bytes(range(32))
DELETED = b"to be forgotten "
KEPT = b"to be remembered"


@pytest.fixture(params=[True, False], ids=["secure_delete", "control"])
def secure_delete(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def database(tmp_path: Path, *, secure_delete: bool) -> Iterator[Database]:
    opened = open_sqlcipher(
        tmp_path / "pantry.db", KEY, domain="pantry", secure_delete=secure_delete
    )
    with opened.begin() as connection:
        metadata.create_all(connection)
        # A short value shares its page with others; a long one has pages of its own.
        for taste in (DELETED * 3, KEPT * 3, DELETED * 600, KEPT * 600):
            connection.execute(sa.insert(jars).values(taste=taste))
    erase_deleted_bytes(opened)
    yield opened
    opened.close()


def _pages(database: Database, tmp_path: Path) -> bytes:
    assert database.dialect == "sqlite"
    return decrypted_pages(tmp_path / "pantry.db", KEY)


def _delete(database: Database) -> None:
    with database.begin() as connection:
        prefix = sa.func.substr(jars.c.taste, 1, len(DELETED))
        assert connection.execute(sa.delete(jars).where(prefix == DELETED)).rowcount == 2


@pytest.mark.requirement("PRV-02", "PRV-03", "APP-18")
def test_deleted_bytes_are_gone_from_the_file_and_its_log(
    database: Database, tmp_path: Path, *, secure_delete: bool
) -> None:
    assert DELETED in _pages(database, tmp_path)
    _delete(database)
    erase_deleted_bytes(database)
    left = _pages(database, tmp_path)
    assert KEPT in left
    # The control: without secure_delete the examiner finds what was deleted.
    assert (DELETED in left) is not secure_delete


def test_deleting_alone_leaves_the_bytes_until_they_are_erased(
    database: Database, tmp_path: Path
) -> None:
    _delete(database)
    assert DELETED in _pages(database, tmp_path)
