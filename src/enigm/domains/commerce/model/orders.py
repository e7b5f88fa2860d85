"""Orders: what was asked for, what has been paid, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from typing import TYPE_CHECKING, Final, NewType, TypeAlias

if TYPE_CHECKING:
    from enigm.domains.commerce.model import (
        Currency,
        Instruction,
        MethodName,
        PaymentEventKind,
        PaymentReference,
    )
    from enigm.domains.commerce.model.catalogue import Product

OrderId = NewType("OrderId", bytes)
# How commerce knows an account: a pseudonym that no other domain has.
Buyer = NewType("Buyer", bytes)
# What a guest keeps to find an order again; only its keyed hash is stored.
ComebackCode = NewType("ComebackCode", str)
# What its holder activates a paid order with, once.
ActivationToken = NewType("ActivationToken", bytes)

ORDER_ID_BYTES: Final = 16
TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class BuyersOrder:
    """An order that a signed-in buyer asks for."""

    buyer: Buyer = field(repr=False)
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class GuestsOrder:
    """An order that somebody comes back to with its code."""

    comeback: ComebackCode = field(repr=False)


OwnOrder: TypeAlias = BuyersOrder | GuestsOrder


class OrderState(StrEnum):
    """Where an order stands. The first seven follow from payments and time alone."""

    NEW = "new"
    PARTIAL = "partial"
    SEEN = "seen"
    SETTLED = "settled"
    FINAL = "final"
    EXPIRED = "expired"
    LATE = "late"
    # These are decided, by a policy or a person, whatever was paid.
    HELD = "held"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Flag(IntFlag):
    """What else is to be said of what was paid."""

    UNDER = 1
    OVER = 2
    LATE = 4


class Lateness(StrEnum):
    """When a payment was first seen."""

    TIMELY = "timely"
    WITHIN_A_DAY = "day"
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order asks for: fixed when its price was locked."""

    price_cents: int
    due: int  # in the smallest unit of the method's currency
    expires_at: int
    confirmations_needed: int
    confirmations_final: int | None  # None: time says it, not depth


@dataclass(frozen=True, slots=True)
class Payment:
    """What is known of one payment: the fact of the highest rank, and how deep it ever was."""

    rank: int
    kind: PaymentEventKind
    amount: int
    confirmations: int
    confirmations_deepest: int  # -1: never confirmed
    lateness: Lateness
    # What it was worth in EUR when first seen; None where no rate could say, until one can.
    value_cents: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What payments and time make of an order; amounts in the smallest unit."""

    state: OrderState
    flags: Flag
    received: int
    missing: int
    over: int
    confirmations: int  # of the least confirmed payment that is needed


class TokenState(StrEnum):
    """Whether the order can be, or was, activated."""

    NONE = "none"
    ISSUED = "issued"
    CLAIMED = "claimed"  # presented: whoever takes it over is told of changes from now on
    TAKEN = "taken"  # taken over: the token dies when the payment is final
    ENDED = "ended"


class Standing(StrEnum):
    """What a receiver is told about something that was activated."""

    ACTIVE = "active"
    SUSPENDED = "held"
    ENDED = "ended"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is kept."""

    order_id: OrderId
    buyer: Buyer | None
    country: str
    sku: str
    product: Product
    term_days: int
    method: MethodName
    currency: Currency
    reference: PaymentReference
    rate_id: str
    terms: Terms
    state: OrderState  # from payments and time
    flags: Flag
    decided: OrderState | None  # HELD, REJECTED, CANCELLED or REFUNDED
    reason: str  # why it was decided so: a code
    appeal: str  # the code with which it was appealed, or nothing
    policy_version: int
    catalogue_version: int
    token_state: TokenState
    standing: Standing  # what was last told to whoever took it over
    standing_number: int
    final_at: int | None
    ends_at: int

    @property
    def shown_state(self) -> OrderState:
        """Return what is told: a decision stands before what was paid."""
        return self.decided or self.state

    @property
    def is_deliverable(self) -> bool:
        """Say whether it can be activated and what was activated stands."""
        return self.decided is None and self.state in (OrderState.SETTLED, OrderState.FINAL)


class Receiver(StrEnum):
    """Which domain takes over what was bought."""

    ENTITLEMENT = "entitlement"
    ESIM = "esim"
    # Codes are made here: what was paid for is collected as blind signatures.
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for, and how things stand with it; the number orders what is told."""

    product: Product
    sku: str
    term_days: int
    standing: Standing
    number: int


@dataclass(frozen=True, slots=True)
class OpenedOrder:
    """A new order, and what its payer is shown. A guest's code is shown this once."""

    order_id: OrderId
    comeback: ComebackCode | None = field(repr=False)
    view: OrderView


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its own buyer sees it."""

    order_id: OrderId
    product: Product
    sku: str
    term_days: int
    country: str
    price_cents: int
    method: MethodName
    currency: Currency
    state: OrderState
    flags: Flag
    reason: str
    instruction: Instruction | None
    due: int
    received: int
    missing: int
    over: int
    confirmations: int
    confirmations_needed: int
    expires_at: int
    says: tuple[str, ...]  # the timeline in plain words, the newest last
    can_appeal: bool
    can_refund: bool
    token: ActivationToken | None = field(repr=False)
