"""RFC 9420 §12.4.3.1, §7.9.2 and §12.4.3.3: the ratchet tree that a newcomer gets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from enigm.crypto.mls.codec import opaque, vector
from enigm.crypto.mls.credential import Credential
from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.extensions import (
    APPLICATION_ID,
    RATCHET_TREE,
    Extension,
)
from enigm.crypto.mls.leaf_node import LeafNode, LeafOrigin, LeafSource, leaf_placement
from enigm.crypto.mls.member.group import JoinOptions
from enigm.crypto.mls.ratchet_tree import ParentNode
from tests.conformance.conftest import Trio, person, welcome
from tests.support.frankenstein import OpenedWelcome, refuses, resigned
from tests.support.mls import Person, agree

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.crypto.mls.ratchet_tree import Node

UNKNOWN_KIND = 0xF123


def changed_tree(opened: OpenedWelcome, change: Callable[[list[Node]], None]) -> bytes:
    nodes = opened.nodes
    change(nodes)
    return opened.with_tree(nodes)


# The tree: that it is there, well-formed, and the right one


def test_rfc9420_12_4_3_3_a_welcome_without_a_tree_needs_one_beside(trio: Trio) -> None:
    dave = person("dave")
    opened = welcome(trio, dave, ratchet_tree_in_welcome=False)
    message = opened.sealed()
    opened.refused(message, Rule.TREE_MISSING)
    dave.join(message, JoinOptions(ratchet_tree=trio.alice.group.ratchet_tree()))
    agree(trio.alice, dave)


def test_rfc9420_12_4_3_1_a_tree_of_another_epoch_is_refused(trio: Trio) -> None:
    old = trio.alice.group.ratchet_tree()
    opened = welcome(trio, person("dave"), ratchet_tree_in_welcome=False)
    join = JoinOptions(ratchet_tree=old)
    refuses(lambda: opened.joiner.join(opened.sealed(), join), Rule.TREE_HASH)


def test_rfc9420_12_4_3_3_an_empty_tree_is_refused(opened: OpenedWelcome) -> None:
    opened.refused(opened.with_encoded_tree(vector([])), Rule.TREE_EMPTY)


def test_rfc9420_12_4_3_3_a_tree_that_ends_in_a_blank_node_is_refused(
    opened: OpenedWelcome,
) -> None:
    leaf = opened.nodes[0]
    assert leaf is not None
    encoded = opaque(b"\x01\x01" + leaf.encoded + b"\x00")
    opened.refused(opened.with_encoded_tree(encoded), Rule.TREE_EMPTY)


def test_rfc9420_12_4_3_3_a_leaf_in_a_parents_place_is_refused(opened: OpenedWelcome) -> None:
    leaf = opened.nodes[0]
    assert leaf is not None
    encoded = opaque((b"\x01\x01" + leaf.encoded) * 3)
    opened.refused(opened.with_encoded_tree(encoded), Rule.TREE_NODE_PLACE)


def test_rfc9420_12_4_3_3_a_parent_in_a_leafs_place_is_refused(opened: OpenedWelcome) -> None:
    parent = opened.nodes[1]
    assert isinstance(parent, ParentNode)
    encoded = opaque(b"\x01\x02" + parent.encoded)
    opened.refused(opened.with_encoded_tree(encoded), Rule.TREE_NODE_PLACE)


# The tree: parent nodes


def test_rfc9420_7_9_2_a_parent_with_another_key_is_refused(opened: OpenedWelcome) -> None:
    key = opened.joiner.suite.hpke.derive_key_pair(b"stranger" * 4).public

    def change(nodes: list[Node]) -> None:
        parent = nodes[1]
        assert isinstance(parent, ParentNode)
        nodes[1] = ParentNode.make(key, parent.parent_hash, parent.unmerged_leaves)

    opened.refused(changed_tree(opened, change), Rule.TREE_PARENT_HASH)


@pytest.mark.parametrize("parent_hash", [b"", bytes(32)])
def test_rfc9420_7_9_2_a_parent_with_another_parent_hash_is_refused(
    opened: OpenedWelcome, parent_hash: bytes
) -> None:
    def change(nodes: list[Node]) -> None:
        parent = nodes[1]
        assert isinstance(parent, ParentNode)
        nodes[1] = ParentNode.make(parent.encryption_key, parent_hash, parent.unmerged_leaves)

    opened.refused(changed_tree(opened, change), Rule.TREE_PARENT_HASH)


def test_rfc9420_7_9_2_a_parent_that_nobody_beneath_vouches_for_is_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    """A node planted by the signer, whose key would then read what is sealed to it."""
    key = opened.joiner.suite.hpke.derive_key_pair(b"stranger" * 4).public

    def change(nodes: list[Node]) -> None:
        assert nodes[5] is None
        nodes[5] = ParentNode.make(key, b"", (3,))

    nodes = opened.nodes
    change(nodes)
    message = opened.with_tree(opened.rechained(nodes, trio.bob))
    opened.refused(message, Rule.TREE_PARENT_HASH)


@pytest.mark.parametrize(
    "leaves",
    [(), (2, 3), (0, 3)],
    ids=["a new leaf hidden", "a merged leaf listed", "the committer listed"],
)
def test_rfc9420_7_9_2_another_list_of_unmerged_leaves_is_refused(
    opened: OpenedWelcome, leaves: tuple[int, ...]
) -> None:
    def change(nodes: list[Node]) -> None:
        root = nodes[3]
        assert isinstance(root, ParentNode)
        assert root.unmerged_leaves == (3,)
        nodes[3] = ParentNode.make(root.encryption_key, root.parent_hash, leaves)

    with pytest.raises(Exception) as caught:  # noqa: PT011 - the rules are checked below
        opened.joiner.join(changed_tree(opened, change))
    assert caught.value.rule in (Rule.TREE_PARENT_HASH, Rule.TREE_UNMERGED)


@pytest.mark.parametrize(
    ("node", "leaves"),
    [(1, (3,)), (3, (3, 3)), (3, (4,)), (3, (3, 2))],
    ids=["not beneath", "twice", "beyond the tree", "not sorted"],
)
def test_rfc9420_12_4_3_1_a_malformed_list_of_unmerged_leaves_is_refused(
    opened: OpenedWelcome, node: int, leaves: tuple[int, ...]
) -> None:
    def change(nodes: list[Node]) -> None:
        parent = nodes[node]
        assert isinstance(parent, ParentNode)
        nodes[node] = ParentNode.make(parent.encryption_key, parent.parent_hash, leaves)

    opened.refused(changed_tree(opened, change), Rule.TREE_UNMERGED)


def test_rfc9420_12_4_3_1_an_unmerged_leaf_that_is_blank_is_refused(trio: Trio) -> None:
    dave, erin = person("dave"), person("erin")
    welcome(trio, dave)
    opened = welcome(trio, erin)

    def change(nodes: list[Node]) -> None:
        nodes[6] = None

    opened.refused(changed_tree(opened, change), Rule.TREE_UNMERGED)


def test_rfc9420_12_4_3_1_two_parents_with_one_key_are_refused(opened: OpenedWelcome) -> None:
    def change(nodes: list[Node]) -> None:
        low, root = nodes[1], nodes[3]
        assert isinstance(low, ParentNode)
        assert isinstance(root, ParentNode)
        nodes[1] = ParentNode.make(root.encryption_key, low.parent_hash, low.unmerged_leaves)

    opened.refused(changed_tree(opened, change), Rule.TREE_KEY_REPEATED)


# The tree: leaves


def changed_leaf(opened: OpenedWelcome, trio: Trio, leaf_index: int, **changes: Any) -> bytes:
    """The Welcome with one leaf changed and signed again; Bob, who committed last, covers it up."""
    owner = (trio.alice, trio.bob, trio.carol, opened.joiner)[leaf_index]
    nodes = opened.nodes
    leaf = nodes[2 * leaf_index]
    assert isinstance(leaf, LeafNode)
    nodes[2 * leaf_index] = leaf_again(opened, leaf, owner, leaf_index, **changes)
    return opened.with_tree(opened.rechained(nodes, trio.bob))


def leaf_again(
    opened: OpenedWelcome, leaf: LeafNode, owner: Person, leaf_index: int, **changes: Any
) -> LeafNode:
    placement = leaf_placement(leaf.source, opened.info.context.group_id, leaf_index)
    origin = LeafOrigin(leaf.source, leaf.lifetime, leaf.parent_hash, placement)
    private = changes.pop("private", owner.identity.signature_private)
    return resigned(opened.joiner.suite, leaf, private, origin=origin, **changes)


def test_rfc9420_7_3_a_tree_leaf_with_a_wrong_signature_is_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    private = trio.bob.identity.signature_private
    message = changed_leaf(opened, trio, 2, private=private)
    opened.refused(message, Rule.LEAF_SIGNATURE)


def test_rfc9420_7_3_a_tree_leaf_in_another_place_is_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    nodes = opened.nodes
    leaf = nodes[0]
    assert isinstance(leaf, LeafNode)
    nodes[0] = leaf_again(opened, leaf, trio.alice, 2)
    message = opened.with_tree(opened.rechained(nodes, trio.bob))
    opened.refused(message, Rule.LEAF_SIGNATURE)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"versions": (2,)}, Rule.LEAF_VERSION),
        ({"suites": (3,)}, Rule.LEAF_SUITE),
        ({"credential_kinds": (2,)}, Rule.LEAF_CREDENTIAL_UNSUPPORTED),
    ],
    ids=["version", "suite", "credential"],
)
def test_rfc9420_7_3_a_tree_leaf_that_lacks_what_it_needs_is_refused(
    trio: Trio, opened: OpenedWelcome, changed: dict[str, tuple[int, ...]], rule: Rule
) -> None:
    leaf = opened.nodes[4]
    assert isinstance(leaf, LeafNode)
    capabilities = replace(leaf.capabilities, **changed)
    opened.refused(changed_leaf(opened, trio, 2, capabilities=capabilities), rule)


def test_rfc9420_7_3_a_tree_leaf_with_an_extension_it_does_not_support_is_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    message = changed_leaf(opened, trio, 2, extensions=(Extension(UNKNOWN_KIND, b""),))
    opened.refused(message, Rule.LEAF_EXTENSION_UNSUPPORTED)


def test_rfc9420_13_4_a_tree_leaf_with_an_extension_of_the_group_info_is_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    message = changed_leaf(opened, trio, 2, extensions=(Extension(RATCHET_TREE, b""),))
    opened.refused(message, Rule.EXTENSION_PLACE)


def test_rfc9420_7_3_a_tree_leaf_with_a_credential_that_others_lack_is_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    leaf = opened.nodes[4]
    assert isinstance(leaf, LeafNode)
    capabilities = replace(leaf.capabilities, credential_kinds=(1, 0xF00D))
    message = changed_leaf(
        opened,
        trio,
        2,
        capabilities=capabilities,
        credential=Credential(0xF00D, b"carol"),
    )
    opened.refused(message, Rule.LEAF_CREDENTIAL_UNSUPPORTED)


def test_rfc9420_7_3_two_tree_leaves_with_one_signature_key_are_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    identity = trio.alice.identity
    message = changed_leaf(
        opened,
        trio,
        2,
        signature_key=identity.signature_public,
        private=identity.signature_private,
    )
    opened.refused(message, Rule.LEAF_SIGNATURE_KEY_REPEATED)


def test_rfc9420_7_3_two_tree_leaves_with_one_encryption_key_are_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    alice = opened.nodes[0]
    assert alice is not None
    message = changed_leaf(opened, trio, 2, encryption_key=alice.encryption_key)
    opened.refused(message, Rule.LEAF_ENCRYPTION_KEY_REPEATED)


def test_rfc9420_12_4_3_1_a_tree_without_our_leaf_is_refused(
    trio: Trio, opened: OpenedWelcome
) -> None:
    opened.refused(
        changed_leaf(opened, trio, 3, extensions=(Extension(APPLICATION_ID, b"x"),)),
        Rule.WELCOME_LEAF,
    )


def test_a_leaf_of_an_update_has_no_lifetime_to_expire(trio: Trio) -> None:
    """§7.3: a joiner does not judge the lifetimes of those who are in the group."""
    trio.alice.needs.clock.advance(300 * 24 * 3600)
    dave = person("dave")
    dave.needs.clock.advance(300 * 24 * 3600)
    opened = welcome(trio, dave)
    leaf = opened.nodes[4]
    assert isinstance(leaf, LeafNode)
    assert leaf.source is LeafSource.KEY_PACKAGE
    dave.join(opened.sealed())
    agree(trio.alice, dave)
