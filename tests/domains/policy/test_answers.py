"""Answers that are kept are the engine's own, and what is remembered is read back whole."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.policy import rules
from enigm.domains.policy.model import FactState, Operation
from enigm.wire.posture_report import Signal, State

pytestmark = pytest.mark.requirement("POL-01")

AGES = st.integers(0, 2**62) | st.integers(0, 40)
NUMBERS = st.integers(0, 40)
COMPARED = st.builds(
    lambda sign, number, is_first: (
        f"{number} {sign} context.session_age_seconds"
        if is_first
        else f"context.session_age_seconds {sign} {number}"
    ),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    NUMBERS,
    st.booleans(),
)
RECKONED = st.builds(lambda number: f"context.session_age_seconds + {number} < 50", NUMBERS)
CONDITIONS = st.lists(COMPARED | RECKONED, min_size=1, max_size=4).map(" || ".join)


def permitting(condition: str) -> rules.CompiledPolicy:
    return rules.CompiledPolicy(f"permit (principal, action, resource) when {{ {condition} }};")


def aged(age: int) -> dict:
    return {**rules.context_of({}), rules.SESSION_AGE: age}


@given(CONDITIONS, st.lists(AGES, min_size=1, max_size=12))
def test_an_age_gets_the_answer_that_the_engine_gives_to_that_age_alone(condition, ages) -> None:
    policy = permitting(condition)
    for age in ages:
        fresh = permitting(condition).decide(Operation.TOKENS_ISSUE, aged(age))
        assert policy.decide(Operation.TOKENS_ISSUE, aged(age)) == fresh


def test_a_policy_that_takes_the_context_as_a_whole_is_asked_about_each_age() -> None:
    whole = permitting("context.session_age_seconds < 5 && [context].contains(context)")
    assert [whole.decide(Operation.TOKENS_ISSUE, aged(age)).is_allowed for age in (4, 5)] == [
        True,
        False,
    ]


@given(
    st.integers(0, 10**9),
    st.sampled_from([state.value for state in FactState]),
    st.fixed_dictionaries(
        {},
        optional={
            signal.word: st.sampled_from([*(state.word for state in State), "stale", "missing"])
            for signal in Signal
        },
    ),
    st.sampled_from(["", "alpha"]),
)
def test_what_is_remembered_of_a_decision_is_read_back_whole(age, posture, words, name) -> None:
    context = {**rules.context_of({}, name), **words, "posture": posture, rules.SESSION_AGE: age}
    assert rules.unpacked(rules.packed(context)) == context


def test_what_an_earlier_release_remembered_can_still_be_explained() -> None:
    written_out = msgspec.json.encode({"session_age_seconds": 7, "firewall": "true"})
    read = rules.unpacked(written_out)
    assert (read["session_age_seconds"], read["firewall"]) == (7, "true")
    assert (read["environment"], read["posture"]) == ("", "missing")
