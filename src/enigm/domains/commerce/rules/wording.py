"""Says in plain words where an order stands, and writes amounts for people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from enigm.domains.commerce.errors import sentence_of
from enigm.domains.commerce.model import PLACES, Money
from enigm.domains.commerce.model.orders import Flag, OrderState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.domains.commerce.model.orders import Judgement, Order


def amount_text(money: Money) -> str:
    """Return an amount as people write it, without zeros that say nothing: ``0.0021 XMR``."""
    places = PLACES[money.currency]
    amount = f"{Decimal(money.amount).scaleb(-places):f}"
    if places > 2:  # noqa: PLR2004 - money of account keeps its two places
        amount = amount.rstrip("0").rstrip(".")
    return f"{amount} {money.currency}"


def timeline(order: Order, judgement: Judgement) -> tuple[str, ...]:
    """Return what happened to an order and what comes next, the newest last."""
    return tuple(_lines(order, judgement))


def _lines(order: Order, judgement: Judgement) -> Iterator[str]:
    def told(amount: int) -> str:
        return amount_text(Money(amount, order.currency))

    match order.decided:
        case OrderState.HELD:
            yield f"Held for review. {sentence_of(order.reason)}"
            if order.appeal:
                yield "You asked for another look. A person will decide."
            return
        case OrderState.REJECTED | OrderState.CANCELLED | OrderState.REFUNDED:
            yield f"{order.decided.capitalize()}. {sentence_of(order.reason)}"
            return
        case _:
            pass
    if order.state is OrderState.NEW:
        yield f"Waiting for {told(order.terms.due)}."
        return
    if judgement.received:
        yield f"Seen: {told(judgement.received)}."
    yield from _paid_lines(order, judgement)
    if Flag.OVER in judgement.flags:
        yield f"{told(judgement.over)} more than needed: it is owed back."


def _paid_lines(order: Order, judgement: Judgement) -> Iterator[str]:
    needed = order.terms.confirmations_needed
    missing = amount_text(Money(judgement.missing, order.currency))
    match order.state:
        case OrderState.PARTIAL:
            yield f"Needs {missing} more, to the same address."
        case OrderState.SEEN:
            yield f"{judgement.confirmations} of {needed} confirmations."
        case OrderState.SETTLED:
            yield "Settled: activate it now. The payment becomes final by itself."
        case OrderState.FINAL:
            yield "Settled and final."
        case OrderState.LATE:
            yield "It came too late for this price: it is owed back."
        case _:
            yield "The price ran out. Make a new order; what you sent can be sent back."
