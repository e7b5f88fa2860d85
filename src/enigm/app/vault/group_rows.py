"""The vault's rows of MLS groups: each message rewrites one small row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.app.vault.file import VaultFile


class GroupRows:
    """Reads and writes of what the MLS engine keeps; every write is the caller's transaction."""

    def __init__(self, vault: VaultFile) -> None:
        """Work on an open vault."""
        self._vault = vault

    def read(self, thread_id: str) -> dict[bytes, bytes]:
        """Return a group's rows."""
        query = "SELECT name, value FROM mls_row WHERE conversation = ?"
        return dict(self._vault.rows(query, thread_id))

    def write(self, thread_id: str, changes: Mapping[bytes, bytes | None]) -> None:
        """Write what the engine says has changed; None deletes a row."""
        for name, value in changes.items():
            if value is None:
                self._vault.run(
                    "DELETE FROM mls_row WHERE conversation = ? AND name = ?", thread_id, name
                )
            else:
                self._vault.run(
                    "INSERT INTO mls_row VALUES (?, ?, ?) "
                    "ON CONFLICT (conversation, name) DO UPDATE SET value = excluded.value",
                    thread_id,
                    name,
                    value,
                )

    def erase(self, thread_id: str) -> None:
        """Destroy a group's secrets."""
        self._vault.run("DELETE FROM mls_row WHERE conversation = ?", thread_id)
