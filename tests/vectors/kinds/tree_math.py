"""Node places in full trees (tree-math.json)."""

from __future__ import annotations

from collections.abc import Callable

from enigm.crypto.mls import tree_math
from tests.vectors.reading import Vector


def check(vector: Vector) -> None:
    leaves = vector["n_leaves"]
    # RFC 9420 §7.7: trees are full. Older files hold other sizes, of which only the counts
    # and the root would be defined.
    assert leaves & (leaves - 1) == 0, "not a full tree"
    assert vector["n_nodes"] == tree_math.node_count(leaves)
    root = tree_math.root(leaves)
    assert vector["root"] == root
    nodes = range(vector["n_nodes"])
    parents = [node for node in nodes if node % 2]
    below_root = [node for node in nodes if node != root]
    _compare(vector["left"], tree_math.left, parents)
    _compare(vector["right"], tree_math.right, parents)
    _compare(vector["parent"], tree_math.parent, below_root)
    _compare(vector["sibling"], tree_math.sibling, below_root)


def _compare(
    expected: list[int | None], function: Callable[[int], int], defined: list[int]
) -> None:
    places = set(defined)
    for node, value in enumerate(expected):
        assert value == (function(node) if node in places else None)
