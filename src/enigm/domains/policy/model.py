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
        handles: for Fact.HANDLE, under which policies may be assigned to who asks: those of the
            account, the device and the environment, of every epoch whose key still stands.
    """

    state: FactState
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: NO_ATTRIBUTES)
    handles: tuple[bytes, ...] = ()


class Operation(Enum):
    """The protected operations, whether each is critical, and the facts it needs."""

    ACCOUNT_DELETE = ("accounts.delete", True)
    ACCOUNT_PASSWORD_CHANGE = ("accounts.password.change", True)
    PIN_USE = ("accounts.pin.use", False)
    PIN_SET = ("accounts.pin.set", True)
    PIN_CHANGE = ("accounts.pin.change", True)
    PIN_DURESS = ("accounts.pin.duress", True)
    PIN_REMOVE = ("accounts.pin.remove", True)
    PIN_RESET = ("accounts.pin.reset", True)
    TOKENS_ISSUE = ("accounts.tokens.issue", False)
    DEVICE_CHAIN_APPEND = ("devices.chain.append", True)
    DEVICE_ENROLMENT_REFUSE = ("devices.enrolment.refuse", False)
    DEVICE_CARD_REPLACE = ("devices.card.replace", False)
    DEVICE_KEY_PACKAGES = ("devices.key_packages", False)
    POSTURE_REPORT = ("posture.report", False)
    ATTESTATION_PROVE = ("attestation.prove", False)
    ESIM_OBTAIN = ("esim.obtain", False)
    ESIM_ACTIVATE = ("esim.activate", False)

    def __init__(self, word: str, is_critical: bool) -> None:  # noqa: FBT001 - an enum's row
        """Keep the word that policies name, and whether the operation is critical."""
        self.word = word
        self.is_critical = is_critical

    @property
    def establishes(self) -> tuple[Fact, ...]:
        """The facts that are taken for good here, because this is how a device makes them good.

        A policy that demands them of everything would otherwise lock every device out for ever.
        Both, because one of the two reports could else wait for the other.
        """
        is_report = self.word in ("posture.report", "attestation.prove")
        return (Fact.POSTURE, Fact.ATTESTATION) if is_report else ()

    @property
    def needs(self) -> tuple[Fact, ...]:
        """The facts that must be good, in the order in which they are asked for.

        eSIMs are looked after from a browser, which has no device's key; they open nothing.
        """
        if self.word.startswith("esim."):
            return (Fact.SESSION, Fact.HANDLE, Fact.POLICY)
        return (Fact.SESSION, Fact.DEVICE, Fact.HANDLE, Fact.POLICY)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One signed text of a named policy."""

    name: str
    version: int
    text: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force for whom, under a number that grows with every change.

    Args:
        number: the change that made it so; the audit log's records name it.
        in_force: which version of each policy decides.
        assigned: which policy decides, besides the default, for whom by handle.
    """

    number: int
    in_force: Mapping[str, int]
    assigned: Mapping[bytes, str]


class PolicyChange(Enum):
    """What an operator does to policies; each is on the audit log before it is done."""

    STAGED = "staged"
    ACTIVATED = "activated"
    ASSIGNED = "assigned"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, why for the person, and why for a reviewer."""

    is_allowed: bool
    sentence: str
    rules: tuple[str, ...]
    errors: tuple[str, ...]


class Remembered(NamedTuple):
    """A past decision: when, what, which facts as JSON, how, and by which policies.

    Policies are written ``default@3 strict@1``.
    """

    at: int
    operation: str
    context: bytes
    is_allowed: bool
    policies: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one decision, for a reviewer.

    Args:
        decision: what was decided, and the person's sentence.
        by_policy: what each policy alone answers, by ``name@version``.
        would_allow: what would have to be otherwise for it to be allowed; empty where it is
            allowed already, or where no fact would help.
    """

    decision: Decision
    by_policy: Mapping[str, Decision]
    would_allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a policy would have changed about past decisions."""

    decisions: int
    newly_denied: Mapping[str, int]
    newly_allowed: Mapping[str, int]
