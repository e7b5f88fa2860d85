"""Operations, the facts they need, and what a decision was."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Attribute = bool | int | str
NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})


class Fact(Enum):
    """What somebody else must establish before a protected operation goes on."""

    SESSION = "session"
    DEVICE = "device"
    HANDLE = "handle"
    POLICY = "policy"
    POSTURE = "posture"
    UPDATES = "updates"
    ATTESTATION = "attestation"
    INTELLIGENCE = "intelligence"


class FactState(Enum):
    """What is known of a fact. Only ``good`` lets an operation go on."""

    GOOD = "good"
    BAD = "bad"
    STALE = "stale"
    UNKNOWN = "unknown"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact as its source found it.

    Args:
        state: what is known of it.
        attributes: what policies may ask about.
        handle: for Fact.HANDLE, under which policies are assigned.
    """

    state: FactState
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: NO_ATTRIBUTES)
    handle: bytes = b""


class Operation(Enum):
    """The protected operations, whether each is critical, and the facts it needs."""

    ACCOUNT_DELETE = ("accounts.delete", True)
    ACCOUNT_PASSWORD_CHANGE = ("accounts.password.change", True)
    TOKENS_ISSUE = ("accounts.tokens.issue", False)
    DEVICE_CHAIN_APPEND = ("devices.chain.append", True)
    DEVICE_ENROLMENT_REFUSE = ("devices.enrolment.refuse", False)
    DEVICE_CARD_REPLACE = ("devices.card.replace", False)
    DEVICE_KEY_PACKAGES = ("devices.key_packages", False)

    def __init__(self, word: str, is_critical: bool) -> None:  # noqa: FBT001 - an enum's row
        """Keep the word that policies name, and whether the operation is critical."""
        self.word = word
        self.is_critical = is_critical

    @property
    def needs(self) -> tuple[Fact, ...]:
        """The facts that must be good, in the order in which they are asked for."""
        return (Fact.SESSION, Fact.DEVICE, Fact.HANDLE, Fact.POLICY)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One signed text of a named policy."""

    name: str
    version: int
    text: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, why for the person, and why for a reviewer."""

    is_allowed: bool
    sentence: str
    rules: tuple[str, ...]
    errors: tuple[str, ...]


class Remembered(NamedTuple):
    """The facts of a past decision: when, what, which facts as JSON, and how it was decided."""

    at: int
    operation: str
    context: bytes
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a policy would have changed about past decisions."""

    decisions: int
    newly_denied: Mapping[str, int]
    newly_allowed: Mapping[str, int]
