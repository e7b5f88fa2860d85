"""What somebody holds, and the words for how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

# How this domain knows an account: a pseudonym that no other domain has.
Holder = NewType("Holder", bytes)
EntitlementId = NewType("EntitlementId", bytes)
ENTITLEMENT_ID_BYTES: Final = 16


class EntitlementState(StrEnum):
    """How an entitlement stands."""

    ACTIVE = "active"
    SUSPENDED = "paused"
    ENDED = "over"


class Told(StrEnum):
    """What the seller tells of something that was activated, until the link dies."""

    ACTIVE = "active"
    SUSPENDED = "paused"
    ENDED = "over"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Activation:
    """What a token stands for, as the crossing carries it."""

    product: str
    term_days: int
    told: Told
    number: int


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One product held; ``ends_at`` is the first second after it, None for what has no end."""

    entitlement_id: EntitlementId
    product: str
    state: EntitlementState
    starts_at: int
    ends_at: int | None
    can_be_taken_back: bool  # the payment is not final yet
