"""Apply what happened to an order, in one transaction: state, books, token, and who is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.actions.premises import SECONDS_PER_DAY
from enigm.domains.commerce.events import StandingChanged
from enigm.domains.commerce.model import Currency, PaymentEventKind
from enigm.domains.commerce.model.ledger import Entry, LedgerAccount, Posting
from enigm.domains.commerce.model.orders import (
    TOKEN_BYTES,
    ActivationToken,
    Order,
    OrderState,
    Payment,
    Receiver,
    Standing,
    TokenState,
)
from enigm.domains.commerce.rules import ledger as ledger_rules
from enigm.domains.commerce.rules import orders as rules
from enigm.domains.commerce.rules import prices
from enigm.domains.commerce.store import orders as store
from enigm.domains.commerce.store import wallets
from enigm.domains.commerce.store.orders import KeptToken, PaymentRow
from enigm.domains.commerce.store.tables import outbox
from enigm.foundation.outbox import announce

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.bookkeeping import Books
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.actions.rates import Rates
    from enigm.domains.commerce.model import PaymentEvent
    from enigm.domains.commerce.model.orders import Judgement
    from enigm.domains.commerce.needs import VatRates

# An order that is paid and done with: time for a buyer to look at it once more.
DONE_SECONDS: Final = 30 * SECONDS_PER_DAY
# A paid order that nobody activated yet: what was paid for waits a year.
UNUSED_SECONDS: Final = 365 * SECONDS_PER_DAY
# Between settled and final, however slow the chain.
UNDERWAY_SECONDS: Final = 90 * SECONDS_PER_DAY

_PRESENTED: Final = (TokenState.CLAIMED, TokenState.TAKEN)
_ENDED: Final = frozenset({OrderState.REJECTED, OrderState.CANCELLED, OrderState.REFUNDED})


class Progress:
    """Moves orders on. Everything it does stands in its caller's transaction."""

    def __init__(self, premises: Premises, books: Books, rates: Rates, vat: VatRates) -> None:
        """Keep what it stands on."""
        self._premises = premises
        self._books = books
        self._rates = rates
        self._vat = vat

    def receive(
        self, connection: sa.Connection, events: Iterable[PaymentEvent], telling: int = 0
    ) -> int:
        """Apply what a method told; return how many facts were new.

        Args:
            connection: the transaction in which the method's cursor moves as well.
            events: in the order of their happening, or each with its rank.
            telling: which reading of the method this is: it ranks facts that bring no rank.
        """
        fresh = 0
        for position, event in enumerate(events):
            rank = (telling << _POSITION_BITS) + position if event.rank is None else event.rank
            fresh += self._receive(connection, replace(event, rank=rank))
        return fresh

    def advance(self, connection: sa.Connection, order: Order) -> Order:
        """Bring an order to where its payments, the time and decisions put it, and save it."""
        rows = store.payments(connection, order.order_id)
        return self._advance(connection, order, rows, rows)

    def receive_one(
        self, connection: sa.Connection, order: Order, rows: list[PaymentRow], event: PaymentEvent
    ) -> bool:
        """Apply one fact to an order that was read in this transaction to be changed.

        Args:
            connection: the transaction.
            order: as it stands, and no other writer can change it.
            rows: its payments, as they stand.
            event: in the order's currency, else it is a RuntimeError.
        """
        if event.amount.currency is not order.currency:
            msg = f"{event.method} told of {event.amount.currency}, not {order.currency}"
            raise RuntimeError(msg)
        veils = self._premises.veils
        fact_hash = veils.hashed("fact", event.method.encode(), event.key.encode())
        if not store.is_first_telling(connection, fact_hash, order.order_id):
            return False
        self._advance(connection, order, rows, self._with_told(order, rows, event))
        return True

    def judged(self, order: Order, rows: Iterable[PaymentRow]) -> Judgement:
        """Return what payments and time make of an order."""
        is_expired = self._premises.now >= order.terms.expires_at
        return rules.judge(order.terms, [row.payment for row in rows], is_expired=is_expired)

    def _receive(self, connection: sa.Connection, event: PaymentEvent) -> bool:
        order = store.find_by_reference(connection, event.reference)
        if order is None:
            return self._book_stray(connection, event)
        rows = store.payments(connection, order.order_id)
        return self.receive_one(connection, order, rows, event)

    def _with_told(
        self, order: Order, rows: list[PaymentRow], event: PaymentEvent
    ) -> list[PaymentRow]:
        """Return an order's payments with what is told of one of them."""
        name = event.payment.encode() or event.reference
        payment_ref = self._premises.veils.hashed("payment", order.reference, name)
        told = self._told(order, event)
        known = next((row for row in rows if row.payment_ref == payment_ref), None)
        if known is None:
            return [*rows, PaymentRow(payment_ref, told, booked=0, booked_cents=0, postings=0)]
        merged = replace(known, payment=rules.merged(known.payment, told))
        return [merged if row is known else row for row in rows]

    def _advance(
        self,
        connection: sa.Connection,
        order: Order,
        kept: list[PaymentRow],
        rows: list[PaymentRow],
    ) -> Order:
        """Bring an order on; its payments are kept in one state and are to be in another."""
        rows = [self._valued(order, row) for row in rows]
        judgement = self.judged(order, rows)
        moved = self._moved(order, judgement)
        rows, postings = self._booked(moved, rows)
        if moved.state is OrderState.FINAL and moved.decided is None:
            postings.append(self._sale(moved, rows))
        self._post(connection, moved, postings)
        for row in rows:
            if row not in kept:
                store.save_payment(connection, order.order_id, row)
        moved, token = self._handed_over(connection, moved)
        moved = self._with_end(connection, order, moved)
        store.save(connection, moved, order, token)
        return moved

    def _told(self, order: Order, event: PaymentEvent) -> Payment:
        is_confirmed = event.kind is PaymentEventKind.CONFIRMED
        late = rules.lateness(order.terms, self._premises.now)
        is_timely = late is rules.Lateness.TIMELY
        return Payment(
            event.rank or 0,
            event.kind,
            event.amount.amount,
            event.confirmations if is_confirmed else 0,
            event.confirmations if is_confirmed else -1,
            late,
            rules.value_at_lock(order.terms, event.amount.amount)
            if is_timely
            else self._spot_value(order.currency, event.amount.amount),
        )

    def _spot_value(self, currency: Currency, amount: int) -> int | None:
        if currency is Currency.EUR:
            return amount
        rate = self._rates.now(currency)
        return None if rate is None else prices.worth_cents(amount, currency, rate.cents_per_coin)

    def _valued(self, order: Order, row: PaymentRow) -> PaymentRow:
        """Give a late payment its worth, where no rate could say it when it came."""
        if row.payment.value_cents is not None:
            return row
        worth = self._spot_value(order.currency, row.payment.amount)
        return replace(row, payment=replace(row.payment, value_cents=worth))

    def _moved(self, order: Order, judgement: Judgement) -> Order:
        state, final_at, now = judgement.state, order.final_at, self._premises.now
        wait_seconds = rules.final_after_seconds(order.method)
        if order.state is OrderState.FINAL:
            state = OrderState.FINAL
        elif state is OrderState.SETTLED and wait_seconds is not None:
            final_at = final_at or self._premises.today_at + SECONDS_PER_DAY + wait_seconds
            if final_at <= now:
                state = OrderState.FINAL
        else:
            final_at = None
        return replace(order, state=state, flags=judgement.flags, final_at=final_at)

    def _booked(
        self, order: Order, rows: list[PaymentRow]
    ) -> tuple[list[PaymentRow], list[Posting]]:
        """Return payments as the books are to hold them, and the postings that make it so.

        What is confirmed is booked, and what no longer is is taken back.
        """
        booked: list[PaymentRow] = []
        postings: list[Posting] = []
        for row in rows:
            wanted, worth = self._to_be_booked(order, row.payment)
            amount, cents = wanted - row.booked, worth - row.booked_cents
            if amount == 0 and cents == 0:
                booked.append(row)
                continue
            entries = ledger_rules.received(order.method, order.currency, amount, cents)
            key = f"payment {row.payment_ref.hex()} {row.postings}"
            kind = "payment" if amount >= 0 else "reversal"
            postings.append(Posting(key, kind, entries))
            number = row.postings + 1
            booked.append(replace(row, booked=wanted, booked_cents=worth, postings=number))
        return booked, postings

    def _to_be_booked(self, order: Order, payment: Payment) -> tuple[int, int]:
        if payment.value_cents is None or not rules.is_in_the_till(order.terms, payment):
            return 0, 0
        return payment.amount, payment.value_cents

    def _sale(self, order: Order, rows: list[PaymentRow]) -> Posting:
        """Turn the deposit into a sale, once; what was paid too much stays owed.

        Only what stands in the books counts: what was merely seen buys nothing and is owed nobody.
        """
        judgement = self.judged(order, [row for row in rows if row.booked])
        deposit = sum(row.booked_cents for row in rows)
        spare = rules.spare_cents(judgement.over, judgement.received, deposit) if rows else 0
        price, paid = order.terms.price_cents, deposit - spare
        if rules.receiver_of(order.product) is Receiver.CODES:
            entries = ledger_rules.owed_as_codes(price, paid)
        else:
            today_at = self._premises.today_at
            vat = self._vat.included_cents(price, order.country, order.product, today_at)
            entries = ledger_rules.sold(price, vat, paid)
        return Posting(f"sale {order.order_id.hex()}", "sale", entries)

    def _post(self, connection: sa.Connection, order: Order, postings: list[Posting]) -> None:
        """Book under the order's random name in the books."""
        if postings:
            reference = self._books.reference_of(connection, order.order_id)
            for posting in postings:
                self._books.post(connection, replace(posting, reference=reference))

    def _book_stray(self, connection: sa.Connection, event: PaymentEvent) -> bool:
        """Book money for an order that was erased: it is somebody's, and it is not lost."""
        if event.kind is not PaymentEventKind.CONFIRMED or event.amount.amount <= 0:
            return False
        amount, currency = event.amount.amount, event.amount.currency
        asset = ledger_rules.asset_of(event.method)
        entries = (
            Entry(asset, amount, currency),
            Entry(LedgerAccount.UNCLAIMED, -amount, currency),
        )
        name = event.payment or event.reference.hex()
        key = f"stray {event.method} {name}"
        return self._books.post(connection, Posting(key, "stray", entries))

    def _handed_over(
        self, connection: sa.Connection, order: Order
    ) -> tuple[Order, KeptToken | None]:
        """Issue the token when it is earned; tell whoever used it how things stand."""
        token = None
        if order.token_state is TokenState.NONE and order.is_deliverable:
            token = self._new_token(order)
            order = replace(order, token_state=TokenState.ISSUED)
        standing = _standing_of(order)
        if order.token_state in _PRESENTED and standing is not order.standing:
            number = order.standing_number + 1
            self._tell(connection, order, standing, number)
            order = replace(order, standing=standing, standing_number=number)
        is_over = standing in (Standing.ENDED, Standing.FINAL)
        if is_over and order.token_state in (TokenState.ISSUED, *_PRESENTED):
            # The link dies here: nothing in this store leads to what was activated any more.
            return replace(order, token_state=TokenState.ENDED), KeptToken()
        return order, token

    def _new_token(self, order: Order) -> KeptToken:
        premises = self._premises
        token = ActivationToken(premises.entropy.random_bytes(TOKEN_BYTES))
        sealed = premises.veils.seal("shop_order.token", token, order.order_id)
        return KeptToken(premises.veils.hashed("token", token), sealed)

    def _tell(
        self, connection: sa.Connection, order: Order, standing: Standing, number: int
    ) -> None:
        premises = self._premises
        if rules.receiver_of(order.product) in rules.WAITS_FOR_FINAL:
            return  # handed over when final, so there is nothing left to tell
        sealed = store.token(connection, order.order_id)
        assert sealed is not None, "a claimed order has its token until the link dies"
        token = premises.veils.open("shop_order.token", sealed, order.order_id)
        announce(
            connection,
            outbox,
            StandingChanged.KIND,
            StandingChanged(token, standing, number).encode(),
            entropy=premises.entropy,
            clock=premises.clock,
        )

    def _with_end(self, connection: sa.Connection, before: Order, after: Order) -> Order:
        """Set when the order is erased, anew wherever it changed; blur the time that is past."""
        terms, ends_at = self._blurred(after), after.ends_at
        same = before.shown_state is after.shown_state and before.token_state is after.token_state
        if not same:
            ends_at = max(self._end(after), wallets.refund_ends_at(connection, after.order_id))
        return replace(after, terms=terms, ends_at=ends_at)

    def _end(self, order: Order) -> int:
        today = self._premises.today_at + SECONDS_PER_DAY
        if order.state is OrderState.FINAL and order.token_state is TokenState.ISSUED:
            return today + UNUSED_SECONDS
        if order.decided in _ENDED or order.state is OrderState.FINAL:
            return today + DONE_SECONDS
        if order.state in (OrderState.SEEN, OrderState.SETTLED):
            return today + UNDERWAY_SECONDS
        return today + rules.WATCH_SECONDS

    def _blurred(self, order: Order) -> rules.Terms:
        """Keep only the day of a price lock that no longer decides anything."""
        terms, now = order.terms, self._premises.now
        is_past = now >= terms.expires_at + rules.LATE_SECONDS_MAX
        if not (is_past or order.state is OrderState.FINAL or order.decided in _ENDED):
            return terms
        return replace(terms, expires_at=terms.expires_at - terms.expires_at % SECONDS_PER_DAY)


def _standing_of(order: Order) -> Standing:
    if order.decided in _ENDED:
        return Standing.ENDED
    if not order.is_deliverable:
        return Standing.SUSPENDED
    is_over = order.state is OrderState.FINAL and order.token_state is TokenState.TAKEN
    return Standing.FINAL if is_over else Standing.ACTIVE


# More facts than one reading of a method will ever bring.
_POSITION_BITS: Final = 20
