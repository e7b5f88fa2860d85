"""Where a process decides is presented with every request, and what cannot be presented denies."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from enigm.domains.policy import store
from enigm.domains.policy.actions.deciding import Decider
from enigm.domains.policy.actions.governing import Policies
from enigm.domains.policy.errors import PolicyDeniedError
from enigm.domains.policy.model import Operation
from enigm.foundation.errors import UnavailableError
from tests.domains.policy.changes import Changes
from tests.domains.policy.test_policy import GOOD, NEVER, enforce
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests

pytestmark = pytest.mark.requirement("POL-01", "POL-03")
ALL = [(operation, face) for operation in Operation for face in operation.faces]


@dataclass
class Place:
    """Provides ``policy.needs.Environment`` and can be made to fail."""

    name: str
    presented: tuple[bytes, ...] = ()
    failure: Exception | None = None

    def handles(self) -> tuple[bytes, ...]:
        if self.failure is not None:
            raise self.failure
        return self.presented


ALPHA = Place("alpha", (b"a" * 20, b"A" * 20))
BETA = Place("beta", (b"b" * 20,))


@pytest.fixture
def policies(open_database) -> Policies:
    database = open_database("policy", store.metadata)
    return Policies(database, keys_of_tests(), FakeClock(), Changes())


def test_what_is_assigned_to_an_environment_decides_every_operation_there_and_none_elsewhere(
    policies,
) -> None:
    enforce(policies, NEVER, "closed")
    for handle in ALPHA.presented:
        policies.assign(handle, "closed")
        for operation, face in ALL:
            with pytest.raises(PolicyDeniedError):
                Decider(policies, ALPHA).decide(operation, GOOD, face)
            for elsewhere in (Decider(policies, BETA), Decider(policies)):
                assert elsewhere.decide(operation, GOOD, face).is_allowed
        policies.assign(handle, "default")
        assert Decider(policies, ALPHA).decide(Operation.TOKENS_ISSUE, GOOD).is_allowed


@pytest.mark.parametrize("failure", [UnavailableError("a.b", "Away."), OSError("away")])
def test_a_process_that_cannot_present_its_environment_allows_nothing(policies, failure) -> None:
    decider = Decider(policies, Place("alpha", failure=failure))
    for operation, face in ALL:
        with pytest.raises(UnavailableError) as refusal:
            decider.decide(operation, GOOD, face)
        assert refusal.value.code == "policy.handle_unavailable"


def test_what_devices_are_asked_for_is_what_their_environments_policy_names(policies) -> None:
    watched = 'permit (principal, action, resource) when { context.firewall == "true" };'
    enforce(policies, watched, "watched")
    policies.assign(ALPHA.presented[0], "watched")
    assert Decider(policies, ALPHA).asked_under(()) == {"firewall"}
    assert Decider(policies, BETA).asked_under(()) == set()


def test_a_policy_may_name_the_environment_itself(policies) -> None:
    text = 'permit (principal, action, resource) unless { context.environment == "alpha" };'
    enforce(policies, text)
    with pytest.raises(PolicyDeniedError):
        Decider(policies, ALPHA).decide(Operation.TOKENS_ISSUE, GOOD)
    assert Decider(policies, BETA).decide(Operation.TOKENS_ISSUE, GOOD).is_allowed


def test_a_policy_is_tried_on_what_was_decided_in_one_environment_and_explained_with_it(
    policies,
) -> None:
    for place, count in ((ALPHA, 3), (BETA, 2)):
        for _ in range(count):
            Decider(policies, place).decide(Operation.TOKENS_ISSUE, GOOD)
    Decider(policies).decide(Operation.TOKENS_ISSUE, GOOD)
    enforce(policies, NEVER, "closed")
    for environment, decisions in ((None, 6), ("alpha", 3), ("beta", 2), ("gamma", 0)):
        found = policies.dry_run("closed", 1, environment)
        assert found.decisions == sum(found.newly_denied.values()) == decisions
    policies.assign(ALPHA.presented[0], "closed")
    with pytest.raises(PolicyDeniedError):
        Decider(policies, ALPHA).decide(Operation.TOKENS_ISSUE, GOOD)
    ((number, past),) = policies.newest_decisions(1)
    explained = policies.explain(number)[1]
    assert past.policies == "default@1 closed@1"
    assert explained.facts["environment"] == "alpha"
    assert [name for name, each in explained.by_policy.items() if not each.is_allowed] == [
        "closed@1"
    ]
