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
    PIN = "pin"

    # A member is one object. Enum's own hash is made of its name anew each time, in Python.
    __hash__ = object.__hash__


class Face(Enum):
    """Where an operation is asked for; what can be established there differs."""

    APP = "app"
    """A session of the App, and the signature of the device that it runs on."""
    COMMAND = "command"
    """A session in a browser: no device speaks there, so what only a device shows is missing."""
    ADMINISTRATION = "administration"
    """An administrator's session. No account, no device, and no handle of either."""


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
    REFUND_CLAIM = ("commerce.refund.claim", True)
    ESIM_OBTAIN = ("esim.obtain", False)
    ESIM_ACTIVATE = ("esim.activate", False)
    ESIM_REVEAL = ("esim.reveal", True)
    ESIM_REPLACE = ("esim.replace", True)
    # Nobody is to be kept from giving something up by a demand that is made of what is critical.
    ESIM_END = ("esim.end", False)
    ADMIN_POLICY_STAGE = ("admin.policy.stage", False)
    ADMIN_POLICY_ACTIVATE = ("admin.policy.activate", False)
    ADMIN_POLICY_ASSIGN = ("admin.policy.assign", False)
    ADMIN_FLEET_REVOKE = ("admin.fleet.revoke", False)
    ADMIN_ORDERS_DECIDE = ("admin.orders.decide", False)
    ADMIN_SHOP_STAGE = ("admin.shop.stage", False)
    ADMIN_SHOP_ACTIVATE = ("admin.shop.activate", False)
    ADMIN_REVOKE = ("admin.administrators.revoke", False)

    # As of a fact.
    __hash__ = object.__hash__

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
    def faces(self) -> tuple[Face, ...]:
        """Where the operation can be asked for."""
        if self.word.startswith("admin."):
            return (Face.ADMINISTRATION,)
        if self.word.startswith(("esim.", "commerce.")):
            return (Face.COMMAND,)
        return (Face.APP, Face.COMMAND) if self.word in _IN_BOTH else (Face.APP,)

    def needs(self, face: Face) -> tuple[Fact, ...]:
        """Return the facts that must be good there, in the order in which they are asked for.

        A browser has no device's key. What a policy demands beyond these it says itself.
        """
        return _NEEDS[face]


_IN_BOTH = frozenset(
    {
        "accounts.delete",
        "accounts.pin.use",
        "accounts.pin.set",
        "accounts.pin.change",
        "accounts.pin.duress",
        "accounts.pin.remove",
        "accounts.pin.reset",
        "devices.chain.append",
    }
)
_NEEDS = {
    Face.APP: (Fact.SESSION, Fact.DEVICE, Fact.HANDLE, Fact.POLICY),
    Face.COMMAND: (Fact.SESSION, Fact.HANDLE, Fact.POLICY),
    Face.ADMINISTRATION: (Fact.SESSION, Fact.POLICY),
}


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
        facts: what was known, by the names that policies use.
        by_policy: what each policy alone answers, by ``name@version``.
        would_allow: what would have to be otherwise for it to be allowed; empty where it is
            allowed already, or where no fact would help.
    """

    decision: Decision
    facts: Mapping[str, Attribute]
    by_policy: Mapping[str, Decision]
    would_allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a policy would have changed about past decisions."""

    decisions: int
    newly_denied: Mapping[str, int]
    newly_allowed: Mapping[str, int]
