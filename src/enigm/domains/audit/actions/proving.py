"""Prove records to whoever reads them: each against the checkpoint that anybody may copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.tree_log import merkle, tiles
from enigm.crypto.tree_log.checkpoint import Checkpoint, open_checkpoint
from enigm.crypto.tree_log.errors import ProofFailedError
from enigm.domains.audit import rules
from enigm.domains.audit.actions.publishing import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from enigm.domains.audit.actions.publishing import LogKey
    from enigm.domains.audit.model import OpenedRecord


@dataclass(frozen=True, slots=True)
class Published:
    """What anybody sees of the log: its checkpoint, and the note that carries its signatures."""

    checkpoint: Checkpoint
    note: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A record's leaf and the path from it to the checkpoint's root, lowest first, verified."""

    leaf: bytes
    path: tuple[bytes, ...]


class RecordProofs:
    """Proves records from the published files, not from the store that they are read from."""

    def __init__(self, folder: Path, key: LogKey) -> None:
        """Keep where the log is published, and the key that its checkpoints verify under."""
        self._folder = folder
        self._key = key

    def published(self) -> Published | None:
        """Return the last checkpoint, None before the first; raises NoteUnsignedError."""
        try:
            content = (self._folder / CHECKPOINT).read_bytes()
        except FileNotFoundError:
            return None
        return Published(open_checkpoint(content, self._key.verifier), content.decode())

    def prove(
        self, records: Iterable[OpenedRecord], published: Published
    ) -> dict[int, Inclusion | None]:
        """Return each record's verified proof; None for one that is not published yet.

        Raises:
            ProofFailedError: the published log says something else.
        """
        size = published.checkpoint.size
        read = tiles.node_reader(self._read, size)
        return {
            each.number: self._proved(each, read, published) if each.number < size else None
            for each in records
        }

    def _proved(
        self, record: OpenedRecord, read: merkle.NodeReader, published: Published
    ) -> Inclusion:
        size = published.checkpoint.size
        index, place = divmod(record.number, tiles.TILE_WIDTH)
        width = min(tiles.TILE_WIDTH, size - index * tiles.TILE_WIDTH)
        bundle = self._read(tiles.tile_path(tiles.ENTRIES, index, width))
        entry = tiles.decode_bundle(bundle)[place]
        committed = rules.commitment(record.nonce, record.payload)
        if not kdf.equal(entry[-len(committed) :], committed):
            raise ProofFailedError(f"Record {record.number} is not what the log commits to.")
        leaf = merkle.leaf_hash(entry)
        path = tuple(merkle.inclusion_proof(read, record.number, size))
        merkle.verify_inclusion(leaf, record.number, size, path, published.checkpoint.root)
        return Inclusion(leaf, path)

    def _read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()
