"""Our engine's rows in an encrypted SQLite file, as the App keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlcipher3.dbapi2

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY = bytes(32).hex()


class RowStore:
    """One table of rows; each write is a transaction that survives the process's death."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlcipher3.dbapi2.connect(str(path), isolation_level=None)
        for statement in (
            f"PRAGMA key = \"x'{KEY}'\"",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = NORMAL",
            "PRAGMA secure_delete = ON",
            "CREATE TABLE rows (name BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID",
        ):
            self._connection.execute(statement)

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Write and delete rows in one transaction."""
        if len(changes) == 1:
            ((name, content),) = changes.items()
            if content is not None:  # the usual message: one row, a transaction by itself
                self._connection.execute("REPLACE INTO rows VALUES (?, ?)", (name, content))
                return
        written = [(name, content) for name, content in changes.items() if content is not None]
        deleted = [(name,) for name, content in changes.items() if content is None]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("REPLACE INTO rows VALUES (?, ?)", written)
        self._connection.executemany("DELETE FROM rows WHERE name = ?", deleted)
        self._connection.execute("COMMIT")

    def content_bytes(self) -> int:
        """How many bytes of names and contents the rows hold."""
        query = "SELECT COALESCE(SUM(LENGTH(name) + LENGTH(content)), 0) FROM rows"
        return self._connection.execute(query).fetchone()[0]
