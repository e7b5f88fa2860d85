"""The things of commerce: money, quotes, payments and what a payment method tells about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

# The random name of an order's payment: it is in no other domain and ends with the order.
PaymentReference = NewType("PaymentReference", bytes)
PAYMENT_REFERENCE_BYTES: Final = 16


class Currency(StrEnum):
    """What money is counted in."""

    EUR = "EUR"
    XMR = "XMR"
    BTC = "BTC"


# Decimal places of one whole unit: cents, piconero, satoshi.
PLACES: Final[dict[Currency, int]] = {Currency.EUR: 2, Currency.XMR: 12, Currency.BTC: 8}


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: an integer count of the currency's smallest unit."""

    amount: int
    currency: Currency


class MethodName(StrEnum):
    """How an order can be paid."""

    MONERO = "monero"
    BITCOIN = "bitcoin"
    CARD = "card"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a method can do, so that nobody asks for the rest."""

    name: MethodName
    currency: Currency
    reverts: bool  # a payment that was confirmed can still be taken back
    refunds: bool
    # Payments are watched until they are this deep; a payment counts as final no later than then.
    confirmations_watched: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in the method's currency that holds until ``expires_at`` (seconds since 1970)."""

    rate_id: str
    amount: Money
    expires_at: int
    # Which book of a wallet the money goes to, where the operator keeps one per product line.
    product_line: str = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    """What the payer is shown: an address with its payment URI, or a page to go to."""

    uri: str
    amount: Money
    address: str | None = None


class PaymentEventKind(StrEnum):
    """What happened to a payment, as its method saw it.

    A chain tells SEEN (it waits for a block), CONFIRMED (each time its depth has changed), REVERTED
    (its block is gone; it waits again) and CONFLICTED (it is gone: it counts for nothing, unless
    it is seen again).
    """

    SEEN = "seen"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    CONFLICTED = "conflicted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """One fact about one payment. The same fact always has the same ``key``: it counts once.

    A reference may be paid in several payments (a part, then the rest; twice by mistake): each
    has its own ``payment``, and what was paid is the sum over them of each one's latest fact.
    """

    key: str
    method: MethodName
    reference: PaymentReference
    kind: PaymentEventKind
    amount: Money
    confirmations: int = 0
    payment: str = ""
    # Where facts may come in any order (webhooks): the fact of the highest rank counts, whenever
    # it came. None where `poll` tells them in the order in which they happened.
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class RefundReference:
    """What a method calls a refund it has taken on; it may need signing elsewhere first."""

    name: str


@dataclass(frozen=True, slots=True)
class IssuedAddress:
    """An address that was given out for one reference, and for no other ever.

    ``place`` is where the wallet keeps it, as the method writes it (``0/17``, ``17``); it is
    unique within the method. ``number`` counts up within ``account``, so that a signer elsewhere
    knows how far to look.
    """

    method: MethodName
    reference: PaymentReference
    place: str
    address: str
    account: int
    number: int


@dataclass(frozen=True, slots=True)
class NotedRefund:
    """Money to be sent back by somebody who holds the keys; this host does not."""

    method: MethodName
    reference: PaymentReference
    amount: Money
    destination: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MethodHealth:
    """What an operator is told about a method: whether it works, and what needs doing."""

    name: MethodName
    works: bool
    says: tuple[str, ...]
