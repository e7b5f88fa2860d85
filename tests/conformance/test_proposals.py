"""RFC 9420 §12.1 and §12.2: each proposal by itself, and which may stand together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from enigm.crypto.mls.codec import u16
from enigm.crypto.mls.commit import Commit, ProposalReference
from enigm.crypto.mls.credential import BASIC, Credential
from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.extensions import (
    APPLICATION_ID,
    EXTERNAL_PUB,
    POLICY,
    RATCHET_TREE,
    Extension,
    ExternalSender,
    RequiredCapabilities,
    external_senders_extension,
)
from enigm.crypto.mls.framing import Sender, SenderKind
from enigm.crypto.mls.leaf_node import LeafSource
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.identity import LeafOptions
from enigm.crypto.mls.member.state import RECEIVED_PROPOSALS_MAX
from enigm.crypto.mls.proposal_list import SentProposal
from enigm.crypto.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Remove,
    Update,
)
from enigm.crypto.mls.psk import PskId, ResumptionPsk, ResumptionUsage
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import Forger, refused, refuses
from tests.support.mls import Person, agree, group_of

NONCE = bytes(32)
UNKNOWN_KIND = 0xF123


def judged(trio: Trio, rule: Rule, *proposals: Any, path: bool = True) -> None:
    """Alice commits these by value and Bob refuses; honest Alice would not have made it."""
    refused(trio.bob, trio.forger.commits(*proposals, path=path), rule)
    refuses(lambda: trio.alice.group.commit(proposals), rule)


def sent_and_committed(trio: Trio, sender: Person, body: Any, rule: Rule) -> None:
    """Somebody sends a proposal; a commit that refers to it is refused."""
    proposal = Forger(sender).says(body)
    for other in (trio.alice, trio.bob, trio.carol):
        if other is not sender:
            other.follow(proposal)
    reference = next(iter(trio.bob.group.state.received.values())).reference
    refused(trio.bob, trio.forger.commits(ref(reference)), rule)


def ref(reference: bytes | None) -> ProposalReference:
    assert reference is not None
    return ProposalReference(reference)


# Update, §12.1.2


def test_rfc9420_12_1_2_an_update_without_its_source_is_refused(trio: Trio) -> None:
    leaf = Forger(trio.carol).update_leaf(source=LeafSource.COMMIT)
    sent_and_committed(trio, trio.carol, Update(leaf), Rule.LEAF_SOURCE)


def test_rfc9420_7_3_an_update_that_keeps_its_encryption_key_is_refused(trio: Trio) -> None:
    key = trio.carol.group.state.epoch.own_leaf.encryption_key
    leaf = Forger(trio.carol).update_leaf(encryption_key=key)
    sent_and_committed(trio, trio.carol, Update(leaf), Rule.LEAF_KEY_UNCHANGED)


def test_rfc9420_7_3_an_update_signed_by_another_key_is_refused(trio: Trio) -> None:
    leaf = Forger(trio.carol).update_leaf(private=trio.alice.identity.signature_private)
    sent_and_committed(trio, trio.carol, Update(leaf), Rule.LEAF_SIGNATURE)


def test_rfc9420_7_3_an_update_for_another_place_is_refused(trio: Trio) -> None:
    leaf = Forger(trio.alice).update_leaf()
    sent_and_committed(trio, trio.carol, Update(leaf), Rule.LEAF_SIGNATURE)


def test_rfc9420_7_3_an_update_with_a_members_encryption_key_is_refused(trio: Trio) -> None:
    key = trio.alice.group.state.epoch.own_leaf.encryption_key
    leaf = Forger(trio.carol).update_leaf(encryption_key=key)
    sent_and_committed(trio, trio.carol, Update(leaf), Rule.LEAF_ENCRYPTION_KEY_REPEATED)


def test_rfc9420_7_3_an_update_with_a_members_signature_key_is_refused(trio: Trio) -> None:
    identity = trio.bob.identity
    leaf = Forger(trio.carol).update_leaf(
        signature_key=identity.signature_public, private=identity.signature_private
    )
    sent_and_committed(trio, trio.carol, Update(leaf), Rule.LEAF_SIGNATURE_KEY_REPEATED)


def test_rfc9420_5_1_3_an_update_with_a_malformed_key_is_refused(trio: Trio) -> None:
    leaf = Forger(trio.carol).update_leaf(encryption_key=b"short")
    sent_and_committed(trio, trio.carol, Update(leaf), Rule.HPKE_KEY)


def test_rfc9420_12_2_an_update_of_the_committer_is_refused(trio: Trio) -> None:
    judged(trio, Rule.LIST_UPDATE_BY_COMMITTER, Update(trio.forger.update_leaf()))


def test_rfc9420_12_2_two_updates_of_one_leaf_are_refused(trio: Trio) -> None:
    references: list[Any] = []
    for _ in range(2):
        message = Forger(trio.carol).says(Update(Forger(trio.carol).update_leaf()))
        references.append(ref(trio.bob.group.process(message).reference))
    refused(trio.bob, trio.forger.commits(*references), Rule.LIST_LEAF_TWICE)


def test_rfc9420_12_2_an_update_and_a_remove_of_one_leaf_are_refused(trio: Trio) -> None:
    message = Forger(trio.carol).says(Update(Forger(trio.carol).update_leaf()))
    reference = ref(trio.bob.group.process(message).reference)
    refused(trio.bob, trio.forger.commits(reference, Remove(2)), Rule.LIST_LEAF_TWICE)


# Remove, §12.1.3


@pytest.mark.parametrize("leaf", [3, 4, 2**32 - 1], ids=["blank", "beyond", "far beyond"])
def test_rfc9420_12_1_3_removing_nobody_is_refused(trio: Trio, leaf: int) -> None:
    judged(trio, Rule.REMOVE_BLANK, Remove(leaf))


def test_rfc9420_12_2_removing_the_committer_is_refused(trio: Trio) -> None:
    judged(trio, Rule.LIST_REMOVES_COMMITTER, Remove(0))


def test_rfc9420_12_2_removing_one_leaf_twice_is_refused(trio: Trio) -> None:
    judged(trio, Rule.LIST_LEAF_TWICE, Remove(2), Remove(2))


# PreSharedKey, §12.1.4 and §8.4


def test_rfc9420_8_4_an_unknown_external_key_is_refused(trio: Trio) -> None:
    judged(trio, Rule.PSK_UNKNOWN, PreSharedKey.external(b"nobody knows", NONCE))


def test_rfc9420_8_4_a_key_that_only_the_committer_knows_is_refused(trio: Trio) -> None:
    trio.alice.needs.psks.externals[b"only Alice"] = b"secret"
    pending = trio.alice.group.commit([PreSharedKey.external(b"only Alice", NONCE)])
    refused(trio.bob, pending.message, Rule.PSK_UNKNOWN)


def test_rfc9420_8_4_a_different_key_under_the_same_name_is_refused(trio: Trio) -> None:
    trio.alice.needs.psks.externals[b"name"] = b"one secret"
    trio.bob.needs.psks.externals[b"name"] = b"another"
    pending = trio.alice.group.commit([PreSharedKey.external(b"name", NONCE)])
    refused(trio.bob, pending.message, Rule.COMMIT_CONFIRMATION)


@pytest.mark.parametrize("epoch", [999, 2**64 - 1])
def test_rfc9420_8_6_a_resumption_key_of_an_unknown_epoch_is_refused(
    trio: Trio, epoch: int
) -> None:
    psk = PreSharedKey.resumption(trio.bob.group.group_id, epoch, NONCE)
    judged(trio, Rule.PSK_UNKNOWN, psk)
    refuses(lambda: trio.bob.group.resumption_psk(epoch), Rule.PSK_UNKNOWN)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_rfc9420_12_1_4_a_nonce_of_another_length_is_refused(trio: Trio, length: int) -> None:
    judged(trio, Rule.PSK_NONCE, PreSharedKey.external(b"name", bytes(length)))


@pytest.mark.parametrize("usage", [ResumptionUsage.REINIT, ResumptionUsage.BRANCH])
def test_rfc9420_12_1_4_a_successors_key_in_an_ordinary_commit_is_refused(
    trio: Trio, usage: ResumptionUsage
) -> None:
    group = trio.alice.group
    psk = PreSharedKey(PskId(ResumptionPsk(usage, group.group_id, group.epoch), NONCE))
    judged(trio, Rule.PSK_USAGE, psk)


def test_rfc9420_12_2_one_key_twice_is_refused(trio: Trio) -> None:
    psk = PreSharedKey.resumption(trio.bob.group.group_id, trio.bob.group.epoch, NONCE)
    judged(trio, Rule.PSK_REPEATED, psk, psk)


# ReInit, §12.1.5


def test_rfc9420_12_2_a_reinit_beside_others_is_refused(trio: Trio) -> None:
    judged(trio, Rule.LIST_REINIT_NOT_ALONE, ReInit(b"new", 1, 1), Remove(2))


def test_rfc9420_12_1_5_a_reinit_to_an_older_version_is_refused(trio: Trio) -> None:
    judged(trio, Rule.REINIT_VERSION, ReInit(b"new", 0, 1))


# ExternalInit, §12.1.6


def test_rfc9420_12_2_an_external_init_by_a_member_is_refused(trio: Trio) -> None:
    judged(trio, Rule.LIST_EXTERNAL_INIT, ExternalInit(bytes(32)))


def test_rfc9420_12_1_8_an_external_init_proposed_by_a_member_is_refused(trio: Trio) -> None:
    refused(trio.bob, trio.forger.says(ExternalInit(bytes(32))), Rule.PROPOSAL_SENDER)
    refuses(lambda: trio.alice.group.propose(ExternalInit(bytes(32))), Rule.PROPOSAL_SENDER)


# GroupContextExtensions, §12.1.7


def test_rfc9420_12_1_7_an_extension_that_a_member_does_not_support_is_refused(
    trio: Trio,
) -> None:
    unknown = GroupContextExtensions((Extension(UNKNOWN_KIND, b""),))
    judged(trio, Rule.LEAF_GROUP_EXTENSION, unknown)


@pytest.mark.parametrize(
    "required",
    [
        RequiredCapabilities(extension_kinds=(UNKNOWN_KIND,)),
        RequiredCapabilities(proposal_kinds=(UNKNOWN_KIND,)),
        RequiredCapabilities(credential_kinds=(UNKNOWN_KIND,)),
    ],
    ids=["extension", "proposal", "credential"],
)
def test_rfc9420_12_1_7_requiring_what_a_member_lacks_is_refused(
    trio: Trio, required: RequiredCapabilities
) -> None:
    proposal = GroupContextExtensions((required.extension(),))
    judged(trio, Rule.LEAF_REQUIRED_CAPABILITY, proposal)


@pytest.mark.parametrize("kind", [RATCHET_TREE, EXTERNAL_PUB, APPLICATION_ID])
def test_rfc9420_13_4_extensions_that_do_not_belong_in_a_group_context_are_refused(
    trio: Trio, kind: int
) -> None:
    judged(trio, Rule.EXTENSION_PLACE, GroupContextExtensions((Extension(kind, b""),)))


def test_rfc9420_13_4_a_group_extension_that_occurs_twice_is_refused(trio: Trio) -> None:
    policy = Extension(POLICY, b"")
    message = trio.forger.says(GroupContextExtensions((policy, policy)))
    refused(trio.bob, message, Rule.EXTENSION_REPEATED)


def test_rfc9420_12_2_setting_the_extensions_twice_is_refused(trio: Trio) -> None:
    first = GroupContextExtensions((Extension(POLICY, b"first"),))
    second = GroupContextExtensions((Extension(POLICY, b"second"),))
    judged(trio, Rule.LIST_EXTENSIONS_TWICE, first, second)


def test_rfc9420_11_1_a_new_member_without_what_the_group_requires_is_refused() -> None:
    able = LeafOptions(proposal_kinds=(UNKNOWN_KIND,))
    alice, bob = person("alice", leaf=able), person("bob", leaf=able)
    required = RequiredCapabilities(proposal_kinds=(UNKNOWN_KIND,)).extension()
    alice.create(extensions=(required,))
    pending = alice.group.commit([Add.of(bob.key_package())])
    alice.group.merge_pending()
    assert pending.welcome is not None
    bob.join(pending.welcome)
    add = Add.of(person("dave").key_package())
    refused(bob, Forger(alice).commits(add, path=False), Rule.LEAF_REQUIRED_CAPABILITY)
    refuses(lambda: alice.group.commit([add]), Rule.LEAF_REQUIRED_CAPABILITY)


def test_rfc9420_11_1_a_creator_without_what_it_requires_is_refused() -> None:
    required = RequiredCapabilities(proposal_kinds=(UNKNOWN_KIND,)).extension()
    alice = person("alice")
    refuses(lambda: alice.create(extensions=(required,)), Rule.LEAF_REQUIRED_CAPABILITY)


# Unknown proposals, §12.2 and §17.4


def test_rfc9420_12_2_a_proposal_type_that_a_member_does_not_support_is_refused(
    trio: Trio,
) -> None:
    refused(trio.bob, trio.forger.raw_proposal(u16(UNKNOWN_KIND)), Rule.PROPOSAL_UNSUPPORTED)


# Proposals from outside, §12.1.8

OUTSIDER = person("outsider")


@pytest.fixture
def moderated() -> Trio:
    """A group that lets one outsider propose."""
    people = Trio(person("alice"), person("bob"), person("carol"))
    sender = ExternalSender(OUTSIDER.identity.signature_public, Credential.basic(b"the outsider"))
    group_of(people.alice, people.bob, people.carol)
    extensions = GroupContextExtensions((external_senders_extension((sender,)),))
    commit = people.alice.commit(extensions)
    people.bob.follow(commit)
    people.carol.follow(commit)
    return people


def outside(trio: Trio, body: Any, index: int = 0, private: bytes | None = None) -> bytes:
    key = OUTSIDER.identity.signature_private if private is None else private
    return trio.forger.says(body, sender=Sender(SenderKind.EXTERNAL, index), private=key)


def test_rfc9420_12_1_8_an_external_sender_may_propose_a_removal(moderated: Trio) -> None:
    message = outside(moderated, Remove(2))
    moderated.alice.follow(message)
    moderated.bob.follow(message)
    moderated.bob.follow(moderated.alice.commit())
    agree(moderated.alice, moderated.bob)
    assert [member.leaf_index for member in moderated.bob.group.members()] == [0, 1]


@pytest.mark.parametrize("index", [1, 2**32 - 1])
def test_rfc9420_12_1_8_1_an_external_sender_that_is_not_listed_is_refused(
    trio: Trio, moderated: Trio, index: int
) -> None:
    refused(moderated.bob, outside(moderated, Remove(2), index), Rule.MESSAGE_EXTERNAL_INDEX)
    refused(trio.bob, outside(trio, Remove(2)), Rule.MESSAGE_EXTERNAL_INDEX)


def test_rfc9420_12_1_8_1_an_external_sender_with_another_key_is_refused(
    moderated: Trio,
) -> None:
    key = person("stranger").identity.signature_private
    refused(moderated.bob, outside(moderated, Remove(2), private=key), Rule.MESSAGE_SIGNATURE)


def test_rfc9420_12_1_8_what_an_external_sender_may_not_propose_is_refused(
    moderated: Trio,
) -> None:
    update = Update(moderated.forger.update_leaf())
    for body in (update, ExternalInit(bytes(32))):
        refused(moderated.bob, outside(moderated, body), Rule.PROPOSAL_SENDER)


def new_member(trio: Trio, body: Any, private: bytes) -> bytes:
    sender = Sender(SenderKind.NEW_MEMBER_PROPOSAL)
    return trio.forger.says(body, sender=sender, private=private)


def test_rfc9420_12_1_8_a_new_member_may_propose_itself(trio: Trio) -> None:
    dave = person("dave")
    add = Add.of(dave.key_package())
    message = new_member(trio, add, dave.identity.signature_private)
    for member in (trio.alice, trio.bob):
        member.follow(message)
    pending = trio.alice.group.commit()
    trio.alice.group.merge_pending()
    trio.bob.follow(pending.message)
    assert pending.welcome is not None
    dave.join(pending.welcome)
    agree(trio.alice, trio.bob, dave)


def test_rfc9420_12_1_8_a_new_member_that_proposes_another_is_refused(trio: Trio) -> None:
    dave, erin = person("dave"), person("erin")
    add = Add.of(erin.key_package())
    message = new_member(trio, add, dave.identity.signature_private)
    refused(trio.bob, message, Rule.MESSAGE_SIGNATURE)


def test_rfc9420_12_1_8_a_new_member_that_proposes_anything_else_is_refused(
    trio: Trio,
) -> None:
    message = new_member(trio, Remove(2), person("dave").identity.signature_private)
    refused(trio.bob, message, Rule.PROPOSAL_SENDER)


# What a committer does with bad proposals of others


def test_rfc9420_12_4_2_a_commit_leaves_out_what_is_not_valid(trio: Trio) -> None:
    leaf = Forger(trio.carol).update_leaf(source=LeafSource.COMMIT)
    message = Forger(trio.carol).says(Update(leaf))
    trio.alice.follow(message)
    trio.bob.follow(message)
    commit = trio.alice.commit(options=CommitOptions(include_received=True))
    trio.bob.follow(commit)
    agree(trio.alice, trio.bob)


def test_rfc9420_12_4_proposals_must_be_committed_before_anything_is_sent(trio: Trio) -> None:
    trio.bob.follow(trio.alice.group.propose(Remove(2)))
    refuses(lambda: trio.bob.group.encrypt(b"hello"), Rule.COMMIT_REQUIRED)


def test_rfc9420_7_3_an_update_whose_credential_the_others_do_not_support_is_refused(
    trio: Trio,
) -> None:
    leaf = trio.carol.group.state.epoch.own_leaf
    capabilities = replace(leaf.capabilities, credential_kinds=(BASIC, 0xF00D))
    changed = Forger(trio.carol).update_leaf(
        credential=Credential(0xF00D, b"carol"), capabilities=capabilities
    )
    received = trio.bob.group.process(Forger(trio.carol).says(Update(changed)))
    _, path = trio.forger.path(SentProposal(Update(changed), Sender.member(2), b""))
    commit = Commit((ProposalReference(received.reference),), path.update)
    refused(trio.bob, trio.forger.says(commit), Rule.LEAF_CREDENTIAL_UNSUPPORTED)


def test_no_more_proposals_are_kept_than_our_limit(trio: Trio) -> None:
    received = trio.bob.group.state.received
    trio.bob.follow(Forger(trio.carol).says(Remove(0)))
    sent = next(iter(received.values()))
    for number in range(RECEIVED_PROPOSALS_MAX - 1):
        received[b"%d" % number] = sent
    refused(trio.bob, trio.forger.says(Remove(2)), Rule.PROPOSAL_TOO_MANY)
