"""The one function that every protected operation goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from enigm.domains.policy.errors import (
    FactUnavailableError,
    FactUnestablishedError,
    PolicyDeniedError,
    PolicyUnknownError,
)
from enigm.domains.policy.model import Decision, Evidence, Fact, FactState, Operation
from enigm.domains.policy.rules import CompiledPolicy, context_of
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from enigm.domains.policy.actions.governing import Policies

FactSource = Callable[[], Evidence]
"""Establishes one fact. Raising a Refusal says no in the fact's own words; any other exception
means that the fact cannot be established."""

DEFAULT_POLICY_NAME = "default"


class Decider:
    """Decides protected operations. Safe to share between threads."""

    def __init__(self, policies: Policies) -> None:
        """Keep where policies come from."""
        self._policies = policies

    def decide(self, operation: Operation, sources: Mapping[Fact, FactSource]) -> Decision:
        """Return the decision that allowed it, or raise.

        Args:
            operation: what is to be done.
            sources: who establishes each fact; a fact without a source is missing.

        Raises:
            Refusal: a fact's own refusal, FactUnestablishedError, FactUnavailableError or
                PolicyDeniedError. Nothing was done.
        """
        facts: dict[Fact, Evidence] = {}
        policy: CompiledPolicy | None = None
        for fact in operation.needs:
            if fact is Fact.POLICY:
                named = facts.get(Fact.HANDLE)
                policy = self._policy(named.handle if named else b"")
            else:
                facts[fact] = _establish(fact, sources)
        for fact in set(sources) - set(facts):
            facts[fact] = _tried(fact, sources)
        if policy is None:
            raise FactUnestablishedError(Fact.POLICY.value, FactState.MISSING.value)
        context = context_of(facts)
        decision = policy.decide(operation, context)
        self._policies.remember(operation, msgspec.json.encode(context), decision)
        if not decision.is_allowed:
            trace = f"rules {decision.rules}, errors {decision.errors}"
            raise PolicyDeniedError(decision.sentence, trace)
        return decision

    def _policy(self, handle: bytes) -> CompiledPolicy:
        try:
            return compiled(self._policies.text_for(handle))
        except PolicyUnknownError as error:
            raise FactUnestablishedError(Fact.POLICY.value, FactState.MISSING.value) from error
        except Exception as error:
            raise FactUnavailableError(Fact.POLICY.value, str(error)) from error


@lru_cache(maxsize=64)
def compiled(text: str) -> CompiledPolicy:
    """Parse a policy once; texts are few and decisions many."""
    return CompiledPolicy(text)


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
