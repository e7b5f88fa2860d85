"""An eSIM's three axes, each its own: the profile, what was bought, and whose it is.

No field here is a phone number, a voice or message service, a device's EID, an address, a place,
or anything that a carrier's network records. There is none to fill in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from typing import Self

# The account that an eSIM belongs to, under the one name that only eSIMs know it by.
OwnerRef = NewType("OwnerRef", bytes)
EsimId = NewType("EsimId", bytes)
# Digits of a profile; sealed wherever it is kept.
Iccid = NewType("Iccid", str)


@dataclass(frozen=True, slots=True)
class Holder:
    """The signed-in account that acts.

    Args:
        owner: its name here.
        policy_handles: under which a managed configuration may stand for it; never kept.
    """

    owner: OwnerRef = field(repr=False)
    policy_handles: tuple[bytes, ...] = field(default=(), repr=False)


class Step(StrEnum):
    """How far we have gone with the provider. Ours alone to change, and never by a notice."""

    REQUESTED = "requested"
    ORDERED = "ordered"
    # Written before the provider is asked: whoever finds it does not know whether it was heard.
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    CANCELLED = "cancelled"


class Standing(StrEnum):
    """How what was bought stands with us."""

    LIVE = "live"
    RETIRED = "retired"
    REPLACED = "replaced"
    REFUNDED = "refunded"


class Told(StrEnum):
    """What a provider can tell of a profile or a plan; nothing else is heard."""

    NOT_ELIGIBLE = "not_eligible"
    CODE_FAILED = "code_failed"
    DOWNLOAD_FAILED = "download_failed"
    DOWNLOADED = "downloaded"
    INSTALL_FAILED = "install_failed"
    INSTALLED = "installed"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    # The provider made the profile fetchable again: what came before it no longer counts.
    RESET = "reset"
    WITHDRAWN = "withdrawn"
    PLAN_ACTIVE = "plan_active"
    PLAN_SUSPENDED = "plan_suspended"
    PLAN_USED_UP = "plan_used_up"
    PLAN_EXPIRED = "plan_expired"


# When each thing was last told of, by the provider's clock. Merging takes the later of two times,
# so the order in which notices arrive, and how often, makes no difference.
History = Mapping[Told, int]
NOTHING_TOLD: Final[History] = MappingProxyType({})


class ProfileState(StrEnum):
    """First axis: the profile, as last known. No EID is ever given, so none is LINKED (SGP.22)."""

    AVAILABLE = "available"
    ALLOCATED = "allocated"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    DOWNLOADED = "downloaded"
    INSTALLED = "installed"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    ERROR = "error"
    UNAVAILABLE = "unavailable"


class Fault(StrEnum):
    """What went wrong where the profile's state is ERROR; the phone may simply try again."""

    ELIGIBILITY = "eligibility"
    CONFIRMATION_CODE = "confirmation_code"
    DOWNLOAD = "download"
    INSTALL = "install"


class CommercialState(StrEnum):
    """Second axis: what was bought."""

    PURCHASED = "purchased"
    ACTIVATION_READY = "activation_ready"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    USED_UP = "used_up"
    EXPIRED = "expired"
    RETIRED = "retired"
    REPLACED = "replaced"
    REFUNDED = "refunded"


class Association(StrEnum):
    """Third axis: whose it is. A deleted eSIM has no record, so this is never kept as a value."""

    ASSOCIATED = "associated"
    UNLINKED = "unlinked"
    DELETED = "deleted"


class Deed(StrEnum):
    """What can be done with an eSIM, always because its holder or the operator wants it."""

    PURCHASE = "purchase"
    ACTIVATE = "activate"
    REVEAL = "reveal"
    CONFIRM_INSTALLED = "confirm_installed"
    UNLINK = "unlink"
    LINK = "link"
    DELETE = "delete"
    REPLACE = "replace"
    RETIRE = "retire"
    TAKE_BACK = "take_back"
    DISCLOSE = "disclose"


class Concern(StrEnum):
    """What a support note is about; a closed list, so that nobody writes about a person."""

    CANNOT_DOWNLOAD = "cannot_download"
    CANNOT_INSTALL = "cannot_install"
    NO_DATA = "no_data"
    DEVICE_LOST = "device_lost"
    WRONG_STATUS = "wrong_status"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a product of the shop is at a provider.

    Args:
        product: the shop's word for it.
        provider: which adapter gets it.
        item: the provider's own word: a profile type, a package.
        days: how long it lasts from installation.
    """

    product: str
    provider: str
    item: str
    days: int


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a provider told of one profile."""

    iccid: Iccid = field(repr=False)
    told: Told
    at: int


@dataclass(frozen=True, slots=True)
class Esim:
    """One eSIM as it is kept, but for what is sealed. Times are Unix seconds.

    Args:
        owner: None once unlinked.
        purchased_on: the start of the day, which is all that is needed.
        replaces: the eSIM that ends when this one is installed.
        replacements: how many came before this one for the same purchase.
        refusals: how often the provider said no, after which a call is a new one.
        has_code: the activation code can still be shown.
        purge_at: when this record goes.
    """

    esim_id: EsimId
    owner: OwnerRef | None
    plan: Plan
    step: Step
    standing: Standing
    history: History
    purchased_on: int
    notice_version: int
    notice_at: int
    replaces: EsimId | None
    replacements: int
    refusals: int
    has_code: bool
    purge_at: int

    def changed(self, **changes: object) -> Self:
        """Return this with other values."""
        return replace(self, **changes)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True, slots=True)
class Status:
    """What a holder sees of an eSIM. The profile's state is the last known, and may be old.

    Args:
        told_at: when a provider last told anything; None where none ever did.
        ends_at: when the plan, or the time to install it, runs out.
        deeds: what can be done now.
    """

    esim_id: EsimId
    product: str
    profile: ProfileState
    fault: Fault | None
    commercial: CommercialState
    association: Association
    purchased_on: int
    ends_at: int
    told_at: int | None
    replaces: EsimId | None
    deeds: frozenset[Deed]


@dataclass(frozen=True, slots=True)
class DeviceAnswers:
    """What a person says of a device; nothing of it is kept, and no device number is asked for."""

    shows_an_eid: bool
    is_locked_to_a_carrier: bool
    has_room_for_a_profile: bool
    is_allowed_to_install: bool


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether the device can take an eSIM, and what stands in the way."""

    is_eligible: bool
    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SupportNote:
    """What support sees: the states at one moment under a reference that names nobody."""

    reference: str
    concern: Concern
    product: str
    profile: ProfileState
    commercial: CommercialState
    association: Association
    noted_on: int


@dataclass(frozen=True, slots=True)
class Disclosure:
    """All that any request for disclosure can be answered with: the listed lifecycle data.

    There is no other field, so there is nothing else to be asked for. ``account_association`` says
    whether there is one; which account it is cannot be told from what eSIMs keep.
    """

    purchase: bool
    entitlement: CommercialState | None
    account_association: bool
    activation: ProfileState | None
    unlinking: bool
    deletion: bool
    support_records: tuple[SupportNote, ...]


@dataclass(frozen=True, slots=True)
class Farewell:
    """What the person still has to do: nobody but the user can delete a profile from a phone."""

    delete_on_device: bool


@dataclass(frozen=True, slots=True)
class ComplianceNotice:
    """What is shown before a purchase; its version and the time of acknowledgement are kept."""

    version: int
    text: str


COMPLIANCE_NOTICE: Final = ComplianceNotice(
    version=1,
    text=(
        "You are responsible for understanding and following the rules on telecommunications, "
        "identity registration, import, export, sanctions and lawful use that apply where you buy, "
        "activate or use mobile data. Enigm is not a mobile operator: it does not run the network, "
        "does not issue the profile, and does not control what the carrier asks for or records. "
        "Enigm does not give legal advice and does not say that using an eSIM is lawful everywhere."
    ),
)
