"""Our engine's rows in the App's own vault, written by the part that writes them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.vault.file import open_vault
from enigm.app.vault.group_rows import GroupRows
from enigm.app.vault.wrapping import fresh_key
from enigm.foundation.entropy import SystemEntropy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONVERSATION = bytes(16).hex()


class VaultStore:
    """A vault with one conversation; each write is a transaction."""

    def __init__(self, path: Path) -> None:
        self._vault = open_vault(path, fresh_key(SystemEntropy()), is_new=True)
        self._rows = GroupRows(self._vault)

    def write(self, changes: Mapping[bytes, bytes | None], *, is_forced: bool) -> None:
        """Write rows: forced to the disk, or so that they survive the process's death."""
        with self._vault.transaction(is_forced=is_forced):
            self._rows.write(CONVERSATION, changes)

    def content_bytes(self) -> int:
        """How many bytes of names and contents the rows hold."""
        rows = self._rows.read(CONVERSATION)
        return sum(len(name) + len(content) for name, content in rows.items())
