"""Update paths: the new public keys along a committer's path (RFC 9420 §7.5, §7.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import opaque, vector
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.leaf_node import LeafNode
from enigm.crypto.mls.ratchet_tree import ParentNode
from enigm.crypto.mls.tree_hashes import parent_hash

if TYPE_CHECKING:
    from enigm.crypto.mls.codec import Reader
    from enigm.crypto.mls.ratchet_tree import RatchetTree


@dataclass(frozen=True, slots=True)
class HpkeCiphertext:
    """One secret sealed to one key (§7.6)."""

    kem_output: bytes
    ciphertext: bytes

    @staticmethod
    def read(reader: Reader) -> HpkeCiphertext:
        """Read a sealed secret."""
        return HpkeCiphertext(reader.opaque(), reader.opaque())

    def encoded(self) -> bytes:
        """Return the wire form."""
        return opaque(self.kem_output) + opaque(self.ciphertext)

    def parts(self) -> tuple[bytes, bytes]:
        """Return (kem_output, ciphertext)."""
        return self.kem_output, self.ciphertext


@dataclass(frozen=True, slots=True)
class UpdatePathNode:
    """A path node's new key, and its path secret sealed to each key of the copath."""

    encryption_key: bytes
    encrypted_path_secrets: tuple[HpkeCiphertext, ...]

    @staticmethod
    def read(reader: Reader) -> UpdatePathNode:
        """Read a path node."""
        return UpdatePathNode(reader.opaque(), tuple(reader.each(HpkeCiphertext.read)))

    def encoded(self) -> bytes:
        """Return the wire form."""
        secrets = vector(secret.encoded() for secret in self.encrypted_path_secrets)
        return opaque(self.encryption_key) + secrets


@dataclass(frozen=True, slots=True)
class UpdatePath:
    """The committer's new leaf and the nodes of its filtered direct path, lowest first."""

    leaf: LeafNode
    nodes: tuple[UpdatePathNode, ...] = field(repr=False)

    @staticmethod
    def read(reader: Reader) -> UpdatePath:
        """Read an update path; nothing about it is verified yet."""
        return UpdatePath(LeafNode.read(reader), tuple(reader.each(UpdatePathNode.read)))

    def encoded(self) -> bytes:
        """Return the wire form."""
        return self.leaf.encoded + vector(node.encoded() for node in self.nodes)


def set_path_keys(
    tree: RatchetTree, leaf_index: int, path: list[tuple[int, int]], keys: list[bytes]
) -> bytes:
    """Put new keys on a leaf's filtered direct path and return the leaf's parent hash (§7.9).

    Args:
        tree: changed in place.
        leaf_index: whose path it is.
        path: the filtered direct path, lowest first.
        keys: one for each node of the path.
    """
    tree.blank_path(leaf_index)
    # Parent hashes run from the root down, each over the one above it. The sibling of a path
    # node stands outside the path, so that its tree hash is not affected by the nodes set here.
    above_hash = b""
    for (node, copath), key in zip(reversed(path), reversed(keys), strict=True):
        if key in tree.encryption_keys:
            raise refusal(Rule.PATH_KEY_REPEATED)
        parent = ParentNode.make(key, above_hash)
        tree.set_node(node, parent)
        above_hash = parent_hash(tree, parent, copath)
    return above_hash


def merge_path(tree: RatchetTree, leaf_index: int, update: UpdatePath) -> list[tuple[int, int]]:
    """Apply a received path to the tree and return the filtered direct path (§7.5).

    The leaf's own validity (§7.3) is the caller's to check.
    """
    path = tree.filtered_direct_path(leaf_index)
    if len(path) != len(update.nodes):
        raise refusal(Rule.PATH_LENGTH)
    keys = [node.encryption_key for node in update.nodes]
    tree.set_node(2 * leaf_index, None)
    expected = set_path_keys(tree, leaf_index, path, keys)
    if update.leaf.parent_hash != expected:
        raise refusal(Rule.PATH_PARENT_HASH)
    tree.place_leaf(leaf_index, update.leaf)
    return path
