"""What a chain told of payments before and tells now, as events of payments.

A chain's wallet knows the present; what has changed is found by comparing it with a cursor that
commerce keeps together with the events' effects. So an adapter needs no store of its own, a
restart or a rebuilt wallet tells nothing twice, and a block that is gone shows as a payment that
has become shallower or is not there any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from enigm.domains.commerce.model import (
    Money,
    PaymentEvent,
    PaymentEventKind,
    PaymentReference,
)
from enigm.foundation.encoding import base64url_decode, base64url_encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from enigm.domains.commerce.model import Currency, MethodName

_FORMAT: Final = 1
_GONE: Final = -1


@dataclass(frozen=True, slots=True)
class ObservedPayment:
    """A payment as the wallet shows it now; ``height`` is its block's, None while it waits."""

    payment: str
    reference: PaymentReference
    amount: int
    height: int | None


@dataclass(frozen=True, slots=True)
class ChainRules:
    """How far a chain is followed: payments this deep are final and watched no more."""

    method: MethodName
    currency: Currency
    confirmations_watched: int
    # A payment that vanished is remembered this long, should it come back.
    gone_blocks_remembered: int


class KnownPayment(msgspec.Struct, array_like=True, frozen=True):
    """A payment that was told of; ``turn`` counts how often it came back, so keys stay unique."""

    reference: str
    amount: Annotated[int, msgspec.Meta(ge=0)]
    confirmations: Annotated[int, msgspec.Meta(ge=_GONE)]
    turn: Annotated[int, msgspec.Meta(ge=0)]
    gone_at: int = 0

    @property
    def is_gone(self) -> bool:
        """Tell whether it counts for nothing at present."""
        return self.confirmations == _GONE


class ChainCursor(msgspec.Struct, frozen=True):
    """What was told already: final payments by their height alone, others one by one."""

    format: int = _FORMAT
    # Every payment in a block up to here was told of and is final.
    told_height: int = _GONE
    payments: dict[str, KnownPayment] = {}


def read_cursor(text: str) -> ChainCursor:
    """Return the cursor that ``text`` holds; the empty text is the beginning."""
    if not text:
        return ChainCursor()
    cursor = msgspec.json.decode(text, type=ChainCursor)
    assert cursor.format == _FORMAT
    return cursor


def write_cursor(cursor: ChainCursor) -> str:
    """Return the cursor as text."""
    return msgspec.json.encode(cursor).decode()


def tell_changes(
    rules: ChainRules, cursor: ChainCursor, tip: int, observed: Iterable[ObservedPayment]
) -> tuple[Sequence[PaymentEvent], ChainCursor]:
    """Return what has changed since ``cursor`` with the chain's newest block at ``tip``."""
    events: list[PaymentEvent] = []
    kept: dict[str, KnownPayment] = {}
    present: set[str] = set()
    for payment in observed:
        known = cursor.payments.get(payment.payment)
        if known is None and payment.height is not None and payment.height <= cursor.told_height:
            continue
        present.add(payment.payment)
        now, told = _compare(rules, known, payment, _depth(payment.height, tip))
        events += told
        if now.confirmations < rules.confirmations_watched:
            kept[payment.payment] = now
    for name, known in cursor.payments.items():
        if name in present:
            continue
        if not known.is_gone:
            events.append(_event(rules, name, known, PaymentEventKind.CONFLICTED))
            kept[name] = KnownPayment(known.reference, known.amount, _GONE, known.turn, tip)
        elif tip - known.gone_at < rules.gone_blocks_remembered:
            kept[name] = known
    final_height = tip - rules.confirmations_watched + 1
    return events, ChainCursor(told_height=max(cursor.told_height, final_height), payments=kept)


def _depth(height: int | None, tip: int) -> int:
    # A block may come between the question for the tip and the one for payments.
    return 0 if height is None else max(1, tip - height + 1)


def _compare(
    rules: ChainRules, known: KnownPayment | None, seen: ObservedPayment, depth: int
) -> tuple[KnownPayment, list[PaymentEvent]]:
    """Return the payment as it is now, and what is to be told of it."""
    turn = 0 if known is None else known.turn
    events: list[PaymentEvent] = []
    is_new = known is None
    if known is not None and (known.is_gone or depth < known.confirmations):
        if not known.is_gone:
            events.append(_event(rules, seen.payment, known, PaymentEventKind.REVERTED))
        # What follows happens anew: its keys must not be those of the first time.
        turn, is_new = turn + 1, known.is_gone
    now = KnownPayment(base64url_encode(seen.reference), seen.amount, depth, turn)
    if depth == 0 and is_new:
        events.append(_event(rules, seen.payment, now, PaymentEventKind.SEEN))
    elif depth > 0 and (known is None or depth != known.confirmations):
        events.append(_event(rules, seen.payment, now, PaymentEventKind.CONFIRMED))
    return now, events


def _event(
    rules: ChainRules, payment: str, known: KnownPayment, kind: PaymentEventKind
) -> PaymentEvent:
    depth = known.confirmations if kind is PaymentEventKind.CONFIRMED else 0
    key = f"{rules.method}:{payment}:{known.turn}:{kind}"
    return PaymentEvent(
        key=f"{key}:{depth}" if depth else key,
        method=rules.method,
        reference=PaymentReference(base64url_decode(known.reference)),
        kind=kind,
        amount=Money(known.amount, rules.currency),
        confirmations=depth,
        payment=payment,
    )
