"""The encrypted file itself: SQLCipher under a raw key, one writer, whole transactions."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import sqlcipher3.dbapi2 as sqlcipher

from enigm.app.errors import DamagedVaultError, LockedError
from enigm.app.vault import schema

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from enigm.app.vault.wrapping import VaultKey

Row = tuple[Any, ...]
Value = bytes | int | str | None

_Statements = tuple[str, str, tuple[str, ...]]
_OUTER: _Statements = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))


def _inner(depth: int) -> _Statements:
    """Return how a block inside a transaction begins, ends and is undone."""
    point = f"inner_{depth}"
    return (f"SAVEPOINT {point}", f"RELEASE {point}", (f"ROLLBACK TO {point}", f"RELEASE {point}"))


class _Closed:
    """Stands where a connection was: what was still under way learns that the vault is locked."""

    def __getattr__(self, name: str) -> Any:
        raise LockedError


class VaultFile:
    """One open vault.

    Everything is synchronous: a transaction holds no ``await``, so the App's one loop is the
    lock, and whatever a message changes is one transaction or nothing.
    """

    def __init__(self, connection: Any) -> None:
        """Wrap an open connection; use ``open_vault``."""
        self._connection = connection
        self._depth = 0
        self._is_forced = True

    @contextlib.contextmanager
    def transaction(self, *, is_forced: bool = True) -> Generator[None]:
        """Run the block as one transaction; an inner block is undone alone if it fails.

        A transaction that is not forced survives the end of this process at any instant, and
        may be undone whole when the power fails: for what the service would give again.
        """
        if not self._depth:
            self._set_forced(is_forced=is_forced)
        with self._transaction():
            yield

    def _set_forced(self, *, is_forced: bool) -> None:
        """Say how the next transactions end; kept until then, for the statement has its price."""
        if is_forced is not self._is_forced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if is_forced else 'NORMAL'}")
            self._is_forced = is_forced

    @contextlib.contextmanager
    def _transaction(self) -> Generator[None]:
        depth = self._depth
        begin, commit, rollback = _OUTER if depth == 0 else _inner(depth)
        self._connection.execute(begin)
        self._depth = depth + 1
        try:
            yield
        except BaseException:
            self._depth = depth
            for statement in rollback:
                self._connection.execute(statement)
            raise
        self._depth = depth
        self._connection.execute(commit)

    def run(self, statement: str, *values: Value) -> int:
        """Execute one statement; return how many rows it changed."""
        if not self._depth:
            self._set_forced(is_forced=True)
        return self._connection.execute(statement, values).rowcount

    def run_many(self, statement: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """Execute one statement for each row."""
        if not self._depth:
            self._set_forced(is_forced=True)
        self._connection.executemany(statement, rows)

    def rows(self, statement: str, *values: Value) -> list[Row]:
        """Return every row of a query."""
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Value) -> Row | None:
        """Return the first row of a query."""
        return self._connection.execute(statement, values).fetchone()

    def value(self, statement: str, *values: Value) -> Any:
        """Return the first column of the first row, or None."""
        row = self.row(statement, *values)
        return None if row is None else row[0]

    def get_setting(self, name: str) -> bytes | None:
        """Return a setting."""
        return self.value("SELECT value FROM setting WHERE name = ?", name)

    def set_setting(self, name: str, value: bytes | None) -> None:
        """Write a setting, or erase it with None."""
        if value is None:
            self.run("DELETE FROM setting WHERE name = ?", name)
        else:
            self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

    def truncate_log(self) -> None:
        """Fold the write-ahead log in, so that no old page with a consumed secret stays in it."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file; nothing of it stays in memory that this process can reach."""
        self.truncate_log()
        self._connection.close()
        self._connection = _Closed()


def open_vault(path: Path, key: VaultKey, *, is_new: bool = False) -> VaultFile:
    """Open or make the encrypted file; raises DamagedVaultError."""
    connection = sqlcipher.connect(path, isolation_level=None, check_same_thread=False)
    try:
        # The key must be the first statement on the connection; it is hexadecimal, never text.
        connection.execute(f"PRAGMA key = \"x'{key.octets.hex()}'\"")
        connection.execute("PRAGMA cipher_memory_security = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        # An acknowledged letter is erased at the service: the vault must truly hold it first.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        vault = VaultFile(connection)
        if is_new:
            connection.executescript(schema.TABLES)
            connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        if vault.value("PRAGMA user_version") != schema.VERSION:
            raise DamagedVaultError("the schema has another version")
    except sqlcipher.DatabaseError as error:
        connection.close()
        raise DamagedVaultError("the encrypted file does not open") from error
    return vault
