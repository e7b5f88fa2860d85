"""Groups live: members come, speak, renew their keys and go."""

from __future__ import annotations

import pytest

from enigm.crypto.mls.ciphersuite import HYBRID, Suite
from enigm.crypto.mls.extensions import POLICY, Extension
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.group import JoinOptions
from enigm.crypto.mls.member.joining import welcome_recipients
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.member.outcomes import OwnCommit, ProposalReceived
from enigm.crypto.mls.proposals import GroupContextExtensions, PreSharedKey, Remove
from tests.crypto.mls.party import (
    GROUP_ID,
    SUITES,
    Party,
    assert_agreement,
    commit,
    deliver_commit,
    follow,
    meet,
    read,
    refused,
)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: hex(suite.number))
def test_people_who_were_added_agree_and_read_each_other(suite: Suite) -> None:
    assert_agreement(*meet("ann", "bob", "cy", "dee", suite=suite))


def test_a_member_can_be_alone() -> None:
    (ann,) = meet("ann")
    ann.group.commit()
    ann.group.merge_pending()
    assert ann.group.epoch == 1


@pytest.mark.parametrize("encrypted", [True, False])
def test_every_member_can_renew_its_keys(encrypted: bool) -> None:
    people = meet("ann", "bob", "cy", settings=Settings(encrypted_handshakes=encrypted))
    for person in people:
        commit(person, people)
        assert_agreement(*people)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: hex(suite.number))
def test_a_removed_member_cannot_read_on(suite: Suite) -> None:
    ann, bob, cy = meet("ann", "bob", "cy", suite=suite)
    pending = ann.group.commit([Remove(bob.group.leaf_index)])
    summary = follow(bob, pending.message)
    assert summary.removes_me
    assert not bob.group.is_active
    follow(cy, pending.message)
    ann.group.merge_pending()
    assert_agreement(ann, cy)
    with refused("mls.group.left"):
        bob.group.process(ann.group.encrypt(b"secret"))


def test_a_proposed_removal_takes_effect_with_anyones_commit() -> None:
    people = meet("ann", "bob", "cy")
    ann, bob, cy = people
    message = bob.group.propose(Remove(ann.group.leaf_index))
    for person in (ann, cy):
        assert isinstance(person.group.process(message), ProposalReceived)
    pending = commit(cy, people)
    assert [member.credential.body for member in pending.staged.summary.removed] == [b"ann"]
    assert_agreement(bob, cy)


def test_nobody_speaks_while_proposals_wait() -> None:
    ann, bob = meet("ann", "bob")
    bob.group.process(ann.group.propose_update())
    with refused("mls.commit.required"):
        bob.group.encrypt(b"too early")


def test_a_proposed_update_replaces_the_identity_when_another_commits_it() -> None:
    people = meet("ann", "bob", "cy")
    ann, bob, cy = people
    fresh = ann.new_identity()
    message = ann.group.propose_update(fresh)
    for person in (bob, cy):
        person.group.process(message)
    commit(bob, people)
    assert cy.group.members()[0].signature_key == fresh.signature_public
    assert_agreement(*people)


def test_our_own_update_gives_way_to_our_own_commit() -> None:
    people = meet("ann", "bob")
    ann, bob = people
    bob.group.process(ann.group.propose_update())
    commit(ann, people)
    assert_agreement(*people)


def test_a_commit_can_change_our_identity() -> None:
    people = meet("ann", "bob")
    fresh = people[0].new_identity()
    commit(people[0], people, options=CommitOptions(identity=fresh))
    assert people[1].group.members()[0].signature_key == fresh.signature_public
    assert_agreement(*people)


def test_a_discarded_commit_leaves_no_trace_in_the_group() -> None:
    people = meet("ann", "bob")
    ann, bob = people
    ann.group.commit()
    ann.group.discard_pending()
    commit(bob, people)
    assert_agreement(*people)


def test_of_two_commits_at_once_one_wins_and_the_loser_goes_on() -> None:
    people = meet("ann", "bob", "cy")
    ann, bob, cy = people
    late = bob.group.commit()
    commit(ann, people)
    assert bob.group.pending is None
    with refused("mls.message.epoch_past"):
        cy.group.process(late.message)
    commit(bob, people)
    assert_agreement(*people)


def test_our_own_commit_is_known_when_it_comes_back() -> None:
    ann, _bob = meet("ann", "bob")
    pending = ann.group.commit()
    assert isinstance(ann.group.process(pending.message), OwnCommit)


def test_our_own_message_is_known_when_it_comes_back() -> None:
    ann, _bob = meet("ann", "bob")
    with refused("mls.message.own"):
        ann.group.process(ann.group.encrypt(b"echo"))


def test_the_policy_extension_is_agreed_on_by_all() -> None:
    people = meet("ann", "bob", extensions=(Extension(POLICY, b"first"),))
    assert people[1].group.extensions == (Extension(POLICY, b"first"),)
    changed = (Extension(POLICY, b"second"),)
    commit(people[1], people, GroupContextExtensions(changed))
    assert people[0].group.extensions == changed
    assert_agreement(*people)


def test_pre_shared_keys_go_into_the_next_epoch() -> None:
    people = meet("ann", "bob")
    ann = people[0]
    nonces = [ann.entropy.random_bytes(ann.suite.hash_length) for _ in range(2)]
    epoch = ann.group.epoch
    psks = (
        PreSharedKey.external(b"coupon", nonces[0]),
        PreSharedKey.resumption(GROUP_ID, epoch, nonces[1]),
    )
    commit(ann, people, *psks)
    assert_agreement(*people)


def test_a_commit_with_a_key_that_we_lack_is_refused() -> None:
    ann, bob = meet("ann", "bob")

    class Nothing:
        def external(self, psk_id: bytes) -> bytes | None:
            return None

        def resumption(self, group_id: bytes, epoch: int) -> bytes | None:
            return None

    stranger = Party("bob", psks=Nothing())
    stranger.group = type(bob.group).restore(stranger.needs, bob.group.serialize())
    nonce = ann.entropy.random_bytes(ann.suite.hash_length)
    pending = ann.group.commit([PreSharedKey.external(b"coupon", nonce)])
    with refused("mls.psk.unknown"):
        stranger.group.process(pending.message)


def test_the_tree_can_come_beside_the_welcome() -> None:
    ann, bob = Party("ann"), Party("bob")
    ann.create()
    add, bundle = bob.add()
    pending = ann.group.commit([add], CommitOptions(ratchet_tree_in_welcome=False))
    ann.group.merge_pending()
    assert pending.welcome is not None
    assert welcome_recipients(pending.welcome) == (bundle.reference,)
    with refused("mls.tree.missing"):
        bob.join(pending.welcome, bundle)
    bob.join(pending.welcome, bundle, JoinOptions(ann.group.ratchet_tree()))
    assert_agreement(ann, bob)


def test_late_messages_of_kept_epochs_are_read_and_older_ones_are_not() -> None:
    people = meet("ann", "bob", settings=Settings(past_epochs_max=2))
    ann, bob = people
    messages: list[bytes] = []
    for number in range(4):
        messages.append(ann.group.encrypt(b"%d" % number))
        commit(bob, people)
    for number in (3, 2):
        assert read(bob, messages[number]) == b"%d" % number
    with refused("mls.message.epoch_past"):
        bob.group.process(messages[1])


def test_a_late_message_names_who_sat_at_the_leaf_then() -> None:
    people = meet("ann", "bob", "cy")
    ann, bob, cy = people
    late = cy.group.encrypt(b"farewell")
    commit(ann, people, Remove(cy.group.leaf_index))
    dee = Party("dee")
    add, bundle = dee.add()
    pending = ann.group.commit([add])
    deliver_commit(ann, [ann, bob])
    dee.join(pending.welcome, bundle)
    assert dee.group.leaf_index == 2
    received = bob.group.process(late)
    assert getattr(received, "credential").body == b"cy"  # noqa: B009


def test_messages_out_of_order_are_read_once_each() -> None:
    ann, bob = meet("ann", "bob", suite=HYBRID)
    messages = [ann.group.encrypt(b"%d" % number) for number in range(5)]
    for number in (4, 0, 3, 1, 2):
        assert read(bob, messages[number]) == b"%d" % number
    for message in messages:
        with refused("mls.secret_tree.consumed"):
            bob.group.process(message)


def test_a_message_too_far_ahead_is_refused() -> None:
    ann, bob = meet("ann", "bob", settings=Settings(forward_generations_max=3))
    messages = [ann.group.encrypt(b"x") for _ in range(6)]
    with refused("mls.secret_tree.too_far"):
        bob.group.process(messages[5])
    assert read(bob, messages[3]) == b"x"


def test_of_too_many_passed_over_messages_the_oldest_are_given_up() -> None:
    ann, bob = meet("ann", "bob", settings=Settings(skipped_keys_max=2))
    messages = [ann.group.encrypt(b"%d" % number) for number in range(5)]
    assert read(bob, messages[4]) == b"4"
    assert read(bob, messages[3]) == b"3"
    assert read(bob, messages[2]) == b"2"
    with refused("mls.secret_tree.consumed"):
        bob.group.process(messages[1])


def test_a_big_group_grows_and_shrinks() -> None:
    people = meet(*(f"p{number}" for number in range(20)))
    first = people[0]
    while len(people) > 2:
        leaving = people[-3:] if len(people) > 5 else people[-1:]
        staying = [person for person in people if person not in leaving]
        commit(first, staying, *(Remove(person.group.leaf_index) for person in leaving))
        people = staying
        commit(people[-1], people)
    assert_agreement(*people)
    assert first.group.state.epoch.tree.leaf_count == 2
