"""What is in force for whom cannot be rolled back, edited or taken away by writing to the store."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from enigm.domains.policy import store
from enigm.domains.policy.actions.deciding import Decider
from enigm.domains.policy.actions.governing import LOOK_SECONDS, Policies
from enigm.domains.policy.errors import (
    FactUnavailableError,
    PolicyDeniedError,
    PolicyRolledBackError,
    PolicyUnknownError,
    PolicyUnverifiableError,
)
from enigm.domains.policy.model import Fact, Operation, PolicyChange
from enigm.domains.policy.rules import SCHEMA_TEXT
from enigm.foundation.errors import UnavailableError
from tests.domains.policy.changes import Changes
from tests.domains.policy.test_policy import GOOD, NEVER, enforce, named
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests

OPEN = "permit (principal, action, resource);"
TABLES = (store.standing, store.in_force, store.assignment)
pytestmark = pytest.mark.requirement("POL-03")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database):
    return open_database("policy", store.metadata)


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def policies(database, clock, changes) -> Policies:
    return Policies(database, keys_of_tests(), clock, changes)


def restarted(database, clock, changes) -> Policies:
    return Policies(database, keys_of_tests(), clock, changes)


def rows(database):
    with database.read() as connection:
        return {table: connection.execute(table.select()).mappings().all() for table in TABLES}


def put_back(database, kept) -> None:
    with database.begin() as connection:
        for table in TABLES:
            connection.execute(table.delete())
            if kept[table]:
                connection.execute(table.insert(), [dict(row) for row in kept[table]])


@contextmanager
def noticed(policies: Policies, error: type[Exception]):
    """Expect decisions to stop, with the cause by name, and nothing to be built upon it."""
    yield
    with pytest.raises(FactUnavailableError) as refusal:
        Decider(policies).decide(Operation.TOKENS_ISSUE, GOOD)
    assert refusal.value.code == "policy.policy_unavailable"
    for attempt in (
        lambda: policies.standing,
        lambda: policies.activate("default", 1),
        lambda: policies.assign(b"h" * 20, "default"),
    ):
        with pytest.raises(error):
            attempt()


def test_an_older_statement_put_back_is_refused_while_running_and_after_a_restart(
    policies, database, clock, changes
) -> None:
    enforce(policies, OPEN)
    older = rows(database)
    enforce(policies, NEVER)
    with noticed(policies, PolicyRolledBackError):
        put_back(database, older)
        clock.advance(LOOK_SECONDS)
    with noticed(restarted(database, clock, changes), PolicyRolledBackError):
        pass


@pytest.mark.parametrize("older_is_empty", [True, False])
def test_a_statement_taken_away_is_not_made_anew(
    policies, database, clock, changes, older_is_empty: bool
) -> None:
    staged = policies.stage("default", OPEN)
    policies.activate("default", staged.version)
    with database.begin() as connection:
        connection.execute(store.standing.delete())
        if older_is_empty:
            connection.execute(store.in_force.delete())
    with noticed(restarted(database, clock, changes), PolicyRolledBackError):
        pass


def test_a_staged_text_put_in_force_by_hand_is_refused(policies, database, clock, changes) -> None:
    staged = policies.stage("default", OPEN)
    with noticed(policies, PolicyUnverifiableError), database.begin() as connection:
        connection.execute(store.in_force.update().values(version=staged.version))
    with database.begin() as connection:
        connection.execute(store.standing.delete())
    with noticed(restarted(database, clock, changes), PolicyRolledBackError):
        pass


@pytest.mark.parametrize(
    "tampering",
    [
        store.assignment.delete(),
        store.assignment.update().values(handle=b"x" * 20),
        store.assignment.update().values(name="default"),
        store.standing.update().values(number=9),
        store.standing.update().values(signature=b"s"),
        store.in_force.delete().where(store.in_force.c.name == "closed"),
    ],
    ids=["unassigned", "moved", "loosened", "renumbered", "unsigned", "withdrawn"],
)
def test_any_change_of_what_is_in_force_for_whom_is_refused(policies, database, tampering) -> None:
    enforce(policies, NEVER, "closed")
    policies.assign(b"h" * 20, "closed")
    with noticed(policies, PolicyUnverifiableError), database.begin() as connection:
        connection.execute(tampering)


def test_an_operator_confirms_what_stands_and_decisions_go_on(
    policies, database, clock, changes
) -> None:
    older = rows(database)
    enforce(policies, NEVER)
    put_back(database, older)
    after = restarted(database, clock, changes)
    with pytest.raises(PolicyRolledBackError):
        after.standing  # noqa: B018 - asking is the test
    assert after.confirm().number == 3
    assert Decider(after).decide(Operation.TOKENS_ISSUE, GOOD).is_allowed
    assert changes.made[-1] == (PolicyChange.CONFIRMED, 3)


def test_a_change_is_recorded_under_its_number_or_not_made(policies, changes) -> None:
    enforce(policies, NEVER, "closed")
    policies.assign(b"h" * 20, "closed")
    assert changes.made == [
        (PolicyChange.STAGED, 0),
        (PolicyChange.ACTIVATED, 2),
        (PolicyChange.ASSIGNED, 3),
    ]
    changes.failure = UnavailableError("audit.unavailable", "Try later.")
    for attempt in (
        lambda: policies.stage("default", OPEN),
        lambda: policies.activate("closed", 1),
        lambda: policies.assign(b"i" * 20, "closed"),
    ):
        with pytest.raises(UnavailableError):
            attempt()
    assert policies.standing.number == 3
    assert Decider(policies).decide(Operation.TOKENS_ISSUE, named(b"i" * 20)).is_allowed
    with pytest.raises(PolicyUnknownError):
        policies.text("default", 2)


def test_another_process_sees_a_change_within_its_next_look(
    policies, database, clock, changes
) -> None:
    other = restarted(database, clock, changes)
    assert Decider(other).decide(Operation.TOKENS_ISSUE, GOOD).is_allowed
    enforce(policies, NEVER)
    clock.advance(LOOK_SECONDS)
    with pytest.raises(PolicyDeniedError):
        Decider(other).decide(Operation.TOKENS_ISSUE, GOOD)


def test_a_look_never_meets_half_a_change(policies, database, clock, changes) -> None:
    looking, is_over = restarted(database, clock, changes), threading.Event()

    def change() -> None:
        staged = policies.stage("default", OPEN)
        for turn in range(40):
            policies.activate("default", (1, staged.version)[turn % 2])
        is_over.set()

    numbers: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        # A look a second, and the moment between a record and its commit is far shorter than ten.
        while not is_over.wait(0.02) and not changing.done():
            clock.advance(LOOK_SECONDS)
            numbers.append(looking.standing.number)
        changing.result()
    assert numbers == sorted(numbers)
    assert policies.standing.number == 41


@pytest.mark.requirement("TRU-01")
def test_no_fact_that_decides_is_about_payment_or_connectivity() -> None:
    words = {fact.value for fact in Fact}
    asked = set(re.findall(r"(\w+): (?:String|Long|Bool)", SCHEMA_TEXT))
    assert len(asked) > 5
    for word in words | asked:
        for other in ("pay", "order", "coin", "card", "entitle", "subscri", "esim", "vpn", "role"):
            assert other not in word, word
