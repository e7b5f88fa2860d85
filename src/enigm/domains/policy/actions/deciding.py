"""The one function that every protected operation goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from enigm.domains.policy.errors import (
    FactUnavailableError,
    FactUnestablishedError,
    PolicyDeniedError,
    PolicyUnknownError,
)
from enigm.domains.policy.model import Decision, Evidence, Face, Fact, FactState, Operation
from enigm.domains.policy.rules import (
    WORDS_OF_DEVICES,
    context_of,
    joined,
    packed,
    taken_for_good,
)
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from enigm.domains.policy.actions.governing import Policies
    from enigm.domains.policy.needs import Environment
    from enigm.domains.policy.rules import CompiledPolicy

FactSource = Callable[[], Evidence]
"""Establishes one fact. Raising a Refusal says no in the fact's own words; any other exception
means that the fact cannot be established."""


class Unnamed:
    """The environment of an operator who has but one."""

    name = ""

    def handles(self) -> tuple[bytes, ...]:
        """Return none: nothing can be assigned to it."""
        return ()


class Decider:
    """Decides protected operations. Safe to share between threads."""

    def __init__(self, policies: Policies, environment: Environment | None = None) -> None:
        """Keep where policies come from, and in which environment they are asked."""
        self._policies = policies
        self._environment = environment or Unnamed()

    def decide(
        self, operation: Operation, sources: Mapping[Fact, FactSource], face: Face = Face.APP
    ) -> Decision:
        """Return the decision that allowed it, or raise.

        Args:
            operation: what is to be done.
            sources: who establishes each fact; a fact without a source is missing.
            face: where it is asked for, which says what must be good whatever a policy says.

        Raises:
            Refusal: a fact's own refusal, FactUnestablishedError, FactUnavailableError or
                PolicyDeniedError. Nothing was done.
        """
        facts: dict[Fact, Evidence] = {}
        policies: Mapping[str, CompiledPolicy] = {}
        for fact in operation.needs(face):
            if fact is Fact.POLICY:
                named = facts.get(Fact.HANDLE)
                policies = self._applying(named.handles if named else ())
            else:
                facts[fact] = _establish(fact, sources)
        if not policies:
            raise FactUnestablishedError(Fact.POLICY.value, FactState.MISSING.value)
        for fact in sources:
            if fact not in facts and any(fact in each.facts for each in policies.values()):
                facts[fact] = _tried(fact, sources)
        facts.update((fact, taken_for_good(fact)) for fact in operation.establishes)
        context = context_of(facts, self._environment.name)
        decision = joined([policy.decide(operation, context) for policy in policies.values()])
        self._policies.remember(operation, packed(context), decision, policies)
        if not decision.is_allowed:
            trace = f"rules {decision.rules}, errors {decision.errors}"
            raise PolicyDeniedError(decision.sentence, trace)
        return decision

    def asked_under(self, handles: tuple[bytes, ...]) -> frozenset[str]:
        """Return the words that the policies of these handles look at."""
        return frozenset[str]().union(*(each.asks for each in self._applying(handles).values()))

    def asks_devices(self, handles: tuple[bytes, ...]) -> bool:
        """Say whether the policies of these handles look at what only a device can show."""
        return bool(WORDS_OF_DEVICES & self.asked_under(handles))

    def _applying(self, handles: tuple[bytes, ...]) -> Mapping[str, CompiledPolicy]:
        """Return what decides for these handles here: the environment's is always among them."""
        try:
            presented = (*handles, *self._environment.handles())
        except Exception as error:
            raise FactUnavailableError(Fact.HANDLE.value, repr(error)) from error
        try:
            return self._policies.applying(presented)
        except PolicyUnknownError as error:
            raise FactUnestablishedError(Fact.POLICY.value, FactState.MISSING.value) from error
        except Exception as error:
            raise FactUnavailableError(Fact.POLICY.value, str(error)) from error


def _establish(fact: Fact, sources: Mapping[Fact, FactSource]) -> Evidence:
    """Return a fact that is good, or raise."""
    source = sources.get(fact)
    if source is None:
        raise FactUnestablishedError(fact.value, FactState.MISSING.value)
    try:
        evidence = source()
    except Refusal:
        raise
    except Exception as error:
        raise FactUnavailableError(fact.value, repr(error)) from error
    if evidence.state is not FactState.GOOD:
        raise FactUnestablishedError(fact.value, evidence.state.value)
    return evidence


def _tried(fact: Fact, sources: Mapping[Fact, FactSource]) -> Evidence:
    """Return a fact that only a policy may ask about; what cannot be established is unknown."""
    try:
        return sources[fact]()
    except Exception:  # noqa: BLE001 - unknown is a value here, and never good
        return Evidence(FactState.UNKNOWN)
