"""Evaluates Cedar policies over established facts: Allow, and no diagnostic error, means yes.

Two traps of the engine, each with a test: a ``forbid`` whose condition errs is skipped, so any
error denies; and without the schema's own entities an action is in no group, so a ``forbid``
over ``Action::"critical"`` would never fire.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import cedarpy
import msgspec

from enigm.domains.policy.errors import PolicyInvalidError
from enigm.domains.policy.model import Decision, DryRun, Fact, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from enigm.domains.policy.model import Attribute, Evidence

POLICY_BYTES_MAX = 64 * 1024
NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
NOTHING_ALLOWS = "No rule of the policy in force allows this."

_FACT_STATES = "posture: String, updates: String, attestation: String, intelligence: String"
_GROUPS = {True: "critical", False: "ordinary"}
_ACTIONS = "\n".join(
    f'action "{operation.word}" in [Action::"{_GROUPS[operation.is_critical]}"]'
    " appliesTo { principal: [Account], resource: [Service], context: Facts };"
    for operation in Operation
)
SCHEMA_TEXT = f"""
entity Account;
entity Service;
type Facts = {{
  session_age_seconds: Long,
  {_FACT_STATES},
}};
action "critical";
action "ordinary";
{_ACTIONS}
"""
_SCHEMA = cedarpy.Schema.from_str(SCHEMA_TEXT)
_ENTITIES = cedarpy.Entities.from_json_str("[]", _SCHEMA)

DEFAULT_POLICY = """\
@id("trusted-device")
@say("A signed-in person acts from a trusted device.")
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
        self._annotations = _annotations(text)

    def decide(self, operation: Operation, context: Mapping[str, Attribute]) -> Decision:
        """Evaluate one operation over its context, which ``context_of`` makes."""
        request = {
            "principal": {"type": "Account", "id": "asker"},
            "action": {"type": "Action", "id": operation.word},
            "resource": {"type": "Service", "id": "enigm"},
            "context": dict(context),
        }
        answer = cedarpy.is_authorized(request, self._policies, _ENTITIES, _SCHEMA)
        errors = tuple(str(error) for error in answer.diagnostics.errors)
        allowed = answer.decision is cedarpy.Decision.Allow and not errors
        fired = [self._annotations.get(each, {}) for each in answer.diagnostics.reasons]
        rules = tuple(each.get("id", "unnamed") for each in fired)
        sentences = [each["say"] for each in fired if "say" in each]
        sentence = sentences[0] if sentences else ("Allowed." if allowed else NOTHING_ALLOWS)
        return Decision(allowed, sentence, rules, errors)


def context_of(facts: Mapping[Fact, Evidence]) -> dict[str, Attribute]:
    """Return what policies may ask about; a fact that nobody established is ``missing``."""
    context: dict[str, Attribute] = {"session_age_seconds": 0}
    for fact in (Fact.POSTURE, Fact.UPDATES, Fact.ATTESTATION, Fact.INTELLIGENCE):
        context[fact.value] = facts[fact].state.value if fact in facts else "missing"
    for evidence in facts.values():
        context.update(evidence.attributes)
    return context


def dry_run(
    policy: CompiledPolicy, past: Iterable[tuple[Operation, Mapping[str, Attribute], bool]]
) -> DryRun:
    """Decide past operations again and count what would have been different."""
    denied: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    count = 0
    for operation, context, was_allowed in past:
        count += 1
        is_allowed = policy.decide(operation, context).is_allowed
        if was_allowed and not is_allowed:
            denied[operation.word] += 1
        elif is_allowed and not was_allowed:
            allowed[operation.word] += 1
    return DryRun(count, dict(denied), dict(allowed))


def signed_bytes(name: str, version: int, text: str) -> bytes:
    """Return what a policy's signature covers."""
    fields = (name.encode(), version.to_bytes(8, "big"), text.encode())
    return b"".join(len(part).to_bytes(4, "big") + part for part in fields)


def require_name(name: str) -> None:
    """Return if a policy may bear this name; raises PolicyInvalidError."""
    if not NAME.fullmatch(name):
        raise PolicyInvalidError("A policy's name is lower case letters, digits and dashes.")


def _annotations(text: str) -> dict[str, dict[str, str]]:
    """Return each rule's annotations under the engine's own name for it."""
    document: dict[str, Any] = msgspec.json.decode(cedarpy.policies_to_json_str(text))
    policies: dict[str, dict[str, Any]] = document["staticPolicies"]
    return {name: policy.get("annotations", {}) for name, policy in policies.items()}
