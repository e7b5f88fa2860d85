"""RFC 9420 §12.4.3.2: joining from outside, and what the members check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from enigm.crypto.mls.commit import Commit, ProposalReference
from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.extensions import EXTERNAL_PUB, Extension
from enigm.crypto.mls.framing import (
    FrameAuth,
    FramedContent,
    VerifiedContent,
    WireFormat,
    sign_content,
)
from enigm.crypto.mls.group_info import GroupInfoSigner, sign_group_info
from enigm.crypto.mls.leaf_node import LeafOrigin, LeafSource, leaf_placement
from enigm.crypto.mls.member.external import ExternalJoinOptions
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.messages import PublicMessage, decode_group_info, decode_message
from enigm.crypto.mls.messages import encode_message as wrap
from enigm.crypto.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Remove,
)
from tests.conformance.conftest import IN_THE_CLEAR, Trio, person
from tests.support.frankenstein import Forger, refused, refuses, resigned
from tests.support.mls import Person, agree

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.crypto.mls.update_path import UpdatePath


def outside_join(trio: Trio, dave: Person, options: ExternalJoinOptions | None = None) -> bytes:
    """Dave joins from outside with Alice's group info; return his commit, not merged yet."""
    info = trio.alice.group.group_info()
    dave.group = Group.join_externally(dave.needs, info, dave.identity, options, IN_THE_CLEAR)
    assert dave.group.pending is not None
    return dave.group.pending.message


def again(trio: Trio, dave: Person, change: Callable[[Commit], Commit]) -> bytes:
    """Dave's commit with changes, signed again by him."""
    decoded = decode_message(outside_join(trio, dave))
    assert isinstance(decoded, PublicMessage)
    frame = decoded.authenticated
    assert isinstance(frame.content.body, Commit)
    content = FramedContent.make(frame.content.header, change(frame.content.body))
    context = trio.alice.group.state.epoch.context_encoded
    private = dave.identity.signature_private
    signed = sign_content(dave.suite, private, frame.wire_format, content, context)
    auth = FrameAuth(signed.auth.signature, frame.auth.confirmation_tag)
    return trio.forger.public(VerifiedContent(frame.wire_format, content, auth))


def with_proposals(trio: Trio, *more: Any, first: bool = True) -> bytes:
    def change(commit: Commit) -> Commit:
        kept = commit.proposals if first else ()
        return replace(commit, proposals=(*kept, *more))

    return again(trio, person("dave"), change)


def test_a_newcomer_joins_from_outside(trio: Trio) -> None:
    dave = person("dave")
    commit = outside_join(trio, dave)
    for member in (trio.alice, trio.bob, trio.carol):
        member.follow(commit)
    dave.group.merge_pending()
    agree(trio.alice, trio.bob, trio.carol, dave)


def test_a_member_that_lost_its_state_takes_its_place_again(trio: Trio) -> None:
    options = ExternalJoinOptions(replaces_leaf=2)
    commit = outside_join(trio, trio.carol, options)
    for member in (trio.alice, trio.bob):
        member.follow(commit)
    trio.carol.group.merge_pending()
    agree(trio.alice, trio.bob, trio.carol)
    assert len(trio.bob.group.members()) == 3


@pytest.mark.parametrize("count", [0, 2])
def test_rfc9420_12_2_an_external_commit_needs_exactly_one_external_init(
    trio: Trio, count: int
) -> None:
    more = [ExternalInit(bytes(32))] * (count - 1) if count else []
    forged = with_proposals(trio, *more, first=count > 0)
    refused(trio.bob, forged, Rule.EXTERNAL_INIT_COUNT)


def test_rfc9420_12_2_an_external_commit_removes_at_most_one(trio: Trio) -> None:
    forged = with_proposals(trio, Remove(1), Remove(2))
    refused(trio.bob, forged, Rule.EXTERNAL_REMOVE_COUNT)


@pytest.mark.parametrize("kind", ["add", "extensions", "reinit"])
def test_rfc9420_12_2_an_external_commit_holds_no_other_proposals(trio: Trio, kind: str) -> None:
    proposals = {
        "add": Add.of(person("erin").key_package()),
        "extensions": GroupContextExtensions(()),
        "reinit": ReInit(b"new", 1, 1),
    }
    refused(trio.bob, with_proposals(trio, proposals[kind]), Rule.EXTERNAL_PROPOSAL_KIND)


def test_rfc9420_12_4_3_2_an_external_commit_holds_no_references(trio: Trio) -> None:
    unknown = ProposalReference(bytes(32))
    refused(trio.bob, with_proposals(trio, unknown), Rule.EXTERNAL_BY_REFERENCE)
    received = trio.bob.group.process(Forger(trio.carol).says(Remove(0)))
    known = ProposalReference(received.reference)
    refused(trio.bob, with_proposals(trio, known), Rule.EXTERNAL_BY_REFERENCE)


def test_rfc9420_12_4_3_2_an_external_commit_without_a_path_is_refused(trio: Trio) -> None:
    forged = again(trio, person("dave"), lambda commit: replace(commit, path=None))
    refused(trio.bob, forged, Rule.PATH_MISSING)


def test_rfc9420_12_2_an_external_commit_with_one_key_twice_is_refused(trio: Trio) -> None:
    psk = PreSharedKey.external(b"name", bytes(32))
    refused(trio.bob, with_proposals(trio, psk, psk), Rule.PSK_REPEATED)


def test_rfc9420_8_4_an_external_commit_with_an_unknown_key_is_refused(trio: Trio) -> None:
    psk = PreSharedKey.external(b"name", bytes(32))
    refused(trio.bob, with_proposals(trio, psk), Rule.PSK_UNKNOWN)


@pytest.mark.parametrize("leaf", [3, 4, 2**32 - 1])
def test_rfc9420_12_1_3_an_external_commit_that_removes_nobody_is_refused(
    trio: Trio, leaf: int
) -> None:
    refused(trio.bob, with_proposals(trio, Remove(leaf)), Rule.REMOVE_BLANK)


@pytest.mark.parametrize("kem_output", [b"", bytes(31), bytes(32)])
def test_rfc9420_8_3_an_external_init_that_does_not_open_is_refused(
    trio: Trio, kem_output: bytes
) -> None:
    def change(commit: Commit) -> Commit:
        return replace(commit, proposals=(ExternalInit(kem_output),))

    refused(trio.bob, again(trio, person("dave"), change), Rule.HPKE_OPEN)


def test_rfc9420_8_3_an_external_init_of_another_secret_is_refused(trio: Trio) -> None:
    public = trio.forger.suite.hpke.derive_key_pair(b"any key" * 8).public

    def change(commit: Commit) -> Commit:
        return replace(commit, proposals=(ExternalInit(public),))

    refused(trio.bob, again(trio, person("dave"), change), Rule.COMMIT_CONFIRMATION)


def test_rfc9420_12_4_3_2_a_signature_by_another_key_is_refused(trio: Trio) -> None:
    dave, stranger = person("dave"), person("stranger")
    right = dave.identity

    def change(commit: Commit) -> Commit:
        dave.identity = stranger.identity
        return commit

    forged = again(trio, dave, change)
    dave.identity = right
    refused(trio.bob, forged, Rule.MESSAGE_SIGNATURE)


def leaf_again(trio: Trio, dave: Person, path: UpdatePath, **changes: Any) -> UpdatePath:
    source = changes.pop("source", LeafSource.COMMIT)
    placement = leaf_placement(source, trio.alice.group.group_id, 3)
    origin = LeafOrigin(source, None, path.leaf.parent_hash, placement)
    private = changes.pop("private", dave.identity.signature_private)
    return replace(path, leaf=resigned(dave.suite, path.leaf, private, origin=origin, **changes))


def with_leaf(trio: Trio, **changes: Any) -> bytes:
    dave = person("dave")

    def change(commit: Commit) -> Commit:
        assert commit.path is not None
        return replace(commit, path=leaf_again(trio, dave, commit.path, **changes))

    return again(trio, dave, change)


def test_rfc9420_7_3_a_newcomers_leaf_without_its_source_is_refused(trio: Trio) -> None:
    refused(trio.bob, with_leaf(trio, source=LeafSource.UPDATE), Rule.LEAF_SOURCE)


def test_rfc9420_7_3_a_newcomers_leaf_with_a_members_encryption_key_is_refused(
    trio: Trio,
) -> None:
    key = trio.carol.group.state.epoch.own_leaf.encryption_key
    forged = with_leaf(trio, encryption_key=key)
    refused(trio.bob, forged, Rule.LEAF_ENCRYPTION_KEY_REPEATED)


def test_rfc9420_7_3_a_newcomers_leaf_with_an_extension_it_lacks_is_refused(
    trio: Trio,
) -> None:
    forged = with_leaf(trio, extensions=(Extension(0xF123, b""),))
    refused(trio.bob, forged, Rule.LEAF_EXTENSION_UNSUPPORTED)


def test_a_member_cannot_join_itself_from_outside_without_removing_itself(trio: Trio) -> None:
    elsewhere = person("another device of Carol")
    info = trio.alice.group.group_info()
    refuses(
        lambda: Group.join_externally(elsewhere.needs, info, trio.carol.identity),
        Rule.LEAF_SIGNATURE_KEY_REPEATED,
    )


# What the newcomer checks


def changed_info(trio: Trio, **changes: Any) -> bytes:
    info = decode_group_info(trio.alice.group.group_info())
    extensions = changes.pop("extensions", info.extensions)
    signer = changes.pop("signer", 0)
    private = changes.pop("private", trio.alice.identity.signature_private)
    context = replace(info.context, **{k.rstrip("_"): v for k, v in changes.items()})
    content = sign_group_info(
        context,
        extensions,
        info.confirmation_tag,
        GroupInfoSigner(trio.alice.suite, signer, private),
    )
    return wrap(WireFormat.GROUP_INFO, content)


def joining_refused(group_info: bytes, rule: Rule) -> None:
    dave = person("dave")
    refuses(lambda: Group.join_externally(dave.needs, group_info, dave.identity), rule)


def test_rfc9420_12_4_3_2_a_group_info_without_an_external_key_is_refused(trio: Trio) -> None:
    info = decode_group_info(trio.alice.group.group_info())
    without = tuple(e for e in info.extensions if e.kind != EXTERNAL_PUB)
    joining_refused(changed_info(trio, extensions=without), Rule.GROUP_INFO_EXTERNAL_KEY)


def test_rfc9420_8_3_a_malformed_external_key_is_refused(trio: Trio) -> None:
    info = decode_group_info(trio.alice.group.group_info())
    kept = [e for e in info.extensions if e.kind != EXTERNAL_PUB]
    short = Extension(EXTERNAL_PUB, b"\x05short")
    joining_refused(changed_info(trio, extensions=(*kept, short)), Rule.HPKE_KEY)


def test_rfc9420_12_4_3_2_a_group_info_without_a_tree_is_refused(trio: Trio) -> None:
    info = trio.alice.group.group_info(with_ratchet_tree=False)
    joining_refused(info, Rule.TREE_MISSING)


def test_rfc9420_12_4_3_2_a_group_info_signed_by_another_is_refused(trio: Trio) -> None:
    joining_refused(changed_info(trio, signer=1), Rule.GROUP_INFO_SIGNATURE)
    joining_refused(changed_info(trio, signer=3), Rule.GROUP_INFO_SIGNER)


def test_rfc9420_12_4_3_2_a_group_info_of_another_tree_is_refused(trio: Trio) -> None:
    joining_refused(changed_info(trio, tree_hash=bytes(32)), Rule.TREE_HASH)


def test_rfc9420_5_1_a_group_of_an_unknown_suite_is_refused(trio: Trio) -> None:
    joining_refused(changed_info(trio, suite_number=0x7777), Rule.SUITE_UNKNOWN)


def test_rfc9420_12_4_3_2_a_group_that_requires_what_we_lack_is_refused(trio: Trio) -> None:
    unknown = (Extension(0xF123, b""),)
    joining_refused(changed_info(trio, extensions_=unknown), Rule.LEAF_GROUP_EXTENSION)


def test_rfc9420_12_4_3_2_other_messages_are_no_group_info(trio: Trio) -> None:
    joining_refused(trio.carol.key_package(), Rule.MESSAGE_KIND)
