"""Lay the log out as files that anybody may copy and check: tiles, entries, a checkpoint.

Everything here can be made again from the store, so files are written at leisure; only the
order matters: tiles before the checkpoint that names them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.signatures import Ed25519, SigningKey
from enigm.crypto.tree_log import merkle, tiles
from enigm.crypto.tree_log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from enigm.crypto.tree_log.signed_note import KeyKind, UnverifiedNote, VerifierKey
from enigm.domains.audit import rules
from enigm.domains.audit.errors import AuditRewrittenError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.foundation.keyfile import Keys

CHECKPOINT = "checkpoint"

Cosigner = Callable[[UnverifiedNote, int, merkle.NodeReader, int], UnverifiedNote]
"""Given the note, the size published before, the tree to prove growth from, and its size;
returns the note with its witness's lines added."""


@dataclass(frozen=True, slots=True)
class LogKey:
    """The key that vouches for checkpoints, under the log's own name."""

    signing: SigningKey

    @property
    def name(self) -> str:
        """The log's origin: it carries the key's first bytes, so two deployments differ."""
        return f"enigm.audit/{self.signing.public[:8].hex()}"

    @property
    def verifier(self) -> VerifierKey:
        """What an outsider needs to check the log."""
        return VerifierKey(self.name, KeyKind.ED25519, self.signing.public)


def log_key(keys: Keys) -> LogKey:
    """Derive the log's signing key from the service's key file."""
    return LogKey(Ed25519.from_seed(keys.derive("audit", "log signing key")))


class Publication:
    """The folder in which a log is published."""

    def __init__(self, folder: Path, log: AuditLog, key: LogKey) -> None:
        """Keep where to publish what, and under whose name."""
        self._folder = folder
        self._log = log
        self._key = key

    def publish(self, cosigners: Sequence[Cosigner] = ()) -> Checkpoint:
        """Bring the files up to the log as it stands now; return what the checkpoint names.

        Raises:
            AuditRewrittenError: the store no longer holds what an earlier checkpoint vouched
                for. Nothing is published then.
        """
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        # A service and an operator's command may publish at once. Without the lock the slower
        # one could put an older checkpoint over a newer: to an outsider, a rollback.
        with self._folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self._publish(cosigners)

    def _publish(self, cosigners: Sequence[Cosigner]) -> Checkpoint:
        before = self.published()
        size = self._log.size
        old_size = before.size if before else 0
        if size < old_size:
            raise AuditRewrittenError
        self._write_tiles(size, old_size)
        read = tiles.node_reader(self._read, size)
        if before and old_size and not kdf.equal(merkle.root(read, old_size), before.root):
            raise AuditRewrittenError
        checkpoint = Checkpoint(self._key.name, size, merkle.root(read, size))
        signing = self._key.signing
        note = sign_checkpoint(checkpoint, self._key.name, signing.private, signing.public)
        for cosign in cosigners:
            note = cosign(note, old_size, read, size)
        self._write(CHECKPOINT, str(note).encode())
        return checkpoint

    def published(self) -> Checkpoint | None:
        """Return the last checkpoint; raises NoteUnsignedError where somebody changed it."""
        path = self._folder / CHECKPOINT
        return open_checkpoint(path.read_bytes(), self._key.verifier) if path.exists() else None

    def _write_tiles(self, size: int, old_size: int) -> None:
        for level, index, width in tiles.tiles_of(size, old_size):
            if level == 0:
                content = self._entries_and_hashes(index, width)
            else:
                content = b"".join(
                    self._tile_root(level - 1, index * tiles.TILE_WIDTH + place)
                    for place in range(width)
                )
            self._write(tiles.tile_path(level, index, width), content)

    def _entries_and_hashes(self, index: int, width: int) -> bytes:
        start = index * tiles.TILE_WIDTH
        entries = [
            rules.log_entry(each.category, each.period, each.commitment)
            for each in self._log.sealed(start, start + width)
        ]
        bundle = tiles.encode_bundle(entries)
        self._write(tiles.tile_path(tiles.ENTRIES, index, width), bundle)
        return b"".join(merkle.leaf_hash(entry) for entry in entries)

    def _tile_root(self, level: int, index: int) -> bytes:
        return tiles.subtree_root(self._read(tiles.tile_path(level, index)))

    def _read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()

    def _write(self, path: str, content: bytes) -> None:
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f"{place.name}.new")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(place)
