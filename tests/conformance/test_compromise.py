"""What a thief of a whole state can read, and what it cannot."""

from __future__ import annotations

import pytest

from enigm.crypto.mls.ciphersuite import AES128, HYBRID, Suite
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.outcomes import ApplicationMessage, StagedCommit
from enigm.crypto.mls.proposals import Remove
from enigm.foundation.errors import Refusal
from tests.support.mls import Person, follow_all, group_of

SUITES = pytest.mark.parametrize("suite", [AES128, HYBRID], ids=["0x0001", "X-Wing"])


def trio(suite: Suite) -> tuple[Person, Person, Person]:
    alice, bob, carol = (Person(name, suite) for name in ("alice", "bob", "carol"))
    group_of(alice, bob, carol)
    follow_all(alice.commit(), bob, carol)
    return alice, bob, carol


def stolen(person: Person) -> Group:
    """The thief's copy of everything that is on the victim's disk."""
    return Group.restore(person.needs, person.group.serialize(), person.settings)


def can_read(group: Group, message: bytes) -> bool:
    try:
        return isinstance(group.process(message), ApplicationMessage)
    except Refusal:
        return False


@pytest.mark.requirement("APP-08")
@SUITES
def test_what_was_read_before_the_theft_stays_closed(suite: Suite) -> None:
    """Forward secrecy, within an epoch and over epochs."""
    alice, bob, carol = trio(suite)
    earlier = [alice.group.encrypt(b"in an earlier epoch")]
    for message in earlier:
        bob.group.process(message)
    follow_all(carol.commit(), alice, bob)
    earlier += [alice.group.encrypt(b"in this epoch"), carol.group.encrypt(b"by another")]
    for message in earlier[1:]:
        bob.group.process(message)
    thief = stolen(bob)
    assert not any(can_read(thief, message) for message in earlier)


@pytest.mark.requirement("APP-08")
@SUITES
def test_after_the_victims_next_commit_the_thief_reads_nothing(suite: Suite) -> None:
    """Post-compromise security: the thief sees everything on the wire, and has the old state."""
    alice, bob, carol = trio(suite)
    thief = stolen(bob)
    assert can_read(thief, alice.group.encrypt(b"still readable"))
    healing = bob.commit()
    follow_all(healing, alice, carol)
    with pytest.raises(Refusal):
        thief.process(healing)  # it is the victim's own leaf that speaks
    for sender in (alice, bob, carol):
        assert not can_read(thief, sender.group.encrypt(b"healed"))
    later = alice.commit()
    follow_all(later, bob, carol)
    with pytest.raises(Refusal):
        thief.process(later)


@pytest.mark.requirement("APP-08")
@SUITES
def test_an_update_that_another_commits_heals_as_well(suite: Suite) -> None:
    alice, bob, carol = trio(suite)
    thief = stolen(bob)
    proposal = bob.group.propose_update()
    follow_all(proposal, alice, carol)
    commit = alice.commit()
    follow_all(commit, bob, carol)
    with pytest.raises(Refusal):
        thief.process(commit)
    assert not can_read(thief, carol.group.encrypt(b"healed"))
    assert can_read(bob.group, alice.group.encrypt(b"for Bob"))


@pytest.mark.requirement("SRV-04")
@SUITES
def test_a_removed_member_that_keeps_everything_reads_nothing_more(suite: Suite) -> None:
    alice, bob, carol = trio(suite)
    keeps = stolen(carol)
    removal = alice.commit(Remove(carol.group.leaf_index))
    bob.follow(removal)
    staged = keeps.process(removal)
    assert isinstance(staged, StagedCommit)
    assert staged.summary.removes_me
    assert staged.started is None
    for sender in (alice, bob):
        assert not can_read(keeps, sender.group.encrypt(b"without Carol"))
    later = alice.commit()
    bob.follow(later)
    assert not can_read(keeps, alice.group.encrypt(b"later still"))
    with pytest.raises(Refusal):
        keeps.process(later)
