"""What is held: its terms, its store, and that it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.entitlements import rules
from enigm.domains.entitlements.actions.holding import Entitlements
from enigm.domains.entitlements.errors import TokenEndedError, TokenUsedError
from enigm.domains.entitlements.model import Activation, EntitlementState, Holder, Told
from enigm.domains.entitlements.store import DESIGN
from enigm.foundation.retention import RetentionJob
from tests.support.clock import FakeClock
from tests.support.databases import OpenDatabase, keys_of_tests
from tests.support.entropy import FakeEntropy
from tests.support.migrations import assert_migrations_make

DAY = 86_400
ADA, BEN = Holder(b"ada" + bytes(29)), Holder(b"ben" + bytes(29))
YEAR = Activation("enigm", 365, Told.ACTIVE, 0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def held(open_database: OpenDatabase, clock: FakeClock) -> Entitlements:
    database = open_database("entitlements", DESIGN.metadata)
    return Entitlements(database, keys_of_tests(), clock, FakeEntropy())


def test_the_migrations_make_the_tables(open_database: OpenDatabase) -> None:
    assert_migrations_make(open_database("entitlements"), DESIGN.metadata, DESIGN.versions)


@given(st.integers(0, 2**33), st.lists(st.integers(0, 2**20).map(lambda n: n * DAY)))
def test_a_term_is_whole_days_and_never_shorter_than_what_was_paid(
    now: int, held_until: list[int]
) -> None:
    starts_at, ends_at = rules.term(now, held_until, 30)
    assert ends_at is not None
    assert starts_at % DAY == ends_at % DAY == 0
    assert ends_at - max(starts_at, now) >= 30 * DAY
    assert starts_at >= max(held_until, default=0)


def test_what_is_bought_once_has_no_end(held: Entitlements, clock: FakeClock) -> None:
    held.activate(ADA, b"token", Activation("os", 0, Told.ACTIVE, 0))
    clock.advance(4000 * DAY)
    (found,) = held.held_by(ADA)
    assert (found.state, found.ends_at) == (EntitlementState.ACTIVE, None)


def test_a_token_is_used_once_and_a_retry_by_its_holder_is_answered(held: Entitlements) -> None:
    first = held.activate(ADA, b"token", YEAR)
    assert held.activate(ADA, b"token", YEAR) == first
    with pytest.raises(TokenUsedError):
        held.activate(BEN, b"token", YEAR)


def test_what_was_ended_before_it_was_activated_is_not_activated(held: Entitlements) -> None:
    held.tell(b"token", Told.ENDED, 1)
    with pytest.raises(TokenEndedError):
        held.activate(ADA, b"token", YEAR)


@pytest.mark.requirement("PAY-10")
def test_what_has_ended_is_shown_for_a_month_and_then_gone(
    open_database: OpenDatabase, clock: FakeClock
) -> None:
    database = open_database("entitlements", DESIGN.metadata)
    held = Entitlements(database, keys_of_tests(), clock, FakeEntropy())
    ends_at = held.activate(ADA, b"token", YEAR).ends_at
    assert ends_at is not None
    job = RetentionJob([(database, DESIGN.metadata)], clock)
    clock.advance(ends_at - clock.now_seconds())
    job.run()
    assert [each.state for each in held.held_by(ADA)] == [EntitlementState.ENDED]
    clock.advance(30 * DAY)
    job.run()
    assert held.held_by(ADA) == []
