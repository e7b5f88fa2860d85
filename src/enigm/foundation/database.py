"""One domain's store: SQLCipher on one machine, PostgreSQL on many, the same code on both.

Rules that make one store's code right on both engines:

- ``begin()`` is one transaction: it commits when the block ends and rolls back on any exception.
- Embedded writers queue one behind another. PostgreSQL runs them side by side at READ COMMITTED,
  so a value that is read in order to be changed is read ``.with_for_update()`` (which SQLite
  leaves out), or changed by one conditional UPDATE whose ``rowcount`` is looked at.
- Timestamps are whole seconds in ``BigInteger`` columns; booleans and JSON are avoided.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlcipher3 import dbapi2

from enigm.foundation.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from sqlalchemy.sql.dml import ReturningInsert

# The driver is compiled and says nothing of its types.
sqlite_driver: Any = dbapi2

Dialect = Literal["sqlite", "postgresql"]

# SQLite numbers rows by itself only in a column spelled INTEGER; PostgreSQL needs 64 bits said.
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Where each store keeps the number of its last migration.
VERSION_TABLE: Final = "schema_version"

# The execution option with which an embedded connection begins no transaction.
NO_TRANSACTION: Final = "enigm_no_transaction"

# How SQLite says that the disk or another process stands in the way.
_SQLITE_OUTAGES: Final = (
    "database or disk is full",
    "database is locked",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
)

# Names for constraints, so that a migration can name what it drops on either engine.
_CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def store_metadata(domain: str) -> sa.MetaData:
    """Return the empty table list of one domain, which the inventory then reads."""
    return sa.MetaData(naming_convention=_CONSTRAINT_NAMES, info={"domain": domain})


class Database:
    """The store of one domain. Safe to share between threads; a connection is not."""

    def __init__(self, domain: str, writer: sa.Engine, reader: sa.Engine) -> None:
        """Keep the engines; use ``open_sqlcipher`` or ``open_postgres`` to make one."""
        self.domain = domain
        self._writer = writer
        self._reader = reader
        self._bare_writer = writer.execution_options(**{NO_TRANSACTION: True})

    @property
    def dialect(self) -> Dialect:
        """Say which engine stands beneath."""
        return cast("Dialect", self._writer.dialect.name)

    @property
    def is_writer_free(self) -> bool:
        """Say whether ``begin()`` would get its connection at once, as things stand now."""
        pool = self._writer.pool
        return isinstance(pool, sa.QueuePool) and pool.checkedout() == 0

    @contextmanager
    def begin(self) -> Generator[sa.Connection]:
        """Open a transaction that may write; commit at the end, roll back on any exception.

        Raises:
            UnavailableError: no connection was free in time, or the server or the disk failed.
                Nothing of the block was kept.
        """
        if self.dialect == "postgresql":
            with _connected(self._writer) as connection, connection.begin():
                yield connection
            return
        with _connected(self._bare_writer) as connection, _transaction(connection):
            yield connection

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """Open a transaction that cannot write and, embedded, does not wait for the writer."""
        with _connected(self._reader) as connection, connection.begin():
            yield connection

    @contextmanager
    def autocommit(self) -> Generator[sa.Connection]:
        """Open a connection without a transaction, for upkeep that must not run inside one."""
        if self.dialect == "postgresql":
            with _connected(self._writer) as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
            return
        # Not AUTOCOMMIT: coming back from it, SQLAlchemy would let the driver begin transactions
        # of its own.
        with _connected(self._bare_writer) as connection:
            yield connection

    def close(self) -> None:
        """Close every idle connection; embedded, this also folds the log into the file."""
        self._reader.dispose()
        if self._writer is not self._reader:
            self._writer.dispose()


@contextmanager
def _connected(engine: sa.Engine) -> Generator[sa.Connection]:
    try:
        with engine.connect() as connection:
            yield connection
    except (exc.TimeoutError, exc.OperationalError, sqlite_driver.OperationalError) as error:
        if not _is_outage(error):
            raise
        raise UnavailableError(
            "storage.unavailable", "The service cannot reach its storage now."
        ) from error


@contextmanager
def _transaction(connection: sa.Connection) -> Generator[None]:
    """Begin and end a transaction of SQLite's own.

    SQLAlchemy's takes a tenth of a millisecond longer where a service is idle between messages,
    which is when somebody waits for one.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")
    try:
        yield
        driver.execute("COMMIT")
    except BaseException:
        # SQLite undoes some failures by itself: then there is nothing left to undo.
        driver.rollback()
        raise


def _is_outage(error: Exception) -> bool:
    """Tell an outage from a mistake of ours, which SQLite reports in the same class."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    return not isinstance(cause, sqlite_driver.Error) or str(cause).startswith(_SQLITE_OUTAGES)


def insert_if_absent(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one of its unique keys is taken; say whether it was inserted."""
    # inline: asking PostgreSQL for the new key as well would cost us its row count.
    statement = _insert(connection, table).values(**row).on_conflict_do_nothing().inline()
    counted = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counted).rowcount == 1


def insert_or_replace(
    connection: sa.Connection,
    table: sa.Table,
    row: Mapping[str, Any],
    *,
    key: Sequence[str],
) -> None:
    """Insert a row, or set its other columns where one with this key stands."""
    statement = _insert(connection, table).values(**row)
    changed = {name: statement.excluded[name] for name in row if name not in key}
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=list(key))
    )


def add_to_counter(
    connection: sa.Connection,
    table: sa.Table,
    key: Mapping[str, Any],
    *,
    column: str,
    amount: int,
) -> int:
    """Add to a counter that starts at 0 and return the new value, in one statement."""
    statement = _insert(connection, table).values({**key, column: amount})
    counted: ReturningInsert[int] = statement.on_conflict_do_update(
        index_elements=list(key), set_={column: table.c[column] + amount}
    ).returning(table.c[column])
    return connection.execute(counted).scalar_one()


def _insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
