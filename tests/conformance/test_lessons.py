"""How an engine can pass all official vectors and still be broken: each known way, closed.

The defects were found in a published engine; those not listed here stand with their section:
unsigned messages and forged senders in ``test_framing``, replays and kept keys in
``test_message_keys``, the exporter in ``tests/peers``.
"""

from __future__ import annotations

from typing import Any

import pytest

from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.proposals import Add, PreSharedKey, Remove
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import refused
from tests.support.mls import SUITES, Person, agree, follow_all, group_of


def test_a_junk_commit_with_a_bad_membership_tag_does_not_block_the_genuine_one(
    trio: Trio,
) -> None:
    junk = trio.forger.public(trio.forger.signed(trio.forger.commit()), bytes(32))
    for member in (trio.bob, trio.carol):
        refused(member, junk, Rule.MESSAGE_MEMBERSHIP)
    trio.everybody_agrees()


def test_a_junk_proposal_does_not_block_a_commit(trio: Trio) -> None:
    frame = trio.forger.signed(Remove(2))
    refused(trio.bob, trio.forger.public(frame, bytes(32)), Rule.MESSAGE_MEMBERSHIP)
    trio.everybody_agrees()


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.number:04x}")
def test_commits_with_and_without_a_path_are_followed_by_everybody(suite: Any) -> None:
    people = [Person(name, suite) for name in ("a", "b", "c", "d", "e")]
    group_of(*people)
    a, b, c, d, e = people
    follow_all(c.commit(), a, b, d, e)
    agree(*people)
    follow_all(a.commit(Remove(1)), b, c, d, e)
    agree(a, c, d, e)
    follow_all(e.commit(), a, c, d)
    agree(a, c, d, e)
    follow_all(d.commit(Add.of(Person("f", suite).key_package())), a, c, e)
    agree(a, c, d, e)


def test_a_group_of_one_has_fresh_secrets_in_every_epoch() -> None:
    alice = person("alice")
    alice.create()
    seen = {alice.group.epoch_authenticator}
    for _ in range(5):
        alice.commit()
        seen.add(alice.group.epoch_authenticator)
    assert len(seen) == 6


def test_two_groups_of_one_never_share_secrets() -> None:
    one, other = person("one"), person("other")
    one.create(b"the same id")
    other.create(b"the same id")
    assert one.group.epoch_authenticator != other.group.epoch_authenticator
    one.commit()
    other.commit()
    assert one.group.epoch_authenticator != other.group.epoch_authenticator


def test_no_key_is_made_up_for_one_that_is_missing(trio: Trio) -> None:
    trio.alice.needs.psks.externals[b"only Alice"] = bytes(32)
    pending = trio.alice.group.commit([PreSharedKey.external(b"only Alice", bytes(32))])
    refused(trio.bob, pending.message, Rule.PSK_UNKNOWN)


def test_a_member_who_is_removed_and_added_again_in_one_commit_stays(trio: Trio) -> None:
    package = trio.carol.key_package()
    pending = trio.alice.group.commit([Remove(2), Add.of(package)])
    trio.alice.group.merge_pending()
    trio.bob.follow(pending.message)
    assert pending.welcome is not None
    trio.carol.join(pending.welcome)
    agree(trio.alice, trio.bob, trio.carol)


def test_a_discarded_commit_leaves_no_trace(trio: Trio) -> None:
    before = trio.alice.group.serialize()
    trio.alice.group.commit([Remove(2)])
    trio.alice.group.discard_pending()
    assert trio.alice.group.serialize() == before


def test_one_of_two_concurrent_commits_wins_and_all_agree(trio: Trio) -> None:
    losing = trio.carol.group.commit()
    assert losing.epoch == trio.carol.group.epoch
    winning = trio.alice.commit()
    follow_all(winning, trio.bob, trio.carol)
    assert trio.carol.group.pending is None
    refused(trio.bob, losing.message, Rule.MESSAGE_EPOCH_PAST)
    follow_all(trio.carol.commit(), trio.alice, trio.bob)
    agree(trio.alice, trio.bob, trio.carol)
