"""Tree hashes and parent hashes (RFC 9420 §7.8, §7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.crypto.mls import tree_math
from enigm.crypto.mls.codec import opaque, u32
from enigm.crypto.mls.ratchet_tree import ParentNode

if TYPE_CHECKING:
    from enigm.crypto.mls.ratchet_tree import RatchetTree


def tree_hash(tree: RatchetTree) -> bytes:
    """Return the hash of the whole tree (§7.8)."""
    return node_hash(tree, tree.root)


def node_hash(tree: RatchetTree, node: int) -> bytes:
    """Return the tree hash of a node, from the cache where nothing changed."""
    cached = tree.hashes[node]
    if cached is not None:
        return cached
    content = tree.nodes[node]
    encoded = b"\x00" if content is None else b"\x01" + content.encoded
    if node % 2 == 0:
        hashed = b"\x01" + u32(node // 2) + encoded
    else:
        half = 1 << tree_math.level(node) >> 1
        left, right = node_hash(tree, node - half), node_hash(tree, node + half)
        hashed = b"\x02" + encoded + opaque(left) + opaque(right)
    result = tree.suite.hash(hashed)
    tree.hashes[node] = result
    return result


def original_hash(tree: RatchetTree, node: int, excluded: frozenset[int]) -> bytes:
    """Return a node's tree hash as it was before these leaves were added (§7.9).

    They are taken as blank, and out of every list of unmerged leaves.
    """
    if excluded.isdisjoint(tree_math.leaves_beneath(node)):
        return node_hash(tree, node)
    if node % 2 == 0:
        return tree.suite.hash(b"\x01" + u32(node // 2) + b"\x00")
    content = tree.parent(node)
    encoded = b"\x00"
    if content is not None:
        unmerged = tuple(leaf for leaf in content.unmerged_leaves if leaf not in excluded)
        original = ParentNode.make(content.encryption_key, content.parent_hash, unmerged)
        encoded = b"\x01" + original.encoded
    left = original_hash(tree, tree_math.left(node), excluded)
    right = original_hash(tree, tree_math.right(node), excluded)
    return tree.suite.hash(b"\x02" + encoded + opaque(left) + opaque(right))


def parent_hash(tree: RatchetTree, parent: ParentNode, sibling: int) -> bytes:
    """Return the parent hash that a child of ``parent`` carries; ``sibling`` is its other child."""
    original = original_hash(tree, sibling, frozenset(parent.unmerged_leaves))
    return tree.suite.hash(
        opaque(parent.encryption_key) + opaque(parent.parent_hash) + opaque(original)
    )
