"""Copies embedded stores under other keys, as they stand at one moment, while they are in use."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlcipher3 import dbapi2

from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

# The driver is compiled and says nothing of its types.
sqlcipher: Any = dbapi2


@dataclass(frozen=True, slots=True)
class StoreFile:
    """One store's file and what opens it."""

    path: Path
    key: bytes = field(repr=False)
    page_bytes: int


def copy_stores(
    pairs: Mapping[str, tuple[StoreFile, StoreFile]],
    on_copied: Callable[[str], None] = lambda _domain: None,
) -> None:
    """Copy each store to the other file, all as of one moment; who uses them is not held up.

    The moments are some milliseconds apart, in the order of the names. Facts that go from one
    store to another in between are handed over again, and taken once.

    Raises:
        SetupError: a store does not open with its key, or the copy cannot be written.
    """
    with ExitStack() as stack:
        opened = {domain: stack.enter_context(_attached(*files)) for domain, files in pairs.items()}
        for connection in opened.values():
            connection.execute("BEGIN")
            # A snapshot is taken by the first reading, not by BEGIN.
            connection.execute("SELECT count(*) FROM main.sqlite_master").fetchall()
        for domain, connection in opened.items():
            _told(lambda at=connection: at.execute("SELECT sqlcipher_export('copy')").fetchall())
            _told(lambda at=connection: at.execute("COMMIT"))
            on_copied(domain)


def opens(store: StoreFile) -> bool:
    """Say whether a store is there and its every page is whole."""
    if not store.path.exists():
        return False
    try:
        with closing(_connected(store)) as connection:
            return connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
    except sqlcipher.DatabaseError:
        return False


def is_in_use(store: StoreFile) -> bool:
    """Say whether any other process or connection has a store open."""
    with closing(_connected(store)) as connection:
        connection.execute("PRAGMA busy_timeout = 100")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlcipher.OperationalError:
            return True
    return False


@contextmanager
def _attached(source: StoreFile, target: StoreFile) -> Generator[Any]:
    os.close(os.open(target.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(_told(lambda: _connected(source))) as connection:
        key = f"x'{target.key.hex()}'"
        connection.execute("ATTACH DATABASE ? AS copy KEY ?", (str(target.path), key))
        connection.execute(f"PRAGMA copy.cipher_page_size = {target.page_bytes}")
        # As open_sqlcipher sets it for a new file: deleted pages can be given back.
        connection.execute("PRAGMA copy.auto_vacuum = INCREMENTAL")
        yield connection


def _connected(store: StoreFile) -> Any:
    connection = sqlcipher.connect(str(store.path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{store.key.hex()}'\"")
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA cipher_page_size = {store.page_bytes}")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    return connection


def _told(deed: Callable[[], Any]) -> Any:
    try:
        return deed()
    except (sqlcipher.DatabaseError, OSError) as error:
        raise SetupError(f"A store cannot be copied: {error}.") from error
