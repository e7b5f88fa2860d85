"""How a log lies in files: tiles of 256 hashes and bundles of entries (C2SP tlog-tiles)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from enigm.crypto.tree_log.errors import MalformedNoteError
from enigm.crypto.tree_log.merkle import HASH_BYTES, NodeReader, node_hash

TILE_WIDTH = 256
TILE_HEIGHT = 8
# Two bytes of length stand before each entry in a bundle.
ENTRY_BYTES_MAX = 0xFFFF
ENTRIES = "entries"

TileFetcher = Callable[[str], bytes]
"""Returns a file of the log by its path, such as ``tile/0/x001/067.p/3``."""


def tile_path(level: int | str, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a hash tile, or of an entry bundle for level ``entries``.

    The number is written in groups of three digits, all but the last with an ``x``; a tile
    that is not full yet carries its width.
    """
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{number}{partial}"


def tiles_of(size: int, since: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield (level, index, width) of each hash tile that a tree has and ``since`` had not."""
    level = 0
    while size:
        first = since // TILE_WIDTH
        for index in range(first, size // TILE_WIDTH):
            yield level, index, TILE_WIDTH
        if size % TILE_WIDTH and size != since:
            yield level, size // TILE_WIDTH, size % TILE_WIDTH
        size, since, level = size // TILE_WIDTH, since // TILE_WIDTH, level + 1


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Join entries, each after its length in two bytes."""
    if any(len(entry) > ENTRY_BYTES_MAX for entry in entries):
        raise RuntimeError("an entry of a log has at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(bundle: bytes) -> list[bytes]:
    """Split what ``encode_bundle`` joined; raises MalformedNoteError."""
    entries: list[bytes] = []
    position = 0
    while position < len(bundle):
        start = position + 2
        end = start + int.from_bytes(bundle[position:start], "big")
        if start > len(bundle) or end > len(bundle):
            raise MalformedNoteError("An entry bundle ends in the middle of an entry.")
        entries.append(bundle[start:end])
        position = end
    return entries


def node_reader(fetch: TileFetcher, size: int) -> NodeReader:
    """Read any complete subtree of a tree of ``size`` leaves from its tiles.

    Each tile is fetched once. Raises MalformedNoteError for a tile of the wrong length.
    """
    tiles: dict[tuple[int, int], bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in tiles:
            available = (size >> (level * TILE_HEIGHT)) - index * TILE_WIDTH
            width = min(TILE_WIDTH, available)
            content = fetch(tile_path(level, index, width))
            if len(content) != width * HASH_BYTES:
                raise MalformedNoteError("A tile does not have the length its name says.")
            tiles[level, index] = content
        return tiles[level, index]

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        content = tile(tile_level, first // TILE_WIDTH)
        start = (first % TILE_WIDTH) * HASH_BYTES
        end = start + (HASH_BYTES << height)
        return subtree_root(content[start:end])

    return read


def subtree_root(hashes: bytes) -> bytes:
    """Return the root over joined hashes whose number is a power of two, as in a full tile."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
