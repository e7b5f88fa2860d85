"""Checks a whole published log with nothing but its files and public keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.tree_log import merkle, signed_note, tiles
from enigm.crypto.tree_log.checkpoint import Checkpoint, read_body
from enigm.crypto.tree_log.cosignature import verify_cosignature
from enigm.crypto.tree_log.errors import ProofFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from enigm.crypto.tree_log.signed_note import VerifierKey
    from enigm.crypto.tree_log.tiles import TileFetcher

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """A log whose every entry hashes to a root that its key, and each witness, signed."""

    checkpoint: Checkpoint
    witnessed_at: tuple[int, ...]
    """When each witness saw this tree, in Unix seconds, in the order of the keys given."""


def verify_log(
    fetch: TileFetcher,
    key: VerifierKey,
    witnesses: Sequence[VerifierKey] = (),
    *,
    on_entry: Callable[[int, bytes], None] = lambda _number, _entry: None,
) -> VerifiedLog:
    """Read every entry, hash the tree again, and hold it against the signed checkpoint.

    Args:
        fetch: returns a file of the log by its path.
        key: who must have signed the checkpoint.
        witnesses: who must have cosigned it.
        on_entry: called with each entry's number and bytes, in order.

    Raises:
        MalformedNoteError: a file is not what its name says.
        NoteUnsignedError: the log's key, or a witness, did not sign this checkpoint.
        ProofFailedError: an entry or tile was edited, dropped, added or moved.
    """
    note = signed_note.parse(fetch(CHECKPOINT))
    signed_note.verify_ed25519(note, key)
    checkpoint = read_body(note)
    if checkpoint.origin != key.name:
        raise ProofFailedError("The checkpoint names another log.")
    seen = tuple(verify_cosignature(note, witness) for witness in witnesses)
    hashes: list[bytes] = []
    for number, entry in enumerate(_entries(fetch, checkpoint.size)):
        on_entry(number, entry)
        hashes.append(merkle.leaf_hash(entry))
    if not kdf.equal(_root(hashes), checkpoint.root):
        raise ProofFailedError("The entries are not those that the checkpoint vouches for.")
    _verify_tiles(fetch, hashes)
    return VerifiedLog(checkpoint, seen)


def verify_growth(fetch: TileFetcher, earlier: Checkpoint, later: Checkpoint) -> None:
    """Return if the later tree begins with the whole earlier one; raises ProofFailedError.

    Both checkpoints must have been opened with the log's key: two that do not fit prove that
    the log shows different trees to different people.
    """
    if earlier.size == 0:
        return
    if later.size < earlier.size:
        raise ProofFailedError("The log was rolled back: it is shorter than it was.")
    read = tiles.node_reader(fetch, later.size)
    proof = merkle.consistency_proof(read, earlier.size, later.size)
    merkle.verify_consistency(earlier.size, later.size, proof, earlier.root, later.root)


def _entries(fetch: TileFetcher, size: int) -> Iterator[bytes]:
    for index in range(-(-size // tiles.TILE_WIDTH)):
        width = min(tiles.TILE_WIDTH, size - index * tiles.TILE_WIDTH)
        entries = tiles.decode_bundle(fetch(tiles.tile_path(tiles.ENTRIES, index, width)))
        if len(entries) != width:
            raise ProofFailedError("An entry bundle holds more or fewer entries than it must.")
        yield from entries


def _verify_tiles(fetch: TileFetcher, leaves: list[bytes]) -> None:
    """Hold every hash tile against the entries, for proofs are made from tiles."""
    row, current_level = leaves, 0
    for level, index, width in tiles.tiles_of(len(leaves)):
        if level > current_level:
            full = range(0, len(row) // tiles.TILE_WIDTH * tiles.TILE_WIDTH, tiles.TILE_WIDTH)
            row = [tiles.subtree_root(b"".join(row[at : at + tiles.TILE_WIDTH])) for at in full]
            current_level = level
        start = index * tiles.TILE_WIDTH
        expected = b"".join(row[start : start + width])
        if not kdf.equal(fetch(tiles.tile_path(level, index, width)), expected):
            raise ProofFailedError("A hash tile does not fit the entries.")


def _root(hashes: list[bytes]) -> bytes:
    """Hash a whole tree level by level; an odd one out waits for a partner higher up."""
    if not hashes:
        return merkle.EMPTY_ROOT
    row = hashes
    while len(row) > 1:
        pairs = [merkle.node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        row = [*pairs, row[-1]] if len(row) % 2 else pairs
    return row[0]
