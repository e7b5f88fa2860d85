"""A domain's store in one encrypted file, for a service on one machine."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event, pool
from sqlcipher3 import dbapi2

from enigm.foundation.database import NO_TRANSACTION, Database
from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The driver is compiled and says nothing of its types.
sqlcipher: Any = dbapi2

RAW_KEY_BYTES: Final = 32

# SQLCipher's own default. Larger pages cost fewer HMACs on long rows (messages).
PAGE_BYTES_DEFAULT: Final = 4096

# Another process (an administrator's command) may hold the file this long before we give up.
BUSY_TIMEOUT_SECONDS: Final = 10

# Writers queue for the one writing connection this long; a nested begin() fails after it.
WRITER_WAIT_SECONDS: Final = 10

# Readers never block the writer under WAL; four keep two cores busy.
READERS_MAX: Final = 4

# The driver keeps the first so many statements compiled and never lets one go for another: by
# default 100, which migrations alone take up. Far more than a store has.
STATEMENTS_KEPT: Final = 1024


def open_sqlcipher(
    path: Path,
    raw_key: bytes,
    *,
    domain: str,
    page_bytes: int = PAGE_BYTES_DEFAULT,
    secure_delete: bool = True,
) -> Database:
    """Open or create a domain's encrypted file (mode 0600, folder 0700).

    Args:
        path: the file; SQLite keeps ``-wal`` and ``-shm`` beside it.
        raw_key: 32 bytes, used as they are (no password derivation).
        domain: whose store it is.
        page_bytes: a power of two, fixed when the file is created.
        secure_delete: zero what is deleted; off only to show that it matters.

    Raises:
        SetupError: the file is not readable with this key, or not writable.
    """
    if len(raw_key) != RAW_KEY_BYTES:
        msg = f"a store key is {RAW_KEY_BYTES} bytes"
        raise RuntimeError(msg)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    def connect(*, query_only: bool) -> Any:
        return _connect(
            path, raw_key, page_bytes, secure_delete=secure_delete, query_only=query_only
        )

    try:
        with closing(connect(query_only=False)) as first:
            first.execute("SELECT count(*) FROM sqlite_master")
    except sqlcipher.DatabaseError as error:
        msg = f"The store {path.name} cannot be opened with this key file: {error}."
        raise SetupError(msg) from error
    # One connection that writes: the pool's queue is the writers' queue.
    writer = _engine(lambda: connect(query_only=False), "BEGIN IMMEDIATE", connections_max=1)
    reader = _engine(lambda: connect(query_only=True), "BEGIN", connections_max=READERS_MAX)
    return Database(domain, writer, reader)


def _engine(connect: Callable[[], Any], begin: str, *, connections_max: int) -> sa.Engine:
    engine = sa.create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=connect,
        poolclass=pool.QueuePool,
        pool_size=connections_max,
        max_overflow=0,
        pool_timeout=WRITER_WAIT_SECONDS,
        hide_parameters=True,
    )

    def start(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get(NO_TRANSACTION):
            connection.exec_driver_sql(begin)

    event.listen(engine, "begin", start)
    return engine


def _connect(
    path: Path, raw_key: bytes, page_bytes: int, *, secure_delete: bool, query_only: bool
) -> Any:
    connection = sqlcipher.connect(
        str(path),
        timeout=BUSY_TIMEOUT_SECONDS,
        # The pool hands a connection to one thread at a time.
        check_same_thread=False,
        # The driver's own idea of when to begin is switched off; "begin" above does it.
        isolation_level=None,
        cached_statements=STATEMENTS_KEPT,
    )
    try:
        # The key must come first: any other statement would read the file without it.
        connection.execute(f"PRAGMA key = \"x'{raw_key.hex()}'\"")
        for statement in (
            # On standard error SQLCipher would name files and say why a page failed.
            "PRAGMA cipher_log_level = NONE",
            f"PRAGMA cipher_page_size = {page_bytes}",
            "PRAGMA cipher_memory_security = ON",
            "PRAGMA temp_store = MEMORY",
            # Before the first table, or free pages could only be given back by VACUUM.
            "PRAGMA auto_vacuum = INCREMENTAL",
            "PRAGMA journal_mode = WAL",
            # An acknowledgement means durable: each commit is forced to the disk.
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            f"PRAGMA secure_delete = {'ON' if secure_delete else 'OFF'}",
            f"PRAGMA query_only = {'ON' if query_only else 'OFF'}",
        ):
            connection.execute(statement)
        connection.set_authorizer(_refuse_other_files)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_other_files(action: int, *_details: str | None) -> int:
    # With ATTACH one domain's connection could read another's file, given its key.
    return sqlcipher.SQLITE_DENY if action == sqlcipher.SQLITE_ATTACH else sqlcipher.SQLITE_OK
