"""Where an order stands: a function of what was asked for, what was paid, and the time.

Facts may come in any order and any number of times. Each payment keeps the fact of its highest
rank and the greatest depth it ever had; both are maxima, so the order of coming leaves no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.domains.commerce.model.catalogue import Product
from enigm.domains.commerce.model.orders import (
    Flag,
    Judgement,
    Lateness,
    OrderState,
    Payment,
    Receiver,
    Terms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


# A payment short by no more than this is taken as whole: wallets subtract fees.
UNDER_TOLERANCE_CENTS: Final = 10
UNDER_TOLERANCE_THOUSANDTHS: Final = 5
# Below this, giving change costs more than it is worth.
OVER_WORTH_CENTS: Final = 100
# A late payment is taken at its present worth where it is worth nearly the price.
LATE_WORTH_HUNDREDTHS: Final = 97
LATE_SECONDS_MAX: Final = 24 * 3600
# Addresses are watched this long after the price lock.
WATCH_SECONDS: Final = 30 * 86_400
# How long a card payment can be taken back while the entitlement can still be suspended. Charge-
# backs may come later: from then on the loss is the operator's, not the buyer's privacy.
CARD_FINAL_SECONDS: Final = 30 * 86_400

# Confirmations before an order settles: (below this price in cents, so many), by coin.
_NEEDED: Final[dict[MethodName, tuple[tuple[int, int], ...]]] = {
    MethodName.MONERO: ((20_00, 1),),
    MethodName.BITCOIN: ((100_00, 1), (1_000_00, 3)),
}
_NEEDED_ABOVE: Final = {MethodName.MONERO: 10, MethodName.BITCOIN: 6}
# A reorganisation this deep is not expected again.
_FINAL: Final = {MethodName.MONERO: 20, MethodName.BITCOIN: 12}
# A card tells no depth: time makes it final. A code is spent once and for all.
# Among facts of one rank (a method's own mistake), the worse one counts.
_SEVERITY: Final = {
    PaymentEventKind.SEEN: 0,
    PaymentEventKind.CONFIRMED: 1,
    PaymentEventKind.REVERTED: 2,
    PaymentEventKind.EXPIRED: 3,
    PaymentEventKind.CONFLICTED: 4,
}
# What costs at once, or can be spent at once, waits for a payment that is beyond recall.
WAITS_FOR_FINAL: Final = frozenset({Receiver.ESIM, Receiver.CODES})
_RECEIVERS: Final = {Product.ESIM: Receiver.ESIM, Product.COIN: Receiver.CODES}
_GONE: Final = frozenset({PaymentEventKind.CONFLICTED, PaymentEventKind.EXPIRED})


def confirmations_needed(method: MethodName, price_cents: int) -> int:
    """Return how deep a payment must be before the order settles."""
    for below_cents, needed in _NEEDED.get(method, ()):
        if price_cents < below_cents:
            return needed
    return _NEEDED_ABOVE.get(method, 0)


def confirmations_final(method: MethodName, needed: int, watched: int) -> int | None:
    """Return how deep a payment must be to be beyond recall; None where only time can say."""
    if method is MethodName.CARD:
        return None
    wanted = max(needed, _FINAL.get(method, 0))
    return max(needed, min(wanted, watched)) if watched else wanted


def final_after_seconds(method: MethodName) -> int | None:
    """Return how long after settling an order is final, where depth does not say it."""
    return CARD_FINAL_SECONDS if method is MethodName.CARD else None


def receiver_of(product: Product) -> Receiver:
    """Return who takes over what was bought."""
    return _RECEIVERS.get(product, Receiver.ENTITLEMENT)


def merged(known: Payment | None, told: Payment) -> Payment:
    """Join what is known of a payment with one more fact: in any order, any number of times."""
    if known is None:
        return told
    newest = max(known, told, key=_standing)
    return replace(
        newest,
        confirmations_deepest=max(known.confirmations_deepest, told.confirmations_deepest),
        lateness=min(known.lateness, told.lateness, key=list(Lateness).index),
        value_cents=known.value_cents if known.value_cents is not None else told.value_cents,
    )


def lateness(terms: Terms, now_seconds: int) -> Lateness:
    """Say how late something is that is first seen now."""
    if now_seconds < terms.expires_at:
        return Lateness.TIMELY
    within = now_seconds < terms.expires_at + LATE_SECONDS_MAX
    return Lateness.WITHIN_A_DAY if within else Lateness.BEYOND


def value_at_lock(terms: Terms, amount: int) -> int:
    """Return what an amount is worth in cents at the locked price, rounded down."""
    return amount * terms.price_cents // terms.due


def is_in_the_till(terms: Terms, payment: Payment) -> bool:
    """Say whether a payment is sure enough to stand in the books."""
    fixed = _fixed(terms, payment)
    return (
        fixed.kind is PaymentEventKind.CONFIRMED
        and fixed.confirmations >= terms.confirmations_needed
    )


def is_beyond_recall(terms: Terms, payment: Payment) -> bool:
    """Say whether a payer can no longer take a payment back, where depth can say it."""
    final = terms.confirmations_final
    return final is None or payment.confirmations_deepest >= final


def spare_cents(over: int, received: int, deposit_cents: int) -> int:
    """Return what part of a deposit is to be given back, rounded in the payer's favour."""
    return -(-deposit_cents * over // received) if received else 0


def tolerance(terms: Terms) -> int:
    """Return by how much a payment may fall short, in the smallest unit."""
    cents = max(UNDER_TOLERANCE_CENTS, terms.price_cents * UNDER_TOLERANCE_THOUSANDTHS // 1000)
    return min(terms.due - 1, cents * terms.due // terms.price_cents)


def judge(terms: Terms, payments: Iterable[Payment], *, is_expired: bool) -> Judgement:
    """Return where an order stands."""
    alive = [each for each in (_fixed(terms, one) for one in payments) if each.kind not in _GONE]
    counted = [each for each in alive if each.lateness is Lateness.TIMELY]
    late = [each for each in alive if each.lateness is not Lateness.TIMELY]
    is_honoured = bool(late) and _is_worth_it(terms, counted, late)
    if is_honoured:
        counted += late
    enough = _Enough(terms, by_worth=is_honoured)
    state = _state(terms, counted, enough)
    if state in (OrderState.NEW, OrderState.PARTIAL) and is_expired:
        state = OrderState.LATE if late else OrderState.EXPIRED
    is_paid = enough(counted)
    spare = _total(alive) - (_spent(terms, counted) if is_paid else _total(alive))
    return Judgement(
        state,
        _flags(terms, spare, is_late=bool(late), is_short=bool(alive) and not is_paid),
        received=_total(alive),
        missing=0 if is_paid else max(0, terms.due - _total(counted)),
        over=spare if _is_worth_returning(terms, spare) else 0,
        confirmations=_least_deep(terms, counted),
    )


def _standing(payment: Payment) -> tuple[int, int, int, int]:
    severity = _SEVERITY[payment.kind]
    return payment.rank, severity, payment.confirmations, payment.amount


def _fixed(terms: Terms, payment: Payment) -> Payment:
    """What was ever deep enough stays, whatever is told of it later."""
    final = terms.confirmations_final
    if final is None or payment.confirmations_deepest < final:
        return payment
    return replace(
        payment,
        kind=PaymentEventKind.CONFIRMED,
        confirmations=max(payment.confirmations, payment.confirmations_deepest),
    )


class _Enough:
    """Whether payments come to the price."""

    def __init__(self, terms: Terms, *, by_worth: bool) -> None:
        self._least = terms.due - tolerance(terms)
        self._worth_cents = _late_worth_cents(terms) if by_worth else None

    def __call__(self, payments: Iterable[Payment]) -> bool:
        counted = list(payments)
        if self._worth_cents is not None:
            return _worth_cents(counted) >= self._worth_cents
        return _total(counted) >= self._least


def _state(terms: Terms, counted: list[Payment], enough: _Enough) -> OrderState:
    confirmed = [each for each in counted if each.kind is PaymentEventKind.CONFIRMED]
    final = terms.confirmations_final
    if final is not None and enough(each for each in confirmed if each.confirmations >= final):
        return OrderState.FINAL
    if enough(each for each in confirmed if each.confirmations >= terms.confirmations_needed):
        return OrderState.SETTLED
    if enough(counted):
        return OrderState.SEEN
    return OrderState.PARTIAL if counted else OrderState.NEW


def _flags(terms: Terms, spare: int, *, is_late: bool, is_short: bool) -> Flag:
    flags = Flag(0)
    if is_late:
        flags |= Flag.LATE
    if is_short:
        flags |= Flag.UNDER
    if _is_worth_returning(terms, spare):
        flags |= Flag.OVER
    return flags


def _is_worth_it(terms: Terms, timely: list[Payment], late: list[Payment]) -> bool:
    """Say whether late payments are taken: in time enough, and worth nearly the price."""
    if any(each.lateness is Lateness.BEYOND or each.value_cents is None for each in late):
        return False
    if _total(timely) >= terms.due - tolerance(terms):
        return False  # paid already: what came late is owed back
    return _worth_cents([*timely, *late]) >= _late_worth_cents(terms)


def _late_worth_cents(terms: Terms) -> int:
    return -(-terms.price_cents * LATE_WORTH_HUNDREDTHS // 100)


def _worth_cents(payments: list[Payment]) -> int:
    return sum(each.value_cents or 0 for each in payments)


def _spent(terms: Terms, counted: list[Payment]) -> int:
    """Return how much of what was counted the order takes."""
    total = _total(counted)
    if any(each.lateness is not Lateness.TIMELY for each in counted):
        # Late money is worth what it was worth when seen: only beyond the price is it spare.
        worth = _worth_cents(counted)
        return total if worth <= terms.price_cents else total * terms.price_cents // worth
    return min(total, terms.due)


def _is_worth_returning(terms: Terms, spare: int) -> bool:
    return spare * terms.price_cents > OVER_WORTH_CENTS * terms.due


def _least_deep(terms: Terms, counted: list[Payment]) -> int:
    """Return the depth that the order waits for: of its least confirmed payments."""
    wanted = terms.confirmations_needed
    depths = [
        each.confirmations if each.kind is PaymentEventKind.CONFIRMED else 0 for each in counted
    ]
    return min(min(depths, default=0), wanted)


def _total(payments: Iterable[Payment]) -> int:
    return sum(each.amount for each in payments)
