"""Whether a whole ratchet tree is valid, as a joiner must find out (RFC 9420 §7.9.2, §12.4.3.1)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from enigm.crypto.mls import tree_math
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.leaf_node import (
    LeafNode,
    check_leaf_fits_group,
    check_leaf_form,
    leaf_placement,
)
from enigm.crypto.mls.ratchet_tree import ParentNode, RatchetTree
from enigm.crypto.mls.tree_hashes import parent_hash, tree_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.extensions import Extension
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.ratchet_tree import UnverifiedTree

LEAVES_FOR_THREADS_MIN = 64
"""Below this, starting threads takes longer than they save."""


def verify_tree(unverified: UnverifiedTree, suite: Suite, context: GroupContext) -> RatchetTree:
    """Return the tree if it is valid and the one that the group context names (§12.4.3.1).

    Lifetimes are not judged: §7.3 leaves them out for trees that a joiner receives.
    """
    tree = RatchetTree.of(suite, list(unverified.nodes))
    if tree_hash(tree) != context.tree_hash:
        raise refusal(Rule.TREE_HASH)
    check_keys_distinct(tree)
    check_unmerged_leaves(tree)
    check_parent_hashes(tree)
    check_leaves(tree, context.group_id, context.extensions)
    return tree


def check_keys_distinct(tree: RatchetTree) -> None:
    """Refuse a tree in which two nodes share an encryption key, or two leaves a signature key."""
    filled = len(tree.nodes) - tree.nodes.count(None)
    leaves = sum(1 for _ in tree.members())
    if len(tree.signature_keys) != leaves:
        raise refusal(Rule.LEAF_SIGNATURE_KEY_REPEATED)
    if len(tree.encryption_keys) == filled:
        return
    if len({leaf.encryption_key for _, leaf in tree.members()}) != leaves:
        raise refusal(Rule.LEAF_ENCRYPTION_KEY_REPEATED)
    raise refusal(Rule.TREE_KEY_REPEATED)


def check_unmerged_leaves(tree: RatchetTree) -> None:
    """Check each unmerged leaf: filled, beneath, and listed by all filled nodes between."""
    # Sets, for a hostile tree may list all leaves at every node.
    listed = {
        node: frozenset(parent.unmerged_leaves)
        for node, parent in enumerate(tree.nodes)
        if isinstance(parent, ParentNode)
    }
    for node, leaves in listed.items():
        for leaf in leaves:
            if tree.leaf(leaf) is None or not tree_math.is_below(2 * leaf, node):
                raise refusal(Rule.TREE_UNMERGED)
            _check_listed_between(listed, leaf, node)


def _check_listed_between(listed: dict[int, frozenset[int]], leaf: int, ancestor: int) -> None:
    node = tree_math.parent(2 * leaf)
    while node != ancestor:
        if node in listed and leaf not in listed[node]:
            raise refusal(Rule.TREE_UNMERGED)
        node = tree_math.parent(node)


def check_parent_hashes(tree: RatchetTree) -> None:
    """Check that every filled parent node hangs by parent hashes on a leaf (§7.9.2)."""
    for node in range(1, len(tree.nodes), 2):
        parent = tree.parent(node)
        if parent is not None and not _is_parent_hash_valid(tree, node, parent):
            raise refusal(Rule.TREE_PARENT_HASH)


def _is_parent_hash_valid(tree: RatchetTree, node: int, parent: ParentNode) -> bool:
    left, right = tree_math.left(node), tree_math.right(node)
    return _links_to(tree, left, right, parent) or _links_to(tree, right, left, parent)


def _links_to(tree: RatchetTree, child: int, sibling: int, parent: ParentNode) -> bool:
    """Tell whether exactly one node of the child's resolution carries the parent's hash.

    The rest of that resolution must be the parent's unmerged leaves beneath the child.
    """
    resolution = tree.resolution(child)
    unmerged = {2 * leaf for leaf in parent.unmerged_leaves if tree_math.is_below(2 * leaf, child)}
    merged = [node for node in resolution if node not in unmerged]
    if len(merged) != 1 or len(resolution) != len(unmerged) + 1:
        return False
    descendant = tree.nodes[merged[0]]
    if descendant is None or not descendant.parent_hash:
        return False
    return descendant.parent_hash == parent_hash(tree, parent, sibling)


def check_leaves(tree: RatchetTree, group_id: bytes, extensions: tuple[Extension, ...]) -> None:
    """Check every leaf's form, signature, and support for what the group uses (§7.3)."""
    check_supported(tree, extensions)
    leaves = list(tree.members())
    for _, leaf in leaves:
        check_leaf_form(leaf, tree.suite)

    def check_signatures(share: list[tuple[int, LeafNode]]) -> None:
        for index, leaf in share:
            placement = leaf_placement(leaf.source, group_id, index)
            if not leaf.signature_holds(tree.suite, placement):
                raise refusal(Rule.LEAF_SIGNATURE)

    if len(leaves) < LEAVES_FOR_THREADS_MIN:
        check_signatures(leaves)
        return
    # Signatures are four fifths of the time it takes to join a large group, and the library
    # verifies them outside the interpreter's lock.
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(check_signatures, (leaves[at::threads] for at in range(threads))):
            pass


def check_supported(tree: RatchetTree, extensions: tuple[Extension, ...]) -> None:
    """Check that all members support the group's extensions and each other's credentials."""
    # Most members have the very same capabilities: judge each kind of leaf once.
    distinct = {(leaf.capabilities, leaf.credential.kind): leaf for _, leaf in tree.members()}
    check_credentials_supported(distinct.values())
    for leaf in {capabilities: leaf for (capabilities, _), leaf in distinct.items()}.values():
        check_leaf_fits_group(leaf, extensions)


def check_credentials_supported(leaves: Iterable[LeafNode]) -> None:
    """Check that every leaf supports the credential types of all (§7.3)."""
    gathered = list(leaves)
    used = {leaf.credential.kind for leaf in gathered}
    for leaf in gathered:
        if not used.issubset(leaf.capabilities.credential_kinds):
            raise refusal(Rule.LEAF_CREDENTIAL_UNSUPPORTED)
