"""Stores for tests: every store test runs on SQLCipher and on PostgreSQL."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Protocol, cast

import pytest

from enigm.foundation.keyfile import Keys
from enigm.foundation.postgres import open_postgres
from enigm.foundation.provision import provision
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.postgres import PostgresServer, running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import sqlalchemy as sa

    from enigm.foundation.database import Database

_database_numbers = itertools.count(1)


def keys_of_tests() -> Keys:
    """Return keys that are the same in every run."""
    return Keys(bytes(range(32)))


class OpenDatabase(Protocol):
    """Opens a domain's store, with its tables when they are given."""

    def __call__(self, domain: str, metadata: sa.MetaData | None = None) -> Database: ...


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One private server for the whole run; skips, saying why, where none can run."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of an empty database that only this test knows."""
    name = f"enigm_test_{os.getpid()}_{next(_database_numbers)}"
    postgres_server.create_database(name)
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def open_sqlcipher_database(tmp_path: Path) -> Iterator[OpenDatabase]:
    """Open domains' stores as encrypted files in this test's folder."""
    opened: list[Database] = []

    def open_one(domain: str, metadata: sa.MetaData | None = None) -> Database:
        key = keys_of_tests().derive(domain, "store")
        database = open_sqlcipher(tmp_path / f"{domain}.db", key, domain=domain)
        opened.append(database)
        return _with_tables(database, metadata)

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def open_postgres_database(
    postgres_server: PostgresServer, postgres_database: str
) -> Iterator[OpenDatabase]:
    """Open domains' stores as schemas of this test's own PostgreSQL database."""
    opened: list[Database] = []
    name = postgres_database

    def open_one(domain: str, metadata: sa.MetaData | None = None) -> Database:
        provision(postgres_server.admin_url(name), [domain], keys_of_tests())
        database = open_postgres(postgres_server.url(name), keys_of_tests(), domain=domain)
        opened.append(database)
        return _with_tables(database, metadata)

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture(params=["sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)])
def open_database(request: pytest.FixtureRequest) -> OpenDatabase:
    """Open a domain's store: the test runs once on each engine.

    ``database = open_database("accounts", metadata)`` gives a ``Database`` whose tables exist.
    """
    chosen = f"open_{cast('str', request.param)}_database"
    return cast("OpenDatabase", request.getfixturevalue(chosen))


def _with_tables(database: Database, metadata: sa.MetaData | None) -> Database:
    if metadata is not None:
        with database.begin() as connection:
            metadata.create_all(connection)
    return database
