"""Checks a whole published log with nothing but its files and public keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.tree_log import merkle, signed_note, tiles
from enigm.crypto.tree_log.checkpoint import Checkpoint, read_body
from enigm.crypto.tree_log.cosignature import verify_cosignature
from enigm.crypto.tree_log.errors import (
    EntriesMissingError,
    EntriesMovedError,
    EntryEditedError,
    LogForkedError,
    LogRewrittenError,
    LogRolledBackError,
    ProofFailedError,
)

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
        ProofFailedError: by name (``errors``), that entries were edited, moved, dropped, added
            or rewritten, or that a tile does not fit them.
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
    _verify_tiles(fetch, hashes)
    if not kdf.equal(_root(hashes), checkpoint.root):
        raise LogRewrittenError
    return VerifiedLog(checkpoint, seen)


def verify_growth(fetch: TileFetcher, earlier: Checkpoint, later: Checkpoint) -> None:
    """Return if the later tree begins with the whole earlier one.

    Both checkpoints must have been opened with the log's key: two that do not fit prove that
    the log shows different trees to different people.

    Raises:
        LogRolledBackError: the later tree is the smaller one.
        LogForkedError: the later tree does not continue the earlier one.
    """
    if earlier.size == 0:
        return
    if later.size < earlier.size:
        raise LogRolledBackError
    read = tiles.node_reader(fetch, later.size)
    proof = merkle.consistency_proof(read, earlier.size, later.size)
    try:
        merkle.verify_consistency(earlier.size, later.size, proof, earlier.root, later.root)
    except ProofFailedError as error:
        raise LogForkedError from error


def _entries(fetch: TileFetcher, size: int) -> Iterator[bytes]:
    for index in range(-(-size // tiles.TILE_WIDTH)):
        width = min(tiles.TILE_WIDTH, size - index * tiles.TILE_WIDTH)
        entries = tiles.decode_bundle(fetch(tiles.tile_path(tiles.ENTRIES, index, width)))
        if len(entries) != width:
            first = index * tiles.TILE_WIDTH
            raise EntriesMissingError(
                f"From entry {first} on there are {len(entries)} entries where {width} were logged."
            )
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
        found = fetch(tiles.tile_path(level, index, width))
        if not kdf.equal(found, expected):
            raise _difference(found, expected, start) if level == 0 else LogRewrittenError()


def _difference(logged: bytes, found: bytes, first: int) -> ProofFailedError:
    """Say how the entries found differ from those whose hashes a tile holds."""
    was, is_now = (
        [hashes[at : at + merkle.HASH_BYTES] for at in range(0, len(hashes), merkle.HASH_BYTES)]
        for hashes in (logged, found)
    )
    if len(was) != len(is_now):
        return EntriesMissingError(f"The hash tile from entry {first} on is cut.")
    place = next(at for at, (one, two) in enumerate(zip(was, is_now, strict=True)) if one != two)
    if sorted(was) == sorted(is_now):
        return EntriesMovedError(first + place)
    return EntryEditedError(first + place)


def _root(hashes: list[bytes]) -> bytes:
    """Hash a whole tree level by level; an odd one out waits for a partner higher up."""
    if not hashes:
        return merkle.EMPTY_ROOT
    row = hashes
    while len(row) > 1:
        pairs = [merkle.node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        row = [*pairs, row[-1]] if len(row) % 2 else pairs
    return row[0]
