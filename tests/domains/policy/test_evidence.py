"""What a policy demands of a device: each word but the good one denies, whoever asks for what."""

from __future__ import annotations

import itertools

import pytest

from enigm.domains.policy import rules, store
from enigm.domains.policy.actions.deciding import Decider
from enigm.domains.policy.actions.governing import Policies
from enigm.domains.policy.errors import PolicyDeniedError
from enigm.domains.policy.model import Evidence, Fact, FactState, Operation
from enigm.foundation.errors import UnavailableError
from enigm.wire.posture_report import Signal
from tests.domains.policy.test_policy import GOOD, Changes, enforce
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests

pytestmark = pytest.mark.requirement("POL-01", "TSC-03")

DEMANDS = {
    Fact.POSTURE: 'context.posture == "good"',
    Fact.ATTESTATION: 'context.attestation == "good"',
}
REPORTS = [each for each in Operation if each.establishes]
OTHERS = [each for each in Operation if not each.establishes]


def away() -> Evidence:
    raise UnavailableError("posture.unavailable", "Try later.")


def broken() -> Evidence:
    raise OSError("the store is away")


def must_not_be_read() -> Evidence:
    pytest.fail("no policy looks at this fact")


NOT_GOOD = [
    *((lambda state=state: Evidence(state)) for state in FactState if state is not FactState.GOOD),
    away,
    broken,
    None,
]


@pytest.fixture
def policies(open_sqlcipher_database) -> Policies:
    database = open_sqlcipher_database("policy", store.metadata)
    return Policies(database, keys_of_tests(), FakeClock(), Changes())


@pytest.fixture
def decider(policies) -> Decider:
    return Decider(policies)


def demand(policies: Policies, what: str) -> None:
    text = "permit (principal, action, resource);"
    enforce(policies, f"{text} forbid (principal, action, resource) unless {{ {what} }};")


@pytest.mark.parametrize("fact", DEMANDS)
def test_every_operation_is_denied_in_every_state_but_good(decider, policies, fact) -> None:
    demand(policies, DEMANDS[fact])
    for operation, source in itertools.product(OTHERS, NOT_GOOD):
        facts = GOOD if source is None else {**GOOD, fact: source}
        with pytest.raises(PolicyDeniedError):
            decider.decide(operation, facts)
    for operation in OTHERS:
        good = {**GOOD, fact: lambda: Evidence(FactState.GOOD)}
        assert decider.decide(operation, good).is_allowed


@pytest.mark.parametrize("signal", [Signal.DISK_ENCRYPTION, Signal.SCREEN_LOCK])
@pytest.mark.parametrize("word", ["false", "unknown", "stale", "missing"])
def test_every_word_for_a_signal_but_true_denies(decider, policies, signal, word) -> None:
    demand(policies, f'context.{signal.word} == "true"')

    def posture(said: str) -> dict:
        words = {each.word: "true" for each in Signal} | {signal.word: said}
        return {**GOOD, Fact.POSTURE: lambda: Evidence(FactState.GOOD, words)}

    for operation in OTHERS:
        with pytest.raises(PolicyDeniedError):
            decider.decide(operation, posture(word))
        assert decider.decide(operation, posture("true")).is_allowed


def test_reporting_is_how_a_device_becomes_good_so_it_is_not_denied_for_what_it_brings(
    decider, policies
) -> None:
    both = " && ".join(DEMANDS.values())
    signals = " && ".join(f'context.{signal.word} == "true"' for signal in Signal)
    demand(policies, f"{both} && {signals}")
    assert {each.word for each in REPORTS} == {"posture.report", "attestation.prove"}
    for operation in REPORTS:
        bad = dict.fromkeys(DEMANDS, lambda: Evidence(FactState.BAD))
        assert decider.decide(operation, {**GOOD, **bad}).is_allowed
    demand(policies, "context.session_age_seconds < 10")
    for operation in REPORTS:
        with pytest.raises(PolicyDeniedError):
            decider.decide(operation, GOOD)


def test_what_no_policy_looks_at_is_not_even_read(decider) -> None:
    unread = dict.fromkeys(DEMANDS, must_not_be_read)
    assert decider.decide(Operation.TOKENS_ISSUE, {**GOOD, **unread}).is_allowed


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        ("true", set()),
        ('context.firewall == "true"', {"firewall"}),
        (
            '["bad"].contains(context["posture"]) || !(context.screen_lock == "true")',
            {"posture", "screen_lock"},
        ),
        (
            'if context.secure_boot == "true" then context.attestation == "good" else false',
            {"secure_boot", "attestation"},
        ),
    ],
)
def test_what_a_policy_looks_at_is_read_from_its_text(condition, asked) -> None:
    text = f"permit (principal, action, resource) when {{ {condition} }};"
    assert rules.CompiledPolicy(text).asks == asked
