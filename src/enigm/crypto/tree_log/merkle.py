"""Merkle tree hashes and proofs (RFC 6962 §2.1, verified as RFC 9162 §2.1.3 and §2.1.4 say)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from enigm.crypto import kdf
from enigm.crypto.tree_log.errors import ProofFailedError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""``read(level, index)``: the hash of the complete subtree over leaves
``index << level`` up to ``(index + 1) << level``."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry (RFC 6962 §2.1: prefix 0)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees (RFC 6962 §2.1: prefix 1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(read: NodeReader, size: int) -> bytes:
    """Return the root of the first ``size`` leaves."""
    return _range_hash(read, 0, size) if size else EMPTY_ROOT


def inclusion_proof(read: NodeReader, index: int, size: int) -> list[bytes]:
    """Return the path from one leaf to the root of ``size`` leaves, lowest first."""
    if not 0 <= index < size:
        raise RuntimeError("an inclusion proof needs a leaf of the tree")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start = middle
    path.reverse()
    return path


def consistency_proof(read: NodeReader, old_size: int, size: int) -> list[bytes]:
    """Return the proof that the tree of ``size`` leaves continues the one of ``old_size``."""
    if not 0 < old_size <= size:
        raise RuntimeError("a consistency proof leads from a tree that is not empty to a later one")
    proof: list[bytes] = []
    start, end, is_known = 0, size, True
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_hash(read, middle, end))
            end = middle
        else:
            proof.append(_range_hash(read, start, middle))
            start, is_known = middle, False
    if not is_known:
        proof.append(_range_hash(read, start, end))
    proof.reverse()
    return proof


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> None:
    """Return if the leaf hash stands at ``index``; raises ProofFailedError."""
    if not 0 <= index < size:
        raise ProofFailedError("The entry's number is not in the tree.")
    _require_hashes(leaf, expected_root, *proof)
    value = leaf
    for step, on_left in _climb(index, size - 1, proof):
        value = node_hash(step, value) if on_left else node_hash(value, step)
    if not kdf.equal(value, expected_root):
        raise ProofFailedError("The entry is not in this tree.")


def verify_consistency(
    old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Return if the new tree begins with the whole old one; raises ProofFailedError."""
    if not 0 < old_size <= size:
        raise ProofFailedError("A log never shrinks.")
    _require_hashes(old_root, new_root, *proof)
    steps = list(proof)
    if old_size == size:
        if steps or not kdf.equal(old_root, new_root):
            raise ProofFailedError("Two different trees have the same size.")
        return
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        raise ProofFailedError("The consistency proof is too short.")
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_value = new_value = steps[0]
    for step, on_left in _climb(position, last, steps[1:]):
        old_value = node_hash(step, old_value) if on_left else old_value
        new_value = node_hash(step, new_value) if on_left else node_hash(new_value, step)
    if not (kdf.equal(old_value, old_root) and kdf.equal(new_value, new_root)):
        raise ProofFailedError("The new tree does not continue the old one.")


def _require_hashes(*hashes: bytes) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise ProofFailedError("A proof is made of hashes of 32 bytes.")


def _climb(position: int, last: int, steps: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each step of a proof and whether it stands on the left (RFC 9162 §2.1.3.2)."""
    for step in steps:
        if last == 0:
            raise ProofFailedError("The proof is too long.")
        on_left = bool(position & 1) or position == last
        yield step, on_left
        while on_left and position and not position & 1:
            position, last = position >> 1, last >> 1
        position, last = position >> 1, last >> 1
    if last:
        raise ProofFailedError("The proof is too short.")


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (RFC 6962 §2.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hash(read: NodeReader, start: int, end: int) -> bytes:
    """Hash the leaves from ``start`` up to ``end`` out of complete subtrees.

    Proofs only ask for ranges whose start is a multiple of the power of two that covers them,
    so every piece is a complete subtree.
    """
    pieces: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        pieces.append(read(level, start >> level))
        start += 1 << level
    value = pieces.pop()
    while pieces:
        value = node_hash(pieces.pop(), value)
    return value
