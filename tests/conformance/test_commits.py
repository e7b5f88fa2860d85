"""RFC 9420 §12.4.2 and §7.5: commits and their paths, as the others judge them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from enigm.crypto.mls.commit import Commit, ProposalReference
from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.framing import FrameAuth, VerifiedContent
from enigm.crypto.mls.leaf_node import LeafNode, LeafSource
from enigm.crypto.mls.proposals import GroupContextExtensions, Remove
from enigm.crypto.mls.update_path import HpkeCiphertext, UpdatePath
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import Forger, refused, refuses
from tests.support.mls import agree

if TYPE_CHECKING:
    from collections.abc import Callable


def with_path(trio: Trio, change: Callable[[UpdatePath], UpdatePath]) -> bytes:
    """A commit of Alice without proposals whose path is changed."""
    _, made = trio.forger.path()
    return trio.forger.says(Commit((), change(made.update)))


def with_leaf(trio: Trio, **changes: Any) -> bytes:
    """The same with a changed leaf, signed again."""

    def change(path: UpdatePath) -> UpdatePath:
        return replace(path, leaf=trio.forger.path_leaf(path.leaf, **changes))

    return with_path(trio, change)


def retagged(trio: Trio, tag: bytes) -> bytes:
    """A proper commit of Alice with another confirmation tag."""
    frame = trio.forger.honest_frame().authenticated
    auth = FrameAuth(frame.auth.signature, tag)
    return trio.forger.public(VerifiedContent(frame.wire_format, frame.content, auth))


@pytest.mark.parametrize("tag", [b"", bytes(32), bytes(31)])
def test_rfc9420_12_4_2_a_wrong_confirmation_tag_is_refused(trio: Trio, tag: bytes) -> None:
    refused(trio.bob, retagged(trio, tag), Rule.COMMIT_CONFIRMATION)


def test_a_bad_commit_does_not_block_the_good_one(trio: Trio) -> None:
    refused(trio.bob, retagged(trio, bytes(32)), Rule.COMMIT_CONFIRMATION)
    trio.everybody_agrees()


def test_rfc9420_12_4_2_a_reference_to_an_unknown_proposal_is_refused(trio: Trio) -> None:
    reference = ProposalReference(bytes(32))
    refused(trio.bob, trio.forger.commits(reference), Rule.PROPOSAL_UNKNOWN)


def test_rfc9420_12_4_2_a_proposal_of_an_earlier_epoch_cannot_be_committed(trio: Trio) -> None:
    received = trio.bob.group.process(Forger(trio.carol).says(Remove(0)))
    trio.everybody_agrees()
    reference = ProposalReference(received.reference)
    refused(trio.bob, trio.forger.commits(reference), Rule.PROPOSAL_UNKNOWN)


@pytest.mark.parametrize(
    "proposals",
    [(), (Remove(2),), (GroupContextExtensions(()),)],
    ids=["none", "remove", "extensions"],
)
def test_rfc9420_12_4_a_commit_that_needs_a_path_and_has_none_is_refused(
    trio: Trio, proposals: tuple[Any, ...]
) -> None:
    refused(trio.bob, trio.forger.commits(*proposals, path=False), Rule.PATH_MISSING)


@pytest.mark.parametrize("keep", [0, 1, 3], ids=["none", "too few", "too many"])
def test_rfc9420_7_5_a_path_of_another_length_is_refused(trio: Trio, keep: int) -> None:
    def change(path: UpdatePath) -> UpdatePath:
        return replace(path, nodes=(path.nodes * 2)[:keep])

    refused(trio.bob, with_path(trio, change), Rule.PATH_LENGTH)


@pytest.mark.parametrize("count", [0, 2])
def test_rfc9420_7_5_a_path_node_with_missing_or_extra_ciphertexts_is_refused(
    trio: Trio, count: int
) -> None:
    def change(path: UpdatePath) -> UpdatePath:
        first, *others = path.nodes
        secrets = first.encrypted_path_secrets * count
        return replace(path, nodes=(replace(first, encrypted_path_secrets=secrets), *others))

    refused(trio.bob, with_path(trio, change), Rule.PATH_CIPHERTEXTS)


def test_rfc9420_7_5_a_path_secret_that_does_not_open_is_refused(trio: Trio) -> None:
    def change(path: UpdatePath) -> UpdatePath:
        first, *others = path.nodes
        spoiled = (HpkeCiphertext(bytes(range(32)), bytes(48)),)
        return replace(path, nodes=(replace(first, encrypted_path_secrets=spoiled), *others))

    refused(trio.bob, with_path(trio, change), Rule.HPKE_OPEN)


def test_rfc9420_7_5_a_path_secret_that_gives_another_key_is_refused(trio: Trio) -> None:
    context, made = trio.forger.path()
    bob_key = trio.bob.group.state.epoch.own_leaf.encryption_key
    other = trio.forger.suite.encrypt_with_label(
        bob_key, b"UpdatePathNode", context.encoded(), bytes(32)
    )
    first, *others = made.update.nodes
    lying = replace(first, encrypted_path_secrets=(HpkeCiphertext(*other),))
    path = replace(made.update, nodes=(lying, *others))
    refused(trio.bob, trio.forger.says(Commit((), path)), Rule.PATH_KEY_MISMATCH)


def test_rfc9420_12_4_2_a_path_key_that_is_in_the_tree_is_refused(trio: Trio) -> None:
    key = trio.carol.group.state.epoch.own_leaf.encryption_key

    def change(path: UpdatePath) -> UpdatePath:
        first, *others = path.nodes
        return replace(path, nodes=(replace(first, encryption_key=key), *others))

    refused(trio.bob, with_path(trio, change), Rule.PATH_KEY_REPEATED)


def test_rfc9420_12_4_2_one_path_key_twice_is_refused(trio: Trio) -> None:
    def change(path: UpdatePath) -> UpdatePath:
        first, last = path.nodes
        key = last.encryption_key
        return replace(path, nodes=(replace(first, encryption_key=key), last))

    refused(trio.bob, with_path(trio, change), Rule.PATH_KEY_REPEATED)


def test_rfc9420_7_5_a_path_key_that_the_leaf_does_not_vouch_for_is_refused(trio: Trio) -> None:
    stranger = trio.forger.suite.hpke.derive_key_pair(b"stranger" * 4).public

    def change(path: UpdatePath) -> UpdatePath:
        first, *others = path.nodes
        return replace(path, nodes=(replace(first, encryption_key=stranger), *others))

    refused(trio.bob, with_path(trio, change), Rule.PATH_PARENT_HASH)


@pytest.mark.parametrize("parent_hash", [b"", bytes(32)])
def test_rfc9420_7_9_a_path_with_a_wrong_parent_hash_is_refused(
    trio: Trio, parent_hash: bytes
) -> None:
    forged = with_leaf(trio, parent_hash=parent_hash)
    refused(trio.bob, forged, Rule.PATH_PARENT_HASH)


@pytest.mark.parametrize("source", [LeafSource.UPDATE, LeafSource.KEY_PACKAGE])
def test_rfc9420_7_3_a_path_leaf_without_its_source_is_refused(
    trio: Trio, source: LeafSource
) -> None:
    refused(trio.bob, with_leaf(trio, source=source), Rule.LEAF_SOURCE)


def test_rfc9420_7_3_a_path_leaf_signed_by_another_key_is_refused(trio: Trio) -> None:
    private = trio.carol.identity.signature_private
    refused(trio.bob, with_leaf(trio, private=private), Rule.LEAF_SIGNATURE)


def test_rfc9420_7_3_a_path_leaf_that_keeps_its_key_is_refused(trio: Trio) -> None:
    key = trio.alice.group.state.epoch.own_leaf.encryption_key
    refused(trio.bob, with_leaf(trio, encryption_key=key), Rule.LEAF_KEY_UNCHANGED)


def test_rfc9420_7_3_a_path_leaf_with_a_members_encryption_key_is_refused(trio: Trio) -> None:
    key = trio.carol.group.state.epoch.own_leaf.encryption_key
    refused(trio.bob, with_leaf(trio, encryption_key=key), Rule.LEAF_ENCRYPTION_KEY_REPEATED)


def test_rfc9420_7_3_a_path_leaf_with_a_members_signature_key_is_refused(trio: Trio) -> None:
    carol = trio.carol.identity
    forged = with_leaf(trio, signature_key=carol.signature_public, private=carol.signature_private)
    refused(trio.bob, forged, Rule.LEAF_SIGNATURE_KEY_REPEATED)


def test_rfc9420_7_3_a_path_leaf_of_another_group_or_place_is_refused(trio: Trio) -> None:
    elsewhere = Forger(trio.carol)

    def change(path: UpdatePath) -> UpdatePath:
        leaf: LeafNode = elsewhere.path_leaf(path.leaf, private=trio.forger.signature_private)
        return replace(path, leaf=leaf)

    refused(trio.bob, with_path(trio, change), Rule.LEAF_SIGNATURE)


def test_rfc9420_7_3_a_path_leaf_without_the_groups_suite_is_refused(trio: Trio) -> None:
    leaf = trio.alice.group.state.epoch.own_leaf
    capabilities = replace(leaf.capabilities, suites=(3,))
    refused(trio.bob, with_leaf(trio, capabilities=capabilities), Rule.LEAF_SUITE)


def test_rfc9420_7_6_no_path_secret_is_sealed_to_a_member_that_the_commit_adds(
    trio: Trio,
) -> None:
    """A committer that seals to the newcomer too sends one ciphertext too many."""
    _, made = trio.forger.path()
    *first, last = made.update.nodes
    more = replace(last, encrypted_path_secrets=last.encrypted_path_secrets * 2)
    path = replace(made.update, nodes=(*first, more))
    refused(trio.carol, trio.forger.says(Commit((), path)), Rule.PATH_CIPHERTEXTS)


def test_rfc9420_12_3_a_removed_member_can_do_nothing_more(trio: Trio) -> None:
    commit = trio.alice.commit(Remove(2))
    trio.bob.follow(commit)
    trio.carol.follow(commit)
    assert not trio.carol.group.is_active
    refuses(lambda: trio.carol.group.encrypt(b"hello"), Rule.GROUP_LEFT)
    refuses(trio.carol.group.commit, Rule.GROUP_LEFT)
    refused(trio.carol, trio.alice.group.encrypt(b"hello"), Rule.GROUP_LEFT)


def test_a_removed_member_cannot_follow_with_the_old_epochs_keys(trio: Trio) -> None:
    before = trio.carol.group.serialize()
    commit = trio.alice.commit(Remove(2))
    trio.bob.follow(commit)
    later = trio.alice.commit()
    refused(trio.carol, later, Rule.MESSAGE_EPOCH_FUTURE)
    refused(trio.carol, trio.alice.group.encrypt(b"secret"), Rule.MESSAGE_EPOCH_FUTURE)
    assert trio.carol.group.serialize() == before


def test_a_stranger_cannot_follow_a_group(trio: Trio) -> None:
    stranger = person("stranger")
    stranger.create(trio.alice.group.group_id)
    for _ in range(trio.alice.group.epoch):
        stranger.commit()
    refused(stranger, trio.alice.group.encrypt(b"secret"), Rule.MESSAGE_SENDER_CIPHERTEXT)
    refused(stranger, trio.alice.commit(), Rule.MESSAGE_OWN)


def test_self_update_empty_commit_and_remove_are_followed_by_everybody(trio: Trio) -> None:
    for commit in (
        trio.alice.commit,
        lambda: trio.alice.commit(Remove(2)),
    ):
        message = commit()
        trio.bob.follow(message)
        trio.carol.follow(message)
        agree(trio.alice, trio.bob)
