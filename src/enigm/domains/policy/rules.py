"""Evaluates Cedar policies over established facts: Allow, and no diagnostic error, means yes.

Two traps of the engine, each with a test: a ``forbid`` whose condition errs is skipped, so any
error denies; and without the schema's own entities an action is in no group, so a ``forbid``
over ``Action::"critical"`` would never fire.

The schema is held against a policy when it is compiled, and not against every request, which
would cost half of the time: a request brings exactly the attributes that the policy names, and
one that it could not name would be an error, which denies. The same attributes get the same
answer, so answers are kept; and ages that a policy only compares with numbers get the same answer
between two of those numbers.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import cedarpy
import msgspec

from enigm.domains.policy.errors import PolicyInvalidError
from enigm.domains.policy.model import (
    Decision,
    DryRun,
    Evidence,
    Explanation,
    Face,
    Fact,
    FactState,
    Operation,
)
from enigm.wire.posture_report import Signal, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from enigm.domains.policy.model import Attribute, Standing

POLICY_BYTES_MAX = 64 * 1024
# Answers kept per policy; ages of sessions are the only facts with many values, and that only
# where a policy reckons with them.
ANSWERS_MAX = 4096
NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
NOTHING_ALLOWS = "No rule of the policy in force allows this."
SESSION_AGE = "session_age_seconds"
ENVIRONMENT = "environment"
_WORSE = frozenset(state.value for state in FactState if state is not FactState.GOOD)

_STATED = (
    Fact.DEVICE,
    Fact.POSTURE,
    Fact.UPDATES,
    Fact.ATTESTATION,
    Fact.INTELLIGENCE,
    Fact.PIN,
)
# Each is a word of FactState; of ``device`` and ``pin`` it says whether one was shown at all.
_FACT_STATES = ", ".join(f"{fact.value}: String" for fact in _STATED)
# Each is "true", "false" or "unknown"; "stale" or "missing" where there is no fresh report.
_SIGNALS = ", ".join(f"{signal.word}: String" for signal in Signal)
_SIGNAL_WORDS = frozenset(signal.word for signal in Signal)
# What only a device can show; where none speaks, a policy that asks for one of these denies.
WORDS_OF_DEVICES = frozenset(
    {fact.value for fact in _STATED if fact not in {Fact.INTELLIGENCE, Fact.PIN}} | _SIGNAL_WORDS
)
_SIGNALS_IN_ORDER = tuple(signal.word for signal in sorted(Signal))
_SIGNAL_LETTERS = "signals"
_LETTERS: dict[Attribute, str] = {
    **{state.word: state.word[0] for state in State},
    FactState.STALE.value: "s",
    FactState.MISSING.value: "m",
}
_MISSING_LETTER = _LETTERS[FactState.MISSING.value]
_WORDS_OF_LETTERS = {letter: word for word, letter in _LETTERS.items()}
_CONTEXT_VARIABLE = b'{"Var":"context"}'
_AGE = {".": {"left": {"Var": "context"}, "attr": SESSION_AGE}}
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def _asker(operation: Operation) -> str:
    return "Administrator" if operation.faces == (Face.ADMINISTRATION,) else "Account"


def _declared(operation: Operation) -> str:
    who, group = _asker(operation), "critical" if operation.is_critical else "ordinary"
    if who == "Administrator":
        group = "administrative"
    return (
        f'action "{operation.word}" in [Action::"{group}"]'
        f" appliesTo {{ principal: [{who}], resource: [Service], context: Facts }};"
    )


_ACTIONS = "\n".join(_declared(operation) for operation in Operation)
SCHEMA_TEXT = f"""
entity Account;
entity Administrator;
entity Service;
type Facts = {{
  session_age_seconds: Long,
  environment: String,
  {_FACT_STATES},
  {_SIGNALS},
}};
action "critical";
action "ordinary";
action "administrative";
{_ACTIONS}
"""
_SCHEMA = cedarpy.Schema.from_str(SCHEMA_TEXT)
_ENTITIES = cedarpy.Entities.from_json_str("[]", _SCHEMA)

_NOTHING_KNOWN: dict[str, Attribute] = {
    SESSION_AGE: 0,
    ENVIRONMENT: "",
    **dict.fromkeys((fact.value for fact in _STATED), FactState.MISSING.value),
    **dict.fromkeys(_SIGNAL_WORDS, FactState.MISSING.value),
}

DEFAULT_POLICY = """\
@id("signed-in")
@say("Somebody signed in acts: in the App from a trusted device, in Command with the PIN.")
permit (principal, action, resource);
"""


class CompiledPolicy:
    """A policy that parsed and fits the schema."""

    def __init__(self, text: str) -> None:
        """Parse and validate; raises PolicyInvalidError."""
        if len(text.encode()) > POLICY_BYTES_MAX:
            raise PolicyInvalidError(f"A policy has at most {POLICY_BYTES_MAX} bytes.")
        validation = cedarpy.validate_policies(text, _SCHEMA)
        if not validation.validation_passed:
            found = "; ".join(str(error) for error in validation.errors)
            raise PolicyInvalidError(f"The policy does not fit the schema: {found}")
        self._policies = cedarpy.PolicySet.from_str(text)
        document: dict[str, Any] = msgspec.json.decode(cedarpy.policies_to_json_str(text))
        policies: dict[str, dict[str, Any]] = document["staticPolicies"]
        self._annotations = {name: each.get("annotations", {}) for name, each in policies.items()}
        named = list(_attributes_in(policies))
        # A policy that takes the context as a whole looks at everything.
        is_whole = msgspec.json.encode(policies).count(_CONTEXT_VARIABLE) > len(named)
        self.asks: frozenset[str] = frozenset(_NOTHING_KNOWN if is_whole else named)
        self.facts = frozenset(fact for fact in Fact if _words_of(fact) & self.asks)
        compared = sorted(_ages_compared(policies))
        is_reckoned = is_whole or named.count(SESSION_AGE) > len(compared)
        self._ages: list[int] | None = None if is_reckoned else compared
        self._answers: dict[tuple[Operation, tuple[Attribute, ...]], Decision] = {}

    def decide(self, operation: Operation, context: Mapping[str, Attribute]) -> Decision:
        """Evaluate one operation over its context, which ``context_of`` makes."""
        # A decision that was remembered before there was a word says nothing about it.
        asked = {name: context.get(name, _NOTHING_KNOWN[name]) for name in self.asks}
        if any(type(value) is not type(_NOTHING_KNOWN[name]) for name, value in asked.items()):
            raise RuntimeError("a fact's attribute has another type than the schema says")
        key = operation, tuple(self._classed(asked).values())
        decision = self._answers.get(key)
        if decision is None:
            if len(self._answers) >= ANSWERS_MAX:
                self._answers.clear()
            decision = self._answers[key] = self._evaluate(operation, asked)
        return decision

    def _classed(self, asked: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
        """Return the attributes with an age by its place among the numbers it is compared with."""
        age = asked.get(SESSION_AGE)
        if self._ages is None or not isinstance(age, int):
            return asked
        # Below, at or above each of them.
        return {**asked, SESSION_AGE: bisect_left(self._ages, age) + bisect_right(self._ages, age)}

    def _evaluate(self, operation: Operation, asked: Mapping[str, Attribute]) -> Decision:
        request: dict[str, Any] = {
            "principal": f'{_asker(operation)}::"asker"',
            "action": f'Action::"{operation.word}"',
            "resource": 'Service::"enigm"',
            "context": msgspec.json.encode(asked).decode(),
        }
        answer = cedarpy.is_authorized(request, self._policies, _ENTITIES)
        errors = tuple(str(error) for error in answer.diagnostics.errors)
        allowed = answer.decision is cedarpy.Decision.Allow and not errors
        fired = [self._annotations.get(each, {}) for each in answer.diagnostics.reasons]
        rules = tuple(each.get("id", "unnamed") for each in fired)
        sentences = [each["say"] for each in fired if "say" in each]
        sentence = sentences[0] if sentences else ("Allowed." if allowed else NOTHING_ALLOWS)
        return Decision(allowed, sentence, rules, errors)


def context_of(facts: Mapping[Fact, Evidence], environment: str = "") -> dict[str, Attribute]:
    """Return what policies may ask about; a fact that nobody established is ``missing``."""
    context = {**_NOTHING_KNOWN, ENVIRONMENT: environment}
    for fact, evidence in facts.items():
        if fact in _STATED:
            context[fact.value] = evidence.state.value
        context.update(evidence.attributes)
    return context


def packed(context: Mapping[str, Attribute]) -> bytes:
    """Return what was established as it is remembered: short, for there are many decisions.

    What is missing goes without saying, and signals are a letter each, in the order of their
    numbers.
    """
    known = {
        name: each
        for name, each in context.items()
        if each != _NOTHING_KNOWN[name] and name not in _SIGNAL_WORDS
    }
    letters = "".join(_LETTERS[context[word]] for word in _SIGNALS_IN_ORDER)
    return msgspec.json.encode({**known, _SIGNAL_LETTERS: letters.rstrip(_MISSING_LETTER)})


def unpacked(octets: bytes) -> dict[str, Attribute]:
    """Return the whole of what ``packed`` made, or an earlier version of it."""
    known = msgspec.json.decode(octets, type=dict[str, bool | int | str])
    letters = str(known.pop(_SIGNAL_LETTERS, ""))
    words = (_WORDS_OF_LETTERS[letter] for letter in letters)
    return {**_NOTHING_KNOWN, **known, **dict(zip(_SIGNALS_IN_ORDER, words, strict=False))}


def taken_for_good(fact: Fact) -> Evidence:
    """Return a fact as if it was good, for the operation that establishes it."""
    words = [signal.word for signal in Signal] if fact is Fact.POSTURE else []
    return Evidence(FactState.GOOD, dict.fromkeys(words, State.TRUE.word))


def joined(decisions: Sequence[Decision]) -> Decision:
    """Return the decision of several policies: all must allow, so nothing assigned loosens."""
    denials = [each for each in decisions if not each.is_allowed]
    return (denials or decisions)[0]


def explain(
    policies: Mapping[str, CompiledPolicy], operation: Operation, context: Mapping[str, Attribute]
) -> Explanation:
    """Decide once more and say what each policy answers, and what would have been enough."""

    def decided(facts: Mapping[str, Attribute]) -> Decision:
        return joined([policy.decide(operation, facts) for policy in policies.values()])

    by_policy = {name: policy.decide(operation, context) for name, policy in policies.items()}
    decision = joined(list(by_policy.values()))
    better = {name: _at_best(name, value) for name, value in context.items()}
    changed = {name: value for name, value in better.items() if context[name] != value}
    would: tuple[str, ...] = ()
    if not decision.is_allowed:
        one = [name for name in changed if decided({**context, name: changed[name]}).is_allowed]
        would = tuple(f"{name} were {changed[name]}" for name in one)
        if not would and decided({**context, **changed}).is_allowed:
            would = (" and ".join(f"{name} were {value}" for name, value in changed.items()),)
    return Explanation(decision, context, by_policy, would)


def _at_best(name: str, value: Attribute) -> Attribute:
    if name == SESSION_AGE:
        return 0
    if name in _SIGNAL_WORDS:
        return State.TRUE.word
    if name == ENVIRONMENT:
        return value
    return FactState.GOOD.value if value in _WORSE else value


def dry_run(
    past: Iterable[tuple[Operation, Mapping[str, Attribute], bool, Sequence[CompiledPolicy]]],
) -> DryRun:
    """Decide past operations again, each by its policies, and count what would be different."""
    denied: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    count = 0
    for operation, context, was_allowed, policies in past:
        count += 1
        is_allowed = joined([each.decide(operation, context) for each in policies]).is_allowed
        if was_allowed and not is_allowed:
            denied[operation.word] += 1
        elif is_allowed and not was_allowed:
            allowed[operation.word] += 1
    return DryRun(count, dict(denied), dict(allowed))


def signed_bytes(name: str, version: int, text: str) -> bytes:
    """Return what a policy's signature covers."""
    fields = (name.encode(), version.to_bytes(8, "big"), text.encode())
    return b"".join(len(part).to_bytes(4, "big") + part for part in fields)


def standing_bytes(standing: Standing) -> bytes:
    """Return what a statement's signature covers: the number, every version, every assignment."""
    versions = sorted(standing.in_force.items())
    assigned = sorted(standing.assigned.items())
    fields = [standing.number.to_bytes(8, "big"), len(versions).to_bytes(4, "big")]
    fields += [part for name, version in versions for part in (name.encode(), _u64(version))]
    fields += [part for handle, name in assigned for part in (handle, name.encode())]
    return b"".join(len(part).to_bytes(4, "big") + part for part in fields)


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def require_name(name: str) -> None:
    """Return if a policy may bear this name; raises PolicyInvalidError."""
    if not NAME.fullmatch(name):
        raise PolicyInvalidError("A policy's name is lower case letters, digits and dashes.")


def _words_of(fact: Fact) -> frozenset[str]:
    """Return the attributes that a fact establishes; what no policy looks at is not even read."""
    return _SIGNAL_WORDS | {fact.value} if fact is Fact.POSTURE else frozenset((fact.value,))


def _ages_compared(node: Any) -> Iterator[int]:
    """Yield each number that a policy compares a session's age with, where it does no more."""
    if isinstance(node, dict):
        branches = cast("dict[str, Any]", node)
        for name in _COMPARISONS:
            sides = branches.get(name, {})
            ends = [sides.get("left"), sides.get("right")]
            numbers = [each["Value"] for each in ends if _is_number(each)]
            if _AGE in ends and numbers:
                yield numbers[0]
        node = list(branches.values())
    if isinstance(node, list):
        for branch in cast("list[Any]", node):
            yield from _ages_compared(branch)


def _is_number(node: Any) -> bool:
    return isinstance(node, dict) and type(cast("dict[str, Any]", node).get("Value")) is int


def _attributes_in(node: Any) -> Iterator[str]:
    """Yield the context's attributes that a policy names, in the engine's own JSON of it."""
    if isinstance(node, dict):
        branches = cast("dict[str, Any]", node)
        if branches.get("left") == {"Var": "context"} and isinstance(branches.get("attr"), str):
            yield branches["attr"]
        node = list(branches.values())
    if isinstance(node, list):
        for branch in cast("list[Any]", node):
            yield from _attributes_in(branch)
