"""Resolutions, tree hashes, parent hashes and leaf signatures (tree-validation.json)."""

from __future__ import annotations

from enigm.crypto.mls.group_context import GroupContext
from enigm.crypto.mls.ratchet_tree import UnverifiedTree
from enigm.crypto.mls.tree_hashes import node_hash, tree_hash
from enigm.crypto.mls.tree_validation import verify_tree
from tests.vectors.reading import Vector, raw, suite_of


def check(vector: Vector) -> None:
    suite, encoded = suite_of(vector), raw(vector["tree"])
    unverified = UnverifiedTree.decode(encoded)
    root = (len(unverified.nodes) - 1) // 2
    expected = raw(vector["tree_hashes"][root])
    context = GroupContext(suite.number, raw(vector["group_id"]), 0, expected, b"")
    tree = verify_tree(unverified, suite, context)
    assert tree.encoded() == encoded
    assert tree_hash(tree) == expected
    for node, resolution in enumerate(vector["resolutions"]):
        assert tree.resolution(node) == resolution
        assert node_hash(tree, node) == raw(vector["tree_hashes"][node])
