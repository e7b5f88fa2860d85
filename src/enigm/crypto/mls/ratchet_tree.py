"""The ratchet tree's public half: nodes, resolutions, adding and removing (RFC 9420 §7.1-§7.8)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from enigm.crypto.mls import tree_math
from enigm.crypto.mls.codec import Reader, opaque, read_whole, u32, vector
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.leaf_node import LeafNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.crypto.mls.ciphersuite import Suite

_LEAF = 1
_PARENT = 2


@dataclass(frozen=True, slots=True)
class ParentNode:
    """A parent node (§7.1): a key that everyone beneath knows, but for the unmerged leaves."""

    encryption_key: bytes
    parent_hash: bytes
    unmerged_leaves: tuple[int, ...]
    encoded: bytes = field(repr=False)

    @staticmethod
    def make(
        encryption_key: bytes, parent_hash: bytes, unmerged_leaves: tuple[int, ...] = ()
    ) -> ParentNode:
        """Make a parent node; unmerged leaves are sorted."""
        encoded = (
            opaque(encryption_key)
            + opaque(parent_hash)
            + (vector(map(u32, unmerged_leaves)) if unmerged_leaves else b"\x00")
        )
        return ParentNode(encryption_key, parent_hash, unmerged_leaves, encoded)

    @staticmethod
    def read(reader: Reader) -> ParentNode:
        """Read a parent node; its list must be sorted and free of repetitions (§7.1)."""
        start = reader.position
        encryption_key = reader.opaque()
        parent_hash = reader.opaque()
        unmerged = tuple(reader.each(Reader.u32))
        if any(a >= b for a, b in pairwise(unmerged)):
            raise refusal(Rule.TREE_UNMERGED)
        return ParentNode(encryption_key, parent_hash, unmerged, reader.since(start))

    def with_unmerged(self, leaf_index: int) -> ParentNode:
        """Return the node with one more unmerged leaf, in its sorted place."""
        unmerged = tuple(sorted((*self.unmerged_leaves, leaf_index)))
        return ParentNode.make(self.encryption_key, self.parent_hash, unmerged)


Node: TypeAlias = "LeafNode | ParentNode | None"


@dataclass(eq=False)
class RatchetTree:
    """A full binary tree as an array: leaves at even places, parents at odd ones.

    Nodes are immutable and shared between copies, so a copy costs little; a staged commit
    works on a copy. ``hashes`` caches tree hashes and drops what a change touches.

    Args:
        suite: the group's.
        nodes: 2n - 1 nodes, n a power of two.
        hashes: the tree hash of each node, None where it is not known.
        encryption_keys: of all nodes.
        signature_keys: of all leaves.
        filled_below: no leaf with a smaller index is blank.
    """

    suite: Suite
    nodes: list[Node] = field(repr=False)
    hashes: list[bytes | None] = field(repr=False)
    encryption_keys: set[bytes] = field(repr=False)
    signature_keys: set[bytes] = field(repr=False)
    filled_below: int = 0

    @staticmethod
    def of(suite: Suite, nodes: list[Node]) -> RatchetTree:
        """Return a tree over these nodes, whose keys are known to be distinct."""
        leaves = [node for node in nodes[::2] if isinstance(node, LeafNode)]
        return RatchetTree(
            suite,
            nodes,
            [None] * len(nodes),
            {node.encryption_key for node in nodes if node is not None},
            {leaf.signature_key for leaf in leaves},
        )

    def copy(self) -> RatchetTree:
        """Return a tree that can change without changing this one."""
        return replace(
            self,
            nodes=self.nodes.copy(),
            hashes=self.hashes.copy(),
            encryption_keys=self.encryption_keys.copy(),
            signature_keys=self.signature_keys.copy(),
        )

    @property
    def leaf_count(self) -> int:
        """How many leaves the tree has, blank ones included; a power of two."""
        return (len(self.nodes) + 1) // 2

    @property
    def root(self) -> int:
        """The root's place."""
        return self.leaf_count - 1

    def leaf(self, leaf_index: int) -> LeafNode | None:
        """Return the leaf at an index; None where it is blank or beyond the tree."""
        node = 2 * leaf_index
        found = self.nodes[node] if node < len(self.nodes) else None
        return found if isinstance(found, LeafNode) else None

    def member(self, leaf_index: int) -> LeafNode:
        """Return the leaf at an index, or refuse a blank one."""
        leaf = self.leaf(leaf_index)
        if leaf is None:
            raise refusal(Rule.TREE_LEAF_ABSENT)
        return leaf

    def parent(self, node: int) -> ParentNode | None:
        """Return the parent node at a place; None where it is blank."""
        found = self.nodes[node]
        return found if isinstance(found, ParentNode) else None

    def members(self) -> Iterator[tuple[int, LeafNode]]:
        """Go over the leaves that are not blank, with their indices."""
        for index, node in enumerate(self.nodes[::2]):
            if isinstance(node, LeafNode):
                yield index, node

    def resolution(self, node: int) -> list[int]:
        """Return the smallest set of nodes that covers everyone beneath (§4.1.1)."""
        found = self.nodes[node]
        if isinstance(found, ParentNode):
            return [node, *(2 * leaf for leaf in found.unmerged_leaves)]
        if found is not None:
            return [node]
        if node % 2 == 0:
            return []
        return self.resolution(tree_math.left(node)) + self.resolution(tree_math.right(node))

    def filtered_direct_path(self, leaf_index: int) -> list[tuple[int, int]]:
        """Return the leaf's (path node, copath child) pairs, lowest first (§4.1.2).

        Nodes whose copath child resolves to nobody are left out.
        """
        path: list[tuple[int, int]] = []
        child = 2 * leaf_index
        for node in tree_math.direct_path(leaf_index, self.leaf_count):
            copath = tree_math.sibling(child)
            if not self.is_deserted(copath):
                path.append((node, copath))
            child = node
        return path

    def is_deserted(self, node: int) -> bool:
        """Tell whether a resolution is empty: no node beneath, none here."""
        if self.nodes[node] is not None:
            return False
        if node % 2 == 0:
            return True
        return self.is_deserted(tree_math.left(node)) and self.is_deserted(tree_math.right(node))

    def set_node(self, node: int, content: Node) -> None:
        """Put a node in its place and keep the caches true."""
        old = self.nodes[node]
        if old is not None:
            self.encryption_keys.discard(old.encryption_key)
            if isinstance(old, LeafNode):
                self.signature_keys.discard(old.signature_key)
        if content is not None:
            self.encryption_keys.add(content.encryption_key)
            if isinstance(content, LeafNode):
                self.signature_keys.add(content.signature_key)
        elif node % 2 == 0:
            self.filled_below = min(self.filled_below, node // 2)
        self.nodes[node] = content
        self._forget_hashes(node)

    def _forget_hashes(self, node: int) -> None:
        """Drop the cached hashes of a node and of all above it."""
        top = self.root
        self.hashes[node] = None
        while node != top:
            node = tree_math.parent(node)
            self.hashes[node] = None

    def place_leaf(self, leaf_index: int, leaf: LeafNode) -> None:
        """Put a leaf in place; no other leaf may have its keys (§7.3)."""
        old = self.leaf(leaf_index)
        if old is not None:
            self.set_node(2 * leaf_index, None)
        if leaf.encryption_key in self.encryption_keys:
            raise refusal(Rule.LEAF_ENCRYPTION_KEY_REPEATED)
        if leaf.signature_key in self.signature_keys:
            raise refusal(Rule.LEAF_SIGNATURE_KEY_REPEATED)
        self.set_node(2 * leaf_index, leaf)

    def add_leaf(self, leaf: LeafNode) -> int:
        """Add a member at the leftmost blank leaf, or in a doubled tree (§7.7)."""
        index = self.first_blank()
        if index == self.leaf_count:
            self._extend()
        self.place_leaf(index, leaf)
        for node in tree_math.direct_path(index, self.leaf_count):
            parent = self.parent(node)
            if parent is not None:
                self.set_node(node, parent.with_unmerged(index))
        return index

    def first_blank(self) -> int:
        """Return the index of the leftmost blank leaf, or the leaf count if there is none."""
        index = self.filled_below
        while index < self.leaf_count and self.nodes[2 * index] is not None:
            index += 1
        self.filled_below = index
        return index

    def reach(self, leaf_index: int) -> None:
        """Double the tree if the leaf is the first beyond it: a joiner's place (§12.4.2)."""
        if leaf_index == self.leaf_count:
            self._extend()

    def _extend(self) -> None:
        """Double the leaves; the old tree becomes the left half (§7.7)."""
        added = self.leaf_count * 2
        self.nodes.extend([None] * added)
        self.hashes.extend([None] * added)

    def update_leaf(self, leaf_index: int, leaf: LeafNode) -> None:
        """Replace a member's leaf and blank what only its old key secured (§12.1.2)."""
        self.place_leaf(leaf_index, leaf)
        self.blank_path(leaf_index)

    def blank_path(self, leaf_index: int) -> None:
        """Blank all nodes above a leaf."""
        for node in tree_math.direct_path(leaf_index, self.leaf_count):
            if self.nodes[node] is not None:
                self.set_node(node, None)

    def remove_leaf(self, leaf_index: int) -> None:
        """Blank a member's leaf and path, and cut off an empty right half (§7.8)."""
        self.blank_path(leaf_index)
        self.set_node(2 * leaf_index, None)
        while self.leaf_count > 1 and self._right_half_is_blank():
            kept = self.leaf_count - 1
            del self.nodes[kept:]
            del self.hashes[kept:]

    def _right_half_is_blank(self) -> bool:
        right_half = self.nodes[self.leaf_count :: 2]
        return right_half.count(None) == len(right_half)

    def encoded(self) -> bytes:
        """Return the ratchet_tree extension's content, without trailing blanks (§12.4.3.3)."""
        parts = [
            b"\x00"
            if node is None
            else (b"\x01\x01" if index % 2 == 0 else b"\x01\x02") + node.encoded
            for index, node in enumerate(self.nodes)
        ]
        while parts and parts[-1] == b"\x00":
            parts.pop()
        return vector(parts)


@dataclass(frozen=True, slots=True, eq=False)
class UnverifiedTree:
    """A ratchet tree as it came; ``tree_validation.verify_tree`` makes it a RatchetTree."""

    nodes: tuple[Node, ...] = field(repr=False)

    @staticmethod
    def decode(encoded: bytes) -> UnverifiedTree:
        """Decode the ratchet_tree extension's content and fill it up to a full tree."""
        nodes = read_whole(encoded, _read_nodes)
        if not nodes or nodes[-1] is None:
            raise refusal(Rule.TREE_EMPTY)
        width = 1
        while width < len(nodes):
            width = 2 * width + 1
        nodes.extend([None] * (width - len(nodes)))
        return UnverifiedTree(tuple(nodes))

    def leaf(self, leaf_index: int) -> LeafNode | None:
        """Return the leaf at an index; None where it is blank or beyond the tree."""
        node = 2 * leaf_index
        found = self.nodes[node] if node < len(self.nodes) else None
        return found if isinstance(found, LeafNode) else None


def _read_nodes(reader: Reader) -> list[Node]:
    inside = reader.within()
    nodes: list[Node] = []
    while inside.more():
        nodes.append(_read_node(inside, len(nodes)) if inside.present() else None)
    return nodes


def _read_node(reader: Reader, place: int) -> LeafNode | ParentNode:
    kind = reader.u8()
    if kind == _LEAF and place % 2 == 0:
        return LeafNode.read(reader)
    if kind == _PARENT and place % 2 == 1:
        return ParentNode.read(reader)
    if kind in (_LEAF, _PARENT):
        raise refusal(Rule.TREE_NODE_PLACE)
    raise refusal(Rule.CODEC_VALUE)
