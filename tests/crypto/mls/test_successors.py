"""Groups that continue groups: re-initialised and branched (RFC 9420 §11.2, §11.3)."""

from __future__ import annotations

import pytest

from enigm.crypto.mls.ciphersuite import AES128, HYBRID
from enigm.crypto.mls.extensions import POLICY, Extension
from enigm.crypto.mls.member.creation import NewGroup
from enigm.crypto.mls.member.group import Group, JoinOptions
from enigm.crypto.mls.member.identity import Identity, KeyPackageBundle, new_key_package
from enigm.crypto.mls.proposals import PreSharedKey, ReInit
from enigm.crypto.mls.psk import PskId, ResumptionPsk, ResumptionUsage
from tests.crypto.mls.party import Party, assert_agreement, commit, meet, refused

POLICY_2 = (Extension(POLICY, b"two"),)


def _hybrid_bundle(person: Party) -> KeyPackageBundle:
    return new_key_package(person.needs, HYBRID, person.identity)


def _reinitialised() -> list[Party]:
    people = meet("ann", "bob", "cy")
    commit(people[0], people, ReInit(b"new group", 1, HYBRID.number, POLICY_2))
    return people


def test_a_group_moves_to_the_hybrid_suite_by_reinit() -> None:
    people = _reinitialised()
    ann, *others = people
    bundles = [_hybrid_bundle(person) for person in others]
    successor = ann.group.reinitialise(ann.identity, [bundle.message for bundle in bundles])
    pending = successor.pending
    assert pending is not None
    successor.merge_pending()
    for person, bundle in zip(others, bundles, strict=True):
        person.join(pending.welcome, bundle, JoinOptions(predecessor=person.group))
    ann.group = successor
    assert {person.group.suite.number for person in people} == {HYBRID.number}
    assert ann.group.extensions == POLICY_2
    assert_agreement(*people)


def test_a_reinitialised_group_is_closed() -> None:
    ann, bob, _ = _reinitialised()
    for act in (ann.group.commit, lambda: bob.group.encrypt(b"still here"), bob.group.commit):
        with refused("mls.commit.reinitialised"):
            act()
    ann.restart()
    assert ann.group.reinit == ReInit(b"new group", 1, HYBRID.number, POLICY_2)


def test_a_successor_that_is_not_what_was_announced_is_refused() -> None:
    people = _reinitialised()
    ann, bob, _ = people
    bundle = _hybrid_bundle(bob)
    # The creator's own announcement differs from what the others agreed to.
    ann.group.state.reinit = ReInit(b"new group", 1, HYBRID.number, ())
    pending = ann.group.reinitialise(ann.identity, [bundle.message]).pending
    assert pending is not None
    with refused("mls.reinit.mismatch"):
        bob.join(pending.welcome, bundle, JoinOptions(predecessor=bob.group))


def test_a_successor_that_leaves_a_member_out_is_refused() -> None:
    ann, bob, _ = _reinitialised()
    bundle = _hybrid_bundle(bob)
    pending = ann.group.reinitialise(ann.identity, [bundle.message]).pending
    assert pending is not None
    with refused("mls.reinit.members"):
        bob.join(pending.welcome, bundle, JoinOptions(predecessor=bob.group))


def test_some_members_branch_off() -> None:
    ann, bob, _cy = meet("ann", "bob", "cy")
    old = {person.name: person.group for person in (ann, bob)}
    bundle = bob.bundle()
    new = NewGroup(AES128, b"branch", ann.identity)
    ann.group = ann.group.branch(new, [bundle.message])
    pending = ann.group.pending
    assert pending is not None
    ann.group.merge_pending()
    bob.join(pending.welcome, bundle, JoinOptions(predecessor=bob.group))
    assert_agreement(ann, bob)
    assert old["ann"].epoch_authenticator == old["bob"].epoch_authenticator


def test_a_branch_with_a_stranger_in_it_is_refused() -> None:
    ann, bob = meet("ann", "bob")
    stranger = Party("eve")
    bundle = bob.bundle()
    new = NewGroup(AES128, b"branch", ann.identity)
    branched = ann.group.branch(new, [bundle.message, stranger.bundle().message])
    assert branched.pending is not None
    with refused("mls.branch.members"):
        bob.join(branched.pending.welcome, bundle, JoinOptions(predecessor=bob.group))


def test_a_branch_keeps_its_groups_suite() -> None:
    ann, bob = meet("ann", "bob")
    with refused("mls.branch.mismatch"):
        ann.group.branch(NewGroup(HYBRID, b"branch", ann.identity), [bob.bundle().message])


def test_one_who_lacks_the_old_groups_key_cannot_join_its_branch() -> None:
    ann, _bob = meet("ann", "bob")
    eve = Party("eve")
    bundle = eve.bundle()
    pending = ann.group.branch(NewGroup(AES128, b"branch", ann.identity), [bundle.message]).pending
    assert pending is not None
    with refused("mls.psk.unknown"):
        eve.join(pending.welcome, bundle)


@pytest.mark.parametrize("usage", [ResumptionUsage.REINIT, ResumptionUsage.BRANCH])
def test_a_running_group_takes_no_key_meant_for_successors(usage: ResumptionUsage) -> None:
    ann, _bob = meet("ann", "bob")
    psk = ResumptionPsk(usage, ann.group.group_id, ann.group.epoch)
    nonce = ann.entropy.random_bytes(32)
    with refused("mls.psk.usage"):
        ann.group.commit([PreSharedKey(PskId(psk, nonce))])


def test_identities_may_change_with_the_successor() -> None:
    people = _reinitialised()
    ann, *others = people
    bundles = [_hybrid_bundle(person) for person in others]
    fresh = Identity.generate(ann.entropy, ann.identity.credential)
    successor: Group = ann.group.reinitialise(fresh, [bundle.message for bundle in bundles])
    assert successor.members()[0].signature_key == fresh.signature_public
