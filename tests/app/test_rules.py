"""Who may change a conversation, case by case."""

from __future__ import annotations

import pytest

from enigm.app.content import Policy
from enigm.app.conversations.rules import MembershipChange, objection
from enigm.app.identity.credentials import DeviceName
from enigm.wire.device_chain import Fingerprint

ALICE, BOB, CAROL, DAVE = (Fingerprint(bytes([number]) * 32) for number in range(4))
GROUP = Policy(1, "group", "Plans", (ALICE,))
OPEN_GROUP = Policy(1, "group", "Plans", ())
DIRECT = Policy(1, "direct", "", ())


def device(account: Fingerprint, number: int = 0) -> DeviceName:
    return DeviceName(account, bytes([number]) * 32)


def change(
    sender: Fingerprint,
    *,
    before: set[Fingerprint] | None = None,
    added: tuple[DeviceName, ...] = (),
    removed: tuple[DeviceName, ...] = (),
    title: bool = False,
    external: bool = False,
) -> MembershipChange:
    return MembershipChange(
        sender, frozenset(before or {ALICE, BOB}), added, removed, title, external
    )


ALLOWED = [
    (GROUP, change(ALICE, added=(device(CAROL),))),
    (GROUP, change(ALICE, removed=(device(BOB),), title=True)),
    (GROUP, change(BOB, added=(device(BOB, 1),))),
    (GROUP, change(BOB, removed=(device(BOB, 1),))),
    (GROUP, change(BOB)),
    (OPEN_GROUP, change(BOB, added=(device(CAROL),), removed=(device(ALICE),), title=True)),
    (DIRECT, change(ALICE, before={ALICE}, added=(device(BOB), device(ALICE, 1)))),
    (DIRECT, change(BOB, added=(device(BOB, 1),), removed=(device(BOB, 2),))),
]
FORBIDDEN = [
    (GROUP, change(BOB, added=(device(CAROL),))),
    (GROUP, change(BOB, removed=(device(ALICE),))),
    (GROUP, change(BOB, title=True)),
    (GROUP, change(ALICE, external=True)),
    (OPEN_GROUP, change(BOB, external=True)),
    (DIRECT, change(ALICE, added=(device(CAROL),))),
    (DIRECT, change(ALICE, before={ALICE}, added=(device(BOB), device(CAROL)))),
    (DIRECT, change(ALICE, added=(device(BOB, 1),))),
    (DIRECT, change(ALICE, removed=(device(BOB),))),
    (DIRECT, change(ALICE, title=True)),
]


@pytest.mark.parametrize(("policy", "wanted"), ALLOWED)
def test_the_rules_allow(policy: Policy, wanted: MembershipChange) -> None:
    assert objection(policy, wanted, lambda _: False) is None


@pytest.mark.parametrize(("policy", "wanted"), FORBIDDEN)
def test_the_rules_forbid(policy: Policy, wanted: MembershipChange) -> None:
    assert objection(policy, wanted, lambda _: False) is not None


@pytest.mark.parametrize("policy", [GROUP, DIRECT])
def test_anybody_may_remove_a_revoked_device(policy: Policy) -> None:
    assert objection(policy, change(BOB, removed=(device(ALICE),)), lambda _: True) is None
