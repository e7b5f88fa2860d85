"""What administrators see of orders, which is little, and what they may decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from enigm.domains.commerce.model import MethodName
    from enigm.domains.commerce.model.catalogue import Product
    from enigm.domains.commerce.model.orders import Flag, OrderState

# An order's name in administrative views: it finds the order there, and nothing anywhere else.
OrderHandle = NewType("OrderHandle", bytes)
ORDER_HANDLE_BYTES: Final = 20


class ReviewAct(StrEnum):
    """What is written down of a review."""

    LISTED = "listed"
    HELD = "held"
    RELEASED = "released"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """What a reviewer may decide about an order."""

    HOLD = "hold"
    RELEASE = "release"
    REJECT = "reject"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class MaskedOrder:
    """An order as administrators see it: no buyer, no address, no token, no reference.

    The country is shown only where somebody is to decide because of it.
    """

    handle: OrderHandle
    product: Product
    method: MethodName
    state: OrderState
    flags: Flag
    price_cents: int
    country: str
    reason: str
    appeal: str
    day_at: int
