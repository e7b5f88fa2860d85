"""RFC 9420 §11: groups that end, and groups that continue a group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from enigm.crypto.mls.ciphersuite import AES128, CHACHA, HYBRID, Suite
from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.extensions import POLICY, Extension
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.creation import NewGroup
from enigm.crypto.mls.member.group import Group, JoinOptions
from enigm.crypto.mls.member.identity import Identity
from enigm.crypto.mls.proposals import Add, PreSharedKey, ReInit
from enigm.crypto.mls.psk import PskId, ResumptionPsk, ResumptionUsage
from tests.conformance.conftest import IN_THE_CLEAR, Trio, person
from tests.support.frankenstein import refused, refuses
from tests.support.mls import Person, agree, follow_all

POLICIES = (Extension(POLICY, b"new rules"),)


def again(member: Person, suite: Suite) -> Person:
    """The same person with a client for another suite."""
    other = Person(member.name, suite, settings=IN_THE_CLEAR)
    other.identity = Identity(
        member.identity.credential,
        member.identity.signature_private,
        member.identity.signature_public,
    )
    return other


def close(trio: Trio, suite: Suite = HYBRID) -> None:
    """Alice announces a successor with another suite and policy, and all follow."""
    commit = trio.alice.commit(ReInit(b"successor", 1, suite.number, POLICIES))
    follow_all(commit, trio.bob, trio.carol)


def successor(
    trio: Trio,
    usage: ResumptionUsage,
    *members: Person,
    suite: Suite,
    group_id: bytes = b"successor",
    extensions: tuple[Extension, ...] = POLICIES,
    old_epoch: int | None = None,
    commits_before: int = 0,
) -> bytes:
    """A successor that Alice makes as she likes; return its Welcome."""
    founder = again(trio.alice, suite)
    founder.create(group_id, extensions=extensions)
    for _ in range(commits_before):
        founder.commit()
    old = trio.alice.group
    epoch = old.epoch if old_epoch is None else old_epoch
    psk = PskId(ResumptionPsk(usage, old.group_id, epoch), bytes(suite.hash_length))
    adds = [Add.of(member.key_package()) for member in members]
    options = CommitOptions(usage=usage, resumption=old.resumption_keys)
    pending = founder.group.commit([PreSharedKey(psk), *adds], options)
    assert pending.welcome is not None
    return pending.welcome


def join(member: Person, welcome: bytes, predecessor: Group) -> None:
    member.join(welcome, JoinOptions(predecessor=predecessor))


# Re-initialisation, §11.2


def test_a_group_starts_again_with_another_suite(trio: Trio) -> None:
    close(trio)
    bob, carol = again(trio.bob, HYBRID), again(trio.carol, HYBRID)
    packages = [bob.key_package(), carol.key_package()]
    new = trio.alice.group.reinitialise(trio.alice.identity, packages)
    assert new.pending is not None
    welcome = new.pending.welcome
    assert welcome is not None
    new.merge_pending()
    join(bob, welcome, trio.bob.group)
    join(carol, welcome, trio.carol.group)
    assert bob.group.epoch_authenticator == new.epoch_authenticator
    assert carol.group.epoch_authenticator == new.epoch_authenticator
    assert (new.suite, new.group_id, new.extensions) == (HYBRID, b"successor", POLICIES)


def test_rfc9420_11_2_a_group_that_was_closed_does_nothing_more(trio: Trio) -> None:
    message = trio.carol.group.encrypt(b"too late")
    close(trio)
    refuses(lambda: trio.bob.group.encrypt(b"hello"), Rule.COMMIT_REINITIALISED)
    refuses(trio.bob.group.commit, Rule.COMMIT_REINITIALISED)
    refuses(trio.bob.group.propose_update, Rule.COMMIT_REINITIALISED)
    refused(trio.bob, message, Rule.COMMIT_REINITIALISED)


@pytest.mark.parametrize(
    "changes",
    [
        {"group_id": b"another"},
        {"extensions": ()},
        {"suite": CHACHA},
    ],
    ids=["group id", "extensions", "suite"],
)
def test_rfc9420_11_2_a_successor_that_was_not_announced_is_refused(
    trio: Trio, changes: dict[str, Any]
) -> None:
    close(trio, AES128)
    suite = changes.get("suite", AES128)
    bob, carol = again(trio.bob, suite), again(trio.carol, suite)
    options: dict[str, Any] = {"suite": suite} | changes
    welcome = successor(trio, ResumptionUsage.REINIT, bob, carol, **options)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.REINIT_MISMATCH)


def test_rfc9420_11_2_a_successor_of_a_group_that_goes_on_is_refused(trio: Trio) -> None:
    bob, carol = again(trio.bob, AES128), again(trio.carol, AES128)
    welcome = successor(trio, ResumptionUsage.REINIT, bob, carol, suite=AES128)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.REINIT_MISMATCH)


def test_rfc9420_11_2_a_successor_of_an_earlier_epoch_is_refused(trio: Trio) -> None:
    earlier = trio.alice.group.epoch
    close(trio, AES128)
    bob, carol = again(trio.bob, AES128), again(trio.carol, AES128)
    welcome = successor(trio, ResumptionUsage.REINIT, bob, carol, suite=AES128, old_epoch=earlier)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.REINIT_MISMATCH)


def test_rfc9420_11_2_a_successor_beyond_its_first_epoch_is_refused(trio: Trio) -> None:
    close(trio, AES128)
    bob, carol = again(trio.bob, AES128), again(trio.carol, AES128)
    welcome = successor(trio, ResumptionUsage.REINIT, bob, carol, suite=AES128, commits_before=1)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.REINIT_EPOCH)


def test_rfc9420_11_2_a_successor_without_a_member_is_refused(trio: Trio) -> None:
    close(trio, AES128)
    bob = again(trio.bob, AES128)
    welcome = successor(trio, ResumptionUsage.REINIT, bob, suite=AES128)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.REINIT_MEMBERS)


def test_rfc9420_11_2_a_stranger_cannot_join_a_successor(trio: Trio) -> None:
    close(trio, AES128)
    bob, stranger = again(trio.bob, AES128), person("stranger")
    welcome = successor(trio, ResumptionUsage.REINIT, bob, stranger, suite=AES128)
    refuses(lambda: stranger.join(welcome), Rule.PSK_UNKNOWN)


# Branching, §11.3


def test_some_members_branch_off(trio: Trio) -> None:
    bob = again(trio.bob, AES128)
    new_group = NewGroup(AES128, b"branch", trio.alice.identity)
    branch = trio.alice.group.branch(new_group, [bob.key_package()])
    assert branch.pending is not None
    welcome = branch.pending.welcome
    assert welcome is not None
    branch.merge_pending()
    join(bob, welcome, trio.bob.group)
    assert bob.group.epoch_authenticator == branch.epoch_authenticator
    trio.everybody_agrees()


def test_rfc9420_11_3_a_branch_of_another_suite_is_refused(trio: Trio) -> None:
    bob = again(trio.bob, CHACHA)
    welcome = successor(trio, ResumptionUsage.BRANCH, bob, suite=CHACHA)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.BRANCH_MISMATCH)
    refuses(
        lambda: trio.alice.group.branch(NewGroup(CHACHA, b"branch", trio.alice.identity), ()),
        Rule.BRANCH_MISMATCH,
    )


def test_rfc9420_11_3_a_branch_of_another_group_is_refused(trio: Trio) -> None:
    bob = again(trio.bob, AES128)
    welcome = successor(trio, ResumptionUsage.BRANCH, bob, suite=AES128)
    unrelated = again(trio.bob, AES128)
    unrelated.create(b"unrelated")
    group = trio.alice.group
    bob.needs.psks.resumptions[group.group_id, group.epoch] = group.resumption_psk()
    refuses(lambda: join(bob, welcome, unrelated.group), Rule.BRANCH_MISMATCH)


def test_rfc9420_11_3_a_branch_beyond_its_first_epoch_is_refused(trio: Trio) -> None:
    bob = again(trio.bob, AES128)
    welcome = successor(trio, ResumptionUsage.BRANCH, bob, suite=AES128, commits_before=1)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.BRANCH_EPOCH)


def test_rfc9420_11_3_a_branch_with_a_stranger_is_refused(trio: Trio) -> None:
    bob, stranger = again(trio.bob, AES128), person("stranger")
    welcome = successor(trio, ResumptionUsage.BRANCH, bob, stranger, suite=AES128)
    refuses(lambda: join(bob, welcome, trio.bob.group), Rule.BRANCH_MEMBERS)


def test_rfc9420_11_3_a_continued_group_needs_the_old_one_beside(trio: Trio) -> None:
    """Even where the application would know the old key, nothing can be compared without it."""
    bob = again(trio.bob, AES128)
    welcome = successor(trio, ResumptionUsage.BRANCH, bob, suite=AES128)
    group = trio.alice.group
    bob.needs.psks.resumptions[group.group_id, group.epoch] = group.resumption_psk()
    refuses(lambda: bob.join(welcome), Rule.BRANCH_MISMATCH)


# Resumption keys and external keys that do work, §8.4 and §8.6


def test_resumption_and_external_keys_are_mixed_in_by_all(trio: Trio) -> None:
    group = trio.alice.group
    for member in (trio.alice, trio.bob, trio.carol):
        member.needs.psks.externals[b"shared aloud"] = b"secret words"
    commit = trio.alice.commit(
        PreSharedKey.resumption(group.group_id, group.epoch - 1, bytes(32)),
        PreSharedKey.external(b"shared aloud", b"\x01" * 32),
    )
    follow_all(commit, trio.bob, trio.carol)
    agree(trio.alice, trio.bob, trio.carol)


def test_a_newcomer_who_knows_the_key_joins_by_it(trio: Trio) -> None:
    dave = person("dave")
    for member in (trio.alice, trio.bob, trio.carol, dave):
        member.needs.psks.externals[b"shared aloud"] = b"secret words"
    psk = PreSharedKey.external(b"shared aloud", bytes(32))
    pending = trio.alice.group.commit([Add.of(dave.key_package()), psk])
    trio.alice.group.merge_pending()
    assert pending.welcome is not None
    dave.join(pending.welcome)
    follow_all(pending.message, trio.bob, trio.carol)
    agree(trio.alice, trio.bob, trio.carol, dave)
    assert replace(pending.staged.summary).psks == (psk.psk,)
