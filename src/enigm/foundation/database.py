"""One domain's store: SQLCipher on one machine, PostgreSQL on many, the same code on both.

Rules that make one store's code right on both engines:

- ``begin()`` is one transaction: it commits when the block ends and rolls back on any exception.
- Embedded writers queue one behind another. PostgreSQL runs them side by side at READ COMMITTED,
  so a value that is read in order to be changed is read ``.with_for_update()`` (which SQLite
  leaves out), or changed by one conditional UPDATE whose ``rowcount`` is looked at.
- Timestamps are whole seconds in ``BigInteger`` columns; booleans and JSON are avoided.
- What happens all the time goes through ``together()`` and ``foundation.statements.Prepared``.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlcipher3 import dbapi2

from enigm.foundation.errors import UnavailableError
from enigm.foundation.shared_commit import SharedCommit
from enigm.foundation.statements import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

T = TypeVar("T")

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

_OUTAGE_CLASSES: Final = (exc.TimeoutError, exc.OperationalError, sqlite_driver.OperationalError)

# Far more than all domains together have ways to write a row.
_WAYS_MAX: Final = 1024

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
        self._bare_reader = reader.execution_options(**{NO_TRANSACTION: True})
        self._shared = SharedCommit(self.begin, _is_outage)

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
        with _connected(self._bare_writer) as connection, _transaction(connection, "IMMEDIATE"):
            yield connection

    def together(self, deed: Callable[[sa.Connection], T]) -> T:
        """Do a deed in a transaction and return what it returns, once that is durable.

        Embedded, deeds that other threads bring meanwhile share one commit, which is what costs
        most. Each is undone alone where it raises, and its exception reaches its own caller only.
        A deed may run in another caller's thread, and twice where one beside it had to be undone:
        it changes nothing but the store. It never begins a transaction itself.

        Raises:
            UnavailableError: as ``begin()``. Nothing of the deed was kept.
        """
        if self.dialect == "postgresql":
            with self.begin() as connection:
                return deed(connection)
        return self._shared.perform(deed)

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """Open a transaction that cannot write and, embedded, does not wait for the writer."""
        if self.dialect == "postgresql":
            with _connected(self._reader) as connection, connection.begin():
                yield connection
            return
        with _connected(self._bare_reader) as connection, _transaction(connection, "DEFERRED"):
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
    except Exception as error:
        if not _is_outage(error):
            raise
        raise UnavailableError(
            "storage.unavailable", "The service cannot reach its storage now."
        ) from error


@contextmanager
def _transaction(connection: sa.Connection, kind: str) -> Generator[None]:
    """Begin and end a transaction of SQLite's own.

    SQLAlchemy's takes a tenth of a millisecond longer where a service is idle between messages,
    which is when somebody waits for one.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute(f"BEGIN {kind}")
    try:
        yield
        driver.execute("COMMIT")
    except BaseException:
        # SQLite undoes some failures by itself: then there is nothing left to undo.
        driver.rollback()
        raise


def _is_outage(error: Exception) -> bool:
    """Tell an outage from a mistake of ours, which SQLite reports in the same class."""
    if not isinstance(error, _OUTAGE_CLASSES):
        return False
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    return not isinstance(cause, sqlite_driver.Error) or str(cause).startswith(_SQLITE_OUTAGES)


def insert_row(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert a row; columns that it does not name get the database's default."""
    _insertion(connection.dialect.name, table, tuple(row)).run(connection, row)


def insert_if_absent(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one of its unique keys is taken; say whether it was inserted."""
    return (
        _insertion_if_absent(connection.dialect.name, table, tuple(row)).run(connection, row) == 1
    )


def insert_or_replace(
    connection: sa.Connection,
    table: sa.Table,
    row: Mapping[str, Any],
    *,
    key: Sequence[str],
) -> None:
    """Insert a row, or set its other columns where one with this key stands."""
    _replacement(connection.dialect.name, table, tuple(row), tuple(key)).run(connection, row)


def add_to_counter(
    connection: sa.Connection,
    table: sa.Table,
    key: Mapping[str, Any],
    *,
    column: str,
    amount: int,
) -> int:
    """Add to a counter that starts at 0 and return the new value, in one statement."""
    count = _count(connection.dialect.name, table, tuple(key), column)
    counted = count.first(connection, {**key, column: amount})
    assert counted is not None, "it is inserted or changed"
    return counted[0]


def change_rows(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], changed: Mapping[str, Any]
) -> int:
    """Set columns of the rows that have these values, none of them None; return how many."""
    values = {f"{_KEY_PREFIX}{name}": value for name, value in key.items()}
    return _change(table, tuple(key), tuple(changed)).run(connection, {**values, **changed})


# A statement is made once for each table and set of columns: making it costs more than running it.
_KEY_PREFIX: Final = "key_"


@lru_cache(_WAYS_MAX)
def _insertion(dialect: str, table: sa.Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(_insert(dialect, table).inline(), names)


@lru_cache(_WAYS_MAX)
def _insertion_if_absent(dialect: str, table: sa.Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(_insert(dialect, table).on_conflict_do_nothing().inline(), names)


@lru_cache(_WAYS_MAX)
def _replacement(
    dialect: str, table: sa.Table, names: tuple[str, ...], key: tuple[str, ...]
) -> Prepared:
    statement = _insert(dialect, table)
    changed = {name: statement.excluded[name] for name in names if name not in key}
    statement = (
        statement.on_conflict_do_update(index_elements=key, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=key)
    )
    return Prepared(statement.inline(), names)


@lru_cache(_WAYS_MAX)
def _count(dialect: str, table: sa.Table, key: tuple[str, ...], column: str) -> Prepared:
    statement = _insert(dialect, table)
    raised = table.c[column] + statement.excluded[column]
    statement = statement.on_conflict_do_update(index_elements=key, set_={column: raised})
    return Prepared(statement.inline().returning(table.c[column]), (*key, column))


@lru_cache(_WAYS_MAX)
def _change(table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> Prepared:
    statement = table.update().where(
        *(table.c[name] == sa.bindparam(f"{_KEY_PREFIX}{name}") for name in key)
    )
    return Prepared(statement, names)


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
