"""A budget is spent, refills with time, and is kept apart for each key."""

from __future__ import annotations

import pytest

from enigm.foundation.errors import ExhaustedError
from enigm.foundation.limits import Budgets, Limit
from tests.support.clock import FakeClock
from tests.support.entropy import FakeEntropy

TRIES = Limit("accounts.tries", 3, per_seconds=60)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budgets(clock: FakeClock) -> Budgets:
    return Budgets(TRIES, clock, FakeEntropy(), keys_max=2)


def _spend(budgets: Budgets, key: bytes, times: int = 3) -> None:
    for _ in range(times):
        budgets.take(key)


def test_a_spent_budget_says_when_it_will_do_again(budgets: Budgets, clock: FakeClock) -> None:
    _spend(budgets, b"a")
    with pytest.raises(ExhaustedError) as refusal:
        budgets.take(b"a")
    assert refusal.value.retry_after_seconds == 20
    assert refusal.value.code == "limits.accounts.tries"
    clock.advance(20)
    budgets.take(b"a")


def test_trying_while_exhausted_does_not_prolong_the_wait(
    budgets: Budgets, clock: FakeClock
) -> None:
    _spend(budgets, b"a")
    for _ in range(19):
        clock.advance(1)
        with pytest.raises(ExhaustedError):
            budgets.take(b"a")
    clock.advance(1)
    budgets.take(b"a")


def test_a_budget_never_holds_more_than_its_amount(budgets: Budgets, clock: FakeClock) -> None:
    clock.advance(10_000)
    _spend(budgets, b"a")
    with pytest.raises(ExhaustedError):
        budgets.take(b"a")


def test_one_key_does_not_spend_anothers_budget(budgets: Budgets) -> None:
    _spend(budgets, b"a")
    _spend(budgets, b"b")


def test_the_number_of_keys_is_bounded(budgets: Budgets) -> None:
    for key in range(100):
        budgets.take(b"%d" % key)
    assert len(budgets) == 2


def test_a_dear_action_costs_more(budgets: Budgets) -> None:
    budgets.take(b"a", cost=2.5)
    with pytest.raises(ExhaustedError):
        budgets.take(b"a")


def test_memory_holds_no_key_as_it_was_given(budgets: Budgets) -> None:
    budgets.take(b"203.0.113.7")
    assert b"203.0.113.7" not in repr(vars(budgets)).encode()


def test_an_operator_may_set_the_amount() -> None:
    assert TRIES.overridden({"accounts.tries": 9}).amount == 9
    assert TRIES.overridden({"other": 9}) == TRIES
