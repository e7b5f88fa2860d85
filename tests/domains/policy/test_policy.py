"""What cannot be established denies, in every cell; policies are signed, tried and explained."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from enigm.domains.policy import rules, store
from enigm.domains.policy.actions.deciding import Decider
from enigm.domains.policy.actions.governing import REMEMBER_SECONDS, Policies
from enigm.domains.policy.errors import (
    DecisionUnknownError,
    PolicyDeniedError,
    PolicyInvalidError,
    PolicyUnknownError,
    PolicyUnverifiableError,
)
from enigm.domains.policy.model import Evidence, Face, Fact, FactState, Operation
from enigm.foundation.errors import (
    Category,
    ForbiddenError,
    Refusal,
    UnauthenticatedError,
    UnavailableError,
)
from enigm.foundation.retention import RetentionJob
from tests.domains.policy.changes import Changes
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.migrations import assert_migrations_make

GOOD = {
    Fact.SESSION: lambda: Evidence(FactState.GOOD, {"session_age_seconds": 60}),
    Fact.DEVICE: lambda: Evidence(FactState.GOOD),
    Fact.HANDLE: lambda: Evidence(FactState.GOOD, handles=(b"d" * 20,)),
}
STRICT = """
@id("signed-in") permit (principal, action, resource);
@id("encrypted-disk")
@say("Critical operations need a device whose disk is encrypted.")
forbid (principal, action in Action::"critical", resource) unless { context.posture == "good" };
"""
NEVER = '@id("nothing") forbid (principal, action, resource);'


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database):
    return open_database("policy", store.metadata)


@pytest.fixture
def policies(database, clock) -> Policies:
    return Policies(database, keys_of_tests(), clock, Changes())


@pytest.fixture
def decider(policies) -> Decider:
    return Decider(policies)


def enforce(policies: Policies, text: str, name: str = "default") -> None:
    policies.activate(name, policies.stage(name, text).version)


def named(*handles: bytes):
    return {**GOOD, Fact.HANDLE: lambda: Evidence(FactState.GOOD, handles=handles)}


def broken() -> Evidence:
    raise OSError("the source is away")


def refusing() -> Evidence:
    raise UnauthenticatedError("accounts.session_ended", "Sign in again.")


def away() -> Evidence:
    raise UnavailableError("accounts.unavailable", "Try later.")


SOURCES = {
    "missing": (None, Category.FORBIDDEN),
    "unknown": (lambda: Evidence(FactState.UNKNOWN), Category.FORBIDDEN),
    "stale": (lambda: Evidence(FactState.STALE), Category.FORBIDDEN),
    "bad": (lambda: Evidence(FactState.BAD), Category.FORBIDDEN),
    "refusing": (refusing, Category.UNAUTHENTICATED),
    "away": (away, Category.UNAVAILABLE),
    "broken": (broken, Category.UNAVAILABLE),
}
ASKED = [(operation, face) for operation in Operation for face in operation.faces]
CELLS = [
    (operation, face, fact, state)
    for operation, face in ASKED
    for fact, state in itertools.product(operation.needs(face), SOURCES)
    if fact is not Fact.POLICY
]
# What no face must show, and a policy may demand.
DEMANDED = (Fact.DEVICE, Fact.POSTURE, Fact.UPDATES, Fact.ATTESTATION, Fact.INTELLIGENCE, Fact.PIN)


def test_migrations_make_the_tables(open_database) -> None:
    assert_migrations_make(open_database("policy"), store.metadata, store.DESIGN.versions)


@pytest.mark.requirement("POL-01")
def test_with_every_needed_fact_good_the_default_policy_allows(decider) -> None:
    for operation, face in ASKED:
        facts = {fact: source for fact, source in GOOD.items() if fact in operation.needs(face)}
        assert decider.decide(operation, facts, face).is_allowed, (operation, face)


@pytest.mark.requirement("POL-01")
def test_each_cell_of_operation_fact_and_state_denies_with_its_category(decider) -> None:
    needed = sum(len(set(operation.needs(face)) - {Fact.POLICY}) for operation, face in ASKED)
    assert len(CELLS) == needed * len(SOURCES)
    for operation, face, fact, state in CELLS:
        source, category = SOURCES[state]
        facts = {**GOOD, fact: source} if source else {k: v for k, v in GOOD.items() if k != fact}
        with pytest.raises(Refusal) as refusal:
            decider.decide(operation, facts, face)
        assert refusal.value.category is category, (operation, face, fact, state)


@pytest.mark.requirement("POL-01")
def test_each_cell_of_what_only_a_policy_demands_denies_wherever_it_is_asked(
    decider, policies
) -> None:
    """In Command no device speaks: what a device alone could show is missing there."""
    for fact in DEMANDED:
        words = f'unless {{ context.{fact.value} == "good" }};'
        enforce(
            policies,
            f'permit (principal, action, resource);\n@say("Show it.") '
            f"forbid (principal, action, resource) {words}",
        )
        for (operation, face), state in itertools.product(ASKED, SOURCES):
            needed, source = operation.needs(face), SOURCES[state][0]
            if fact in needed or fact in operation.establishes:
                continue
            facts = {each: GOOD[each] for each in needed if each is not Fact.POLICY}
            good = {**facts, fact: lambda: Evidence(FactState.GOOD)}
            assert decider.decide(operation, good, face).is_allowed, (operation, face, fact)
            with pytest.raises(PolicyDeniedError) as refusal:
                decider.decide(operation, {**facts, fact: source} if source else facts, face)
            assert refusal.value.detail == "Show it.", (operation, face, fact, state)


@pytest.mark.requirement("POL-01")
def test_what_a_face_does_not_do_is_not_asked_there() -> None:
    only_app = {each for each in Operation if each.faces == (Face.APP,)}
    assert Operation.TOKENS_ISSUE in only_app
    assert {each for each in Operation if Face.ADMINISTRATION in each.faces} == {
        each for each in Operation if each.word.startswith("admin.")
    }


@pytest.mark.requirement("POL-01")
@pytest.mark.parametrize("state", [each for each in FactState if each is not FactState.GOOD])
def test_a_fact_that_only_the_policy_names_denies_unless_it_is_good(
    decider, policies, state
) -> None:
    enforce(policies, STRICT)
    good = {**GOOD, Fact.POSTURE: lambda: Evidence(FactState.GOOD)}
    assert decider.decide(Operation.ACCOUNT_DELETE, good).is_allowed
    with pytest.raises(PolicyDeniedError) as refusal:
        decider.decide(Operation.ACCOUNT_DELETE, {**GOOD, Fact.POSTURE: lambda: Evidence(state)})
    assert refusal.value.detail == "Critical operations need a device whose disk is encrypted."
    with pytest.raises(PolicyDeniedError):
        decider.decide(Operation.ACCOUNT_DELETE, {**GOOD, Fact.POSTURE: broken})
    with pytest.raises(PolicyDeniedError):
        decider.decide(Operation.ACCOUNT_DELETE, GOOD)
    assert decider.decide(Operation.TOKENS_ISSUE, GOOD).is_allowed, "it is not critical"


@pytest.mark.requirement("POL-01")
def test_a_rule_that_errs_denies_instead_of_being_skipped(policies, decider) -> None:
    overflow = """
    permit (principal, action, resource);
    forbid (principal, action, resource)
    when { context.session_age_seconds * 9223372036854775807 > 0 };
    """
    enforce(policies, overflow)
    with pytest.raises(PolicyDeniedError):
        decider.decide(Operation.TOKENS_ISSUE, GOOD)


@pytest.mark.requirement("POL-03")
@pytest.mark.parametrize(
    "text",
    [
        "permit (principal, action, resource) when { context.devize };",
        'permit (principal, action == Action::"accounts.destroy", resource);',
        "permit (principal, action, resource) when { context.posture > 3 };",
        "permit (",
        "x" * (rules.POLICY_BYTES_MAX + 1),
    ],
    ids=["misspelt attribute", "unknown action", "wrong type", "no policy", "too long"],
)
def test_a_policy_that_does_not_fit_the_schema_is_refused(policies, text) -> None:
    with pytest.raises(PolicyInvalidError):
        policies.stage("default", text)


@pytest.mark.requirement("POL-03")
def test_a_policy_nobody_signed_decides_nothing(policies, database, decider, clock) -> None:
    with database.begin() as connection:
        connection.execute(
            store.policy_version.update().values(text="permit (principal, action, resource);")
        )
    clock.advance(2)
    with pytest.raises(UnavailableError):
        decider.decide(Operation.TOKENS_ISSUE, GOOD)
    with pytest.raises(PolicyUnverifiableError):
        policies.activate("default", 1)


@pytest.mark.requirement("POL-03")
def test_a_policy_can_be_tried_on_the_past_before_it_decides(policies, decider, clock) -> None:
    for _ in range(3):
        decider.decide(Operation.ACCOUNT_DELETE, GOOD)
    decider.decide(Operation.TOKENS_ISSUE, GOOD)
    staged = policies.stage("default", STRICT)
    found = policies.dry_run("default", staged.version)
    assert (found.decisions, dict(found.newly_denied)) == (4, {"accounts.delete": 3})
    assert decider.decide(Operation.ACCOUNT_DELETE, GOOD).is_allowed, "it decides nothing yet"
    policies.activate("default", staged.version)
    with pytest.raises(ForbiddenError):
        decider.decide(Operation.ACCOUNT_DELETE, GOOD)
    back = policies.dry_run("default", 1)
    assert dict(back.newly_allowed) == {"accounts.delete": 1}


@pytest.mark.requirement("POL-03")
def test_policies_are_assigned_to_an_account_a_device_or_an_environment_by_handle(
    policies, decider
) -> None:
    enforce(policies, NEVER, "closed")
    policies.assign(b"h" * 20, "closed")
    for account, device, environment in itertools.permutations((b"h" * 20, b"i" * 20, b"j" * 20)):
        with pytest.raises(PolicyDeniedError):
            decider.decide(Operation.TOKENS_ISSUE, named(account, device, environment))
    assert decider.decide(Operation.TOKENS_ISSUE, named(b"i" * 20, b"j" * 20)).is_allowed
    with pytest.raises(PolicyUnknownError):
        policies.assign(b"h" * 20, "no such policy")


@pytest.mark.requirement("PRV-08")
def test_an_assigned_policy_adds_demands_and_never_takes_one_away(policies, decider) -> None:
    enforce(policies, STRICT)
    enforce(policies, "permit (principal, action, resource);", "easy")
    policies.assign(b"h" * 20, "easy")
    with pytest.raises(PolicyDeniedError) as refusal:
        decider.decide(Operation.ACCOUNT_DELETE, named(b"h" * 20))
    assert refusal.value.detail == "Critical operations need a device whose disk is encrypted."


@pytest.mark.requirement("POL-03")
def test_a_reviewer_gets_a_past_decision_in_full(policies, decider) -> None:
    enforce(policies, STRICT)
    enforce(policies, "permit (principal, action, resource);", "easy")
    policies.assign(b"h" * 20, "easy")
    with pytest.raises(PolicyDeniedError):
        decider.decide(Operation.ACCOUNT_DELETE, named(b"h" * 20))
    ((number, past),) = policies.newest_decisions(5)
    enforce(policies, rules.DEFAULT_POLICY)
    seen, found = policies.explain(number)
    assert seen == past
    assert past.policies == "default@2 easy@1"
    assert (found.decision.is_allowed, found.decision.rules) == (False, ("encrypted-disk",))
    assert {name: each.is_allowed for name, each in found.by_policy.items()} == {
        "default@2": False,
        "easy@1": True,
    }
    assert found.would_allow == ("posture were good",)
    with pytest.raises(DecisionUnknownError):
        policies.explain(number + 1)


@pytest.mark.requirement("POL-03")
def test_what_takes_two_facts_to_allow_is_explained_as_both(policies, decider) -> None:
    both = """
    permit (principal, action, resource)
    when { context.posture == "good" && context.session_age_seconds < 10 };
    """
    enforce(policies, both)
    with pytest.raises(PolicyDeniedError):
        decider.decide(Operation.TOKENS_ISSUE, GOOD)
    ((number, _past),) = policies.newest_decisions(1)
    (would,) = policies.explain(number)[1].would_allow
    assert "posture were good" in would
    assert "session_age_seconds were 0" in would


@pytest.mark.requirement("PRV-02")
def test_past_decisions_are_forgotten_and_never_named_anybody(
    policies, decider, database, clock
) -> None:
    decider.decide(Operation.TOKENS_ISSUE, named(b"h" * 20))
    clock.advance(REMEMBER_SECONDS)
    decider.decide(Operation.TOKENS_ISSUE, named(b"h" * 20))
    with database.read() as connection:
        kept = list(store.decisions(connection))
    assert len(kept) == 2
    assert all(b"hhhh" not in each.context for each in kept)
    clock.advance(store.DECISION_SECONDS + 1)
    RetentionJob([(database, store.metadata)], clock).run()
    with database.read() as connection:
        assert list(store.decisions(connection)) == []


def test_an_action_is_in_its_group() -> None:
    """Without the schema's entities ``action in Action::"critical"`` would match nothing."""
    policy = rules.CompiledPolicy(STRICT)
    context = rules.context_of({})
    assert not policy.decide(Operation.ACCOUNT_DELETE, context).is_allowed
    assert policy.decide(Operation.TOKENS_ISSUE, context).is_allowed


@pytest.mark.requirement("POL-01")
def test_an_answer_that_was_kept_is_given_only_for_the_same_facts() -> None:
    policy = rules.CompiledPolicy(STRICT)
    nothing = rules.context_of({})
    for state in FactState:
        for operation in (Operation.ACCOUNT_DELETE, Operation.TOKENS_ISSUE):
            fresh = rules.CompiledPolicy(STRICT)
            context = {**nothing, "posture": state.value}
            expected = fresh.decide(operation, context)
            assert policy.decide(operation, context) == expected
            assert policy.decide(operation, context) == expected


def test_more_answers_than_are_kept_are_still_right() -> None:
    aged = "permit (principal, action, resource) when { context.session_age_seconds < 5 };"
    policy = rules.CompiledPolicy(aged)
    for age in [*range(rules.ANSWERS_MAX + 3), 4, 5]:
        context = {**rules.context_of({}), rules.SESSION_AGE: age}
        assert policy.decide(Operation.TOKENS_ISSUE, context).is_allowed is (age < 5)


@pytest.mark.requirement("POL-01")
def test_an_attribute_of_another_type_is_our_own_fault_and_decides_nothing() -> None:
    policy = rules.CompiledPolicy(STRICT)
    for wrong in (True, 1):
        with pytest.raises(RuntimeError):
            policy.decide(Operation.ACCOUNT_DELETE, {**rules.context_of({}), "posture": wrong})


def test_processes_that_start_together_write_one_first_policy(database, clock) -> None:
    with ThreadPoolExecutor(4) as pool:
        starts = [
            pool.submit(Policies, database, keys_of_tests(), clock, Changes()) for _ in range(4)
        ]
    assert [start.result().standing.in_force for start in starts] == [{"default": 1}] * 4
