"""Roots and proofs agree with a naive tree written from the RFC's recursive definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.crypto.tree_log import merkle, tiles
from enigm.crypto.tree_log.errors import ProofFailedError

SIZE_MAX = 70


def naive_root(entries: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    left, right = naive_root(entries[:k]), naive_root(entries[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def log_of(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


def reader(entries: list[bytes]) -> merkle.NodeReader:
    def read(level: int, index: int) -> bytes:
        return naive_root(entries[index << level : (index + 1) << level])

    return read


def test_every_small_tree_has_the_root_of_the_naive_tree() -> None:
    for size in range(SIZE_MAX):
        entries = log_of(size)
        assert merkle.root(reader(entries), size) == naive_root(entries)


def test_every_entry_of_every_small_tree_can_be_shown_to_be_in_it() -> None:
    for size in range(1, SIZE_MAX):
        entries = log_of(size)
        for index, entry in enumerate(entries):
            proof = merkle.inclusion_proof(reader(entries), index, size)
            leaf = merkle.leaf_hash(entry)
            merkle.verify_inclusion(leaf, index, size, proof, naive_root(entries))


def test_every_small_tree_can_be_shown_to_continue_every_smaller_one() -> None:
    for size in range(1, SIZE_MAX):
        entries = log_of(size)
        for old_size in range(1, size + 1):
            proof = merkle.consistency_proof(reader(entries), old_size, size)
            old_root = naive_root(entries[:old_size])
            merkle.verify_consistency(old_size, size, proof, old_root, naive_root(entries))


@given(size=st.integers(2, 64), choice=st.randoms(use_true_random=False))
def test_an_entry_that_was_changed_moved_or_left_out_is_refused(size, choice) -> None:
    entries = log_of(size)
    index = choice.randrange(size)
    proof = merkle.inclusion_proof(reader(entries), index, size)
    leaf, root = merkle.leaf_hash(entries[index]), naive_root(entries)
    other = (index + 1) % size
    attacks = [
        (merkle.leaf_hash(b"forged"), index, size, proof, root),
        (leaf, other, size, proof, root),
        (leaf, size, size, proof, root),
        (leaf, index, size, proof[:-1], root),
        (leaf, index, size, [*proof, root], root),
        (leaf, index, size, proof, merkle.leaf_hash(b"another tree")),
    ]
    for attack in attacks:
        with pytest.raises(ProofFailedError):
            merkle.verify_inclusion(*attack)


@given(size=st.integers(2, 64), choice=st.randoms(use_true_random=False))
def test_a_tree_that_dropped_or_rewrote_an_entry_is_refused(size, choice) -> None:
    entries = log_of(size)
    old_size = choice.randrange(1, size)
    old_root, root = naive_root(entries[:old_size]), naive_root(entries)
    proof = merkle.consistency_proof(reader(entries), old_size, size)
    rewritten = list(entries)
    rewritten[choice.randrange(old_size)] = b"rewritten"
    forged_root = naive_root(rewritten)
    forged_proof = merkle.consistency_proof(reader(rewritten), old_size, size)
    attacks = [
        (old_size, size, forged_proof, old_root, forged_root),
        (old_size, size, proof, old_root, forged_root),
        (old_size, size, proof[:-1], old_root, root),
        (old_size, size, [*proof, root], old_root, root),
        (size, old_size, proof, root, old_root),
        (size, size, [], root, forged_root),
    ]
    for attack in attacks:
        with pytest.raises(ProofFailedError):
            merkle.verify_consistency(*attack)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 1000, 66_000])
def test_tiles_hold_what_proofs_need(size: int) -> None:
    leaves = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]
    levels = [leaves]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append(
            [merkle.node_hash(row[i], row[i + 1]) for i in range(0, len(row) // 2 * 2, 2)]
        )
    files = {
        tiles.tile_path(level, index, width): b"".join(
            levels[level * 8][index * 256 : index * 256 + width]
        )
        for level, index, width in tiles.tiles_of(size)
    }
    read = tiles.node_reader(files.__getitem__, size)
    expected = merkle.root(lambda level, index: levels[level][index], size)
    assert merkle.root(read, size) == expected
    index = size // 3
    proof = merkle.inclusion_proof(read, index, size)
    merkle.verify_inclusion(leaves[index], index, size, proof, expected)


def test_tile_paths_follow_the_published_examples() -> None:
    assert tiles.tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tiles.tile_path("entries", 0, 5) == "tile/entries/000.p/5"
    assert tiles.tile_path(2, 999) == "tile/2/999"


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_an_entry_bundle_reads_back(entries: list[bytes]) -> None:
    assert tiles.decode_bundle(tiles.encode_bundle(entries)) == entries
