"""Where nodes stand in a tree kept as an array (RFC 9420 Appendix C). Trees are always full."""

from __future__ import annotations


def level(node: int) -> int:
    """Return a node's height: 0 for a leaf, the number of trailing one bits otherwise."""
    return (~node & (node + 1)).bit_length() - 1


def node_count(leaf_count: int) -> int:
    """Return how many nodes a tree of this many leaves has."""
    return 2 * leaf_count - 1


def root(leaf_count: int) -> int:
    """Return the root of a full tree; ``leaf_count`` is a power of two."""
    return leaf_count - 1


def left(node: int) -> int:
    """Return the left child of a parent node."""
    return node ^ (1 << level(node) >> 1)


def right(node: int) -> int:
    """Return the right child of a parent node."""
    return node ^ (3 << level(node) >> 1)


def parent(node: int) -> int:
    """Return the node above; the caller sees to it that it is not the root."""
    height = level(node)
    return (node | 1 << height) & ~(1 << height + 1)


def sibling(node: int) -> int:
    """Return the other child of the node's parent; the caller excludes the root."""
    return node ^ (2 << level(node))


def direct_path(leaf: int, leaf_count: int) -> list[int]:
    """Return the nodes above a leaf (by leaf index), lowest first, ending with the root."""
    top = root(leaf_count)
    node = 2 * leaf
    path: list[int] = []
    while node != top:
        node = parent(node)
        path.append(node)
    return path


def is_below(node: int, ancestor: int) -> bool:
    """Tell whether a node is the ancestor or stands beneath it."""
    reach = (1 << level(ancestor)) - 1
    return ancestor - reach <= node <= ancestor + reach


def common_ancestor(leaf: int, other_leaf: int) -> int:
    """Return the lowest node above both leaves (by leaf index)."""
    node, other = 2 * leaf, 2 * other_leaf
    height = (node ^ other).bit_length()
    return (node >> height << height) + (1 << height >> 1) - 1 if height else node


def leaves_beneath(node: int) -> range:
    """Return the indices of the leaves beneath a node, itself included if it is a leaf."""
    reach = (1 << level(node)) - 1
    return range((node - reach) // 2, (node + reach) // 2 + 1)
