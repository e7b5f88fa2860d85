"""Give back what is owed: a link that works once, a place to send it to, a signature elsewhere."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NewType

from enigm.domains.commerce.actions.premises import SECONDS_PER_DAY
from enigm.domains.commerce.errors import (
    ClaimUnknownError,
    DestinationInvalidError,
    RefundUnavailableError,
)
from enigm.domains.commerce.model import (
    Currency,
    MethodName,
    Money,
    NotedRefund,
    PaymentReference,
)
from enigm.domains.commerce.model.ledger import Entry, LedgerAccount, Posting
from enigm.domains.commerce.model.orders import Order, OrderId, OrderState
from enigm.domains.commerce.model.trade import Reason
from enigm.domains.commerce.rules import ledger as ledger_rules
from enigm.domains.commerce.rules import orders as order_rules
from enigm.domains.commerce.store import ledger as ledger_store
from enigm.domains.commerce.store import orders as order_store
from enigm.domains.commerce.store import wallets as store
from enigm.domains.commerce.store.tables import refund as refund_table
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.bookkeeping import Books
    from enigm.domains.commerce.actions.ordering import Ordering
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.actions.progress import Progress
    from enigm.domains.commerce.model.orders import Buyer, OwnOrder
    from enigm.domains.commerce.needs import CriticalRefund, PaymentMethod

# What opens a refund, once; only its keyed hash is stored.
ClaimSecret = NewType("ClaimSecret", str)
CLAIM_SECRET_BYTES: Final = 32
# What the PIN authorises, with the secret and the destination; or, where it is taken as codes,
# with the secret, the request's name and each blinded code in turn.
CLAIM_ACTION: Final = "commerce.refund.claim"
# A link that nobody used: the money stays owed, in the books alone.
CLAIM_SECONDS: Final = 90 * SECONDS_PER_DAY
# Monero's integrated addresses have 106 characters, Bitcoin's longest 90.
DESTINATION_CHARACTERS_MAX: Final = 120

OFFERED: Final = "offered"
CLAIMED: Final = "claimed"
NOTED: Final = "noted"
SENT: Final = "sent"
AS_CODES: Final = "codes"

_DEAD: Final = frozenset({OrderState.EXPIRED, OrderState.LATE})
_DECIDED: Final = frozenset({OrderState.REJECTED, OrderState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Owed:
    """What may go back for an order: of the payment, and of its deposit in the books."""

    amount: int
    cents: int
    whole: bool


@dataclass(frozen=True, slots=True)
class BuyersLeave:
    """Who is paid back, and their PIN for exactly this claim."""

    buyer: Buyer = field(repr=False)
    pin: CriticalRefund


class Refunds:
    """One refund for an order: of all that was paid, or of what was paid too much.

    Whoever changes both takes the order first and its refund after it. On PostgreSQL two that
    took them in opposite orders would wait for each other until one is turned away.
    """

    def __init__(
        self,
        premises: Premises,
        ordering: Ordering,
        progress: Progress,
        books: Books,
        methods: Mapping[MethodName, PaymentMethod],
    ) -> None:
        """Keep what it stands on."""
        self._premises = premises
        self._ordering = ordering
        self._progress = progress
        self._books = books
        self._methods = methods

    def offer(self, own: OwnOrder) -> ClaimSecret:
        """Return a secret that takes what is owed, once; an earlier unused one stops working.

        Raises:
            RefundUnavailableError: nothing is owed, or it went back already.
        """
        order_id = self._ordering.own(own).order_id
        secret = self._premises.entropy.random_bytes(CLAIM_SECRET_BYTES)
        claim_hash = self._hashed(secret)
        with self._premises.database.begin() as connection:
            order = order_store.find(connection, order_id, to_change=True)
            if order is None:
                raise RefundUnavailableError
            row = store.refund_row(connection, refund_table.c.order_id == order_id)
            if row is None:
                self._begin(connection, order, claim_hash)
            elif row.state == OFFERED:
                self._renew(connection, order, row, claim_hash)
            else:
                raise RefundUnavailableError
        return ClaimSecret(base64url_encode(secret))

    def claim(self, secret: str, destination: str, leave: BuyersLeave | None = None) -> Money:
        """Take where it is to be sent; the link is used up.

        ``leave`` is of who entered a PIN for it; without one only a guest's claim is taken.

        Raises:
            ClaimUnknownError: wrong, used, too old, or of somebody else's order.
            DestinationInvalidError, or what the PIN's keeper refuses.
        """
        target = destination.strip()
        if not (0 < len(target) <= DESTINATION_CHARACTERS_MAX and target.isascii()):
            raise DestinationInvalidError
        decoded = self.decoded(secret)
        is_done = leave is None or leave.pin.spend(CLAIM_ACTION, decoded, target.encode())
        with self._premises.database.begin() as connection:
            row, order = self._offered(connection, decoded, leave.buyer if leave else None)
            if order.method is MethodName.CODE:
                raise DestinationInvalidError  # codes have no address: they are taken as codes
            if is_done:
                # A card is paid back where it was paid from, whatever was typed.
                place = "" if order.method is MethodName.CARD else target
                values = {
                    "state": CLAIMED,
                    "claim_hash": None,
                    "destination": self._premises.veils.seal(
                        "refund.destination", place.encode(), row.order_id
                    ),
                }
                store.set_refund(connection, row.order_id, values)
                self._keep_order(connection, order)
        return Money(row.amount, Currency(row.currency))

    def take_as_codes(
        self, connection: sa.Connection, secret: str, buyer: Buyer | None = None
    ) -> int:
        """Turn what is owed into codes, in the transaction that makes them; return the cents.

        ``buyer`` is who entered a PIN for it; without one only a guest's claim is taken.

        Raises:
            ClaimUnknownError: wrong, used, too old, or of somebody else's order.
        """
        row, order = self._offered(connection, self.decoded(secret), buyer)
        entries = (
            Entry(LedgerAccount.REFUNDS, row.cents, Currency.EUR),
            Entry(LedgerAccount.CODES, -row.cents, Currency.EUR),
        )
        self._post(connection, order, f"codes for {row.order_id.hex()}", "codes", entries)
        store.set_refund(connection, row.order_id, {"state": AS_CODES, "claim_hash": None})
        self._closed(connection, order, row)
        return int(row.cents)

    def send_claimed(self, on_trouble: Callable[[Exception], None]) -> int:
        """Hand claimed refunds to their methods; return how many went. Repeating is harmless."""
        with self._premises.database.read() as connection:
            claimed = store.refunds_in(connection, CLAIMED, None)
        sent = 0
        for row in claimed:
            method = self._methods.get(MethodName(row.method))
            if method is None:
                continue
            money = Money(row.amount, Currency(row.currency))
            try:
                method.refund(row.reference, money, self._destination(row))
            except (Refusal, OSError) as error:
                on_trouble(error)
                continue
            with self._premises.database.begin() as connection:
                self._handed_on(connection, row.order_id)
            sent += 1
        return sent

    def waiting(self) -> list[NotedRefund]:
        """Return what is to be signed elsewhere, oldest first."""
        with self._premises.database.read() as connection:
            return [self._noted(row) for row in store.refunds_in(connection, NOTED, None)]

    def sent(self, reference: PaymentReference) -> None:
        """Note that a refund was signed and sent; raises ClaimUnknownError for one not waiting."""
        with self._premises.database.begin() as connection:
            found = self._locked(connection, refund_table.c.reference == reference)
            if found is None or found[0].state != NOTED:
                raise ClaimUnknownError
            self._book_sent(connection, *found)

    def _begin(self, connection: sa.Connection, order: Order, claim_hash: bytes) -> None:
        owed = self._owed(connection, order)
        method = self._methods.get(order.method)
        if owed is None or method is None or not method.capabilities.refunds:
            raise RefundUnavailableError
        key = f"owed {order.order_id.hex()}"
        self._post(connection, order, key, "owed", ledger_rules.owed(owed.cents))
        store.add_refund(
            connection,
            {
                "order_id": order.order_id,
                "reference": order.reference,
                "claim_hash": claim_hash,
                "method": order.method,
                "currency": order.currency,
                "amount": owed.amount,
                "cents": owed.cents,
                "state": OFFERED,
                "ends_at": self._premises.today_at + CLAIM_SECONDS,
            },
        )
        if owed.whole and order.decided is None:
            # What is going back pays for nothing: money that comes later would buy it with it.
            order = replace(order, decided=OrderState.CANCELLED, reason=Reason.REQUESTED)
            order_store.save(connection, order)
            order = self._progress.advance(connection, order)
        self._keep_order(connection, order)

    def _renew(
        self, connection: sa.Connection, order: Order, row: sa.Row[Any], claim_hash: bytes
    ) -> None:
        """Replace a link that nobody used; what came since then goes back with it."""
        values: dict[str, object] = {"claim_hash": claim_hash}
        owed = self._owed(connection, order)
        if owed is not None and owed.amount > row.amount:
            key = f"owed {order.order_id.hex()} {owed.amount}"
            self._post(connection, order, key, "owed", ledger_rules.owed(owed.cents))
            values |= {"amount": owed.amount, "cents": row.cents + owed.cents}
        store.set_refund(connection, order.order_id, values)

    def _owed(self, connection: sa.Connection, order: Order) -> Owed | None:
        """Return what is owed of what stands in the books, or None.

        What its payer can still take back is not paid back: it would be had twice.
        """
        rows = [row for row in order_store.payments(connection, order.order_id) if row.booked]
        if not all(order_rules.is_beyond_recall(order.terms, row.payment) for row in rows):
            return None
        booked = sum(row.booked for row in rows)
        reference = self._books.reference_of(connection, order.order_id)
        deposit = -ledger_store.balance_of(connection, LedgerAccount.DEPOSITS, reference)
        is_whole = order.decided in _DECIDED or (order.decided is None and order.state in _DEAD)
        if is_whole:
            return Owed(booked, deposit, whole=True) if booked > 0 and deposit > 0 else None
        over = self._progress.judged(order, rows).over
        is_final = order.decided is None and order.state is OrderState.FINAL
        # Before the order is final its payment may still be taken back, and the rest with it.
        return Owed(over, deposit, whole=False) if is_final and over > 0 and deposit > 0 else None

    def _offered(
        self, connection: sa.Connection, secret: bytes, buyer: Buyer | None
    ) -> tuple[sa.Row[Any], Order]:
        """Return a claim that waits, where it is this buyer's, or a guest's where there is none.

        A session is enough to be told a secret, so a secret alone proves no buyer.
        """
        found = self._locked(connection, refund_table.c.claim_hash == self._hashed(secret))
        if found is None or found[1] is None or found[0].state != OFFERED:
            raise ClaimUnknownError
        if not hmac.compare_digest(found[1].buyer or b"", buyer or b""):
            raise ClaimUnknownError
        return found[0], found[1]

    def _locked(
        self, connection: sa.Connection, condition: sa.ColumnElement[bool]
    ) -> tuple[sa.Row[Any], Order | None] | None:
        """Return a refund and its order, where it has one left; the order is taken first."""
        order_id = store.refunded_order(connection, condition)
        if order_id is None:
            return None
        order = order_store.find(connection, order_id, to_change=True)
        # Looked for again: it may have changed before the order was ours.
        row = store.refund_row(connection, condition)
        return None if row is None else (row, order)

    def _handed_on(self, connection: sa.Connection, order_id: OrderId) -> None:
        found = self._locked(connection, refund_table.c.order_id == order_id)
        # A method that signs elsewhere has noted it by now; any other has sent it.
        if found is not None and found[0].state == CLAIMED:
            self._book_sent(connection, *found)

    def _book_sent(self, connection: sa.Connection, row: sa.Row[Any], order: Order | None) -> None:
        entries = ledger_rules.returned(
            MethodName(row.method), Currency(row.currency), row.amount, row.cents
        )
        if order is not None:
            self._post(connection, order, f"sent {row.order_id.hex()}", "refund", entries)
        store.set_refund(connection, row.order_id, {"state": SENT, "destination": None})
        if order is not None:
            self._closed(connection, order, row)

    def _closed(self, connection: sa.Connection, order: Order, row: sa.Row[Any]) -> None:
        """Let an order that was wholly given back say so."""
        booked = sum(each.booked for each in order_store.payments(connection, order.order_id))
        if row.amount < booked:
            return
        decided = replace(order, decided=OrderState.REFUNDED, reason=Reason.REQUESTED)
        order_store.save(connection, decided)
        self._progress.advance(connection, decided)

    def _keep_order(self, connection: sa.Connection, order: Order) -> None:
        """Let an order last as long as its refund may take."""
        ends_at = max(order.ends_at, self._premises.today_at + CLAIM_SECONDS)
        order_store.save(connection, replace(order, ends_at=ends_at))

    def _post(
        self,
        connection: sa.Connection,
        order: Order,
        key: str,
        kind: str,
        entries: tuple[Entry, ...],
    ) -> None:
        reference = self._books.reference_of(connection, order.order_id)
        self._books.post(connection, Posting(key, kind, entries, reference))

    def _noted(self, row: sa.Row[Any]) -> NotedRefund:
        return NotedRefund(
            MethodName(row.method),
            row.reference,
            Money(row.amount, Currency(row.currency)),
            self._destination(row),
        )

    def _destination(self, row: sa.Row[Any]) -> str:
        opened = self._premises.veils.open("refund.destination", row.destination, row.order_id)
        return opened.decode()

    def _hashed(self, secret: bytes) -> bytes:
        return self._premises.veils.hashed("claim", secret)

    @staticmethod
    def decoded(secret: str) -> bytes:
        """Return a secret's bytes; raises ClaimUnknownError for what is none."""
        try:
            return base64url_decode(secret.strip())
        except Refusal as error:
            raise ClaimUnknownError from error


class NotedRefunds:
    """Provides ``needs.RefundBook``: what methods remember refunds by that others will sign."""

    def __init__(self, premises: Premises) -> None:
        """Keep what it stands on."""
        self._premises = premises

    def note(self, refund: NotedRefund) -> NotedRefund:
        """Note that a claimed refund waits for a signature; twice changes nothing."""
        wanted = refund_table.c.reference == refund.reference
        with self._premises.database.begin() as connection:
            row = store.refund_row(connection, wanted)
            if row is None or row.state not in (CLAIMED, NOTED):
                msg = "a method notes a refund that nobody claimed"
                raise RuntimeError(msg)
            if row.state == CLAIMED:
                hour = self._premises.now - self._premises.now % 3600
                values = {"state": NOTED, "noted_at": hour}
                store.set_refund(connection, row.order_id, values)
        return refund

    def waiting(self, method: MethodName) -> list[NotedRefund]:
        """Return what has not been sent yet, oldest first."""
        with self._premises.database.read() as connection:
            rows = store.refunds_in(connection, NOTED, method)
        veils = self._premises.veils
        return [
            NotedRefund(
                method,
                row.reference,
                Money(row.amount, Currency(row.currency)),
                veils.open("refund.destination", row.destination, row.order_id).decode(),
            )
            for row in rows
        ]
