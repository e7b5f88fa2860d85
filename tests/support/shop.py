"""A shop for tests: its store migrated, its clock and dice ours, its payers told what to do."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from enigm.assembly.commerce import Commerce, Outsiders, build_commerce, premises_of
from enigm.assembly.surroundings import Surroundings
from enigm.domains.commerce.actions.documents import DocumentKind
from enigm.domains.commerce.model import (
    Capabilities,
    Currency,
    Instruction,
    MethodHealth,
    MethodName,
    Money,
    PaymentEvent,
    PaymentEventKind,
    PaymentReference,
    Quote,
    RefundReference,
)
from enigm.domains.commerce.model.catalogue import Sale
from enigm.domains.commerce.rules.trade import with_sale
from enigm.domains.commerce.store import DESIGN
from enigm.foundation.log import EventLog
from enigm.foundation.migrations import migrate
from enigm.foundation.settings import Settings
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.commerce.model.orders import Buyer, OpenedOrder
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy

_CURRENCIES = {
    MethodName.MONERO: Currency.XMR,
    MethodName.BITCOIN: Currency.BTC,
    MethodName.CARD: Currency.EUR,
    MethodName.CODE: Currency.EUR,
}
# Tests' guests are many, and their clock stands still.
ROOM_FOR_GUESTS = {
    "commerce.free_guest_orders": 10_000,
    "commerce.guest_orders": 10_000,
    "commerce.open_guest_orders": 10_000,
}
VAT_DIVISOR = 6  # a fifth on top is a sixth of the whole


@dataclass
class PaperMethod:
    """A payment method outside, as a test writes what happens on it."""

    name: MethodName
    told: list[PaymentEvent] = field(default_factory=list)
    opened: dict[bytes, Quote] = field(default_factory=dict)
    refunded: dict[bytes, tuple[Money, str]] = field(default_factory=dict)
    counted: int = 0

    @property
    def capabilities(self) -> Capabilities:
        reverts = self.name is not MethodName.CODE
        return Capabilities(self.name, _CURRENCIES[self.name], reverts=reverts, refunds=True)

    def open(self, reference: PaymentReference, quote: Quote) -> Instruction:
        self.opened.setdefault(reference, quote)
        address = f"{self.name}-{reference.hex()}"
        return Instruction(f"{self.name}:{address}", quote.amount, address)

    def poll(self, cursor: str) -> tuple[Sequence[PaymentEvent], str]:
        start = int(cursor or 0)
        # A test's method that was made anew remembers nothing of before.
        start = start if start <= len(self.told) else 0
        return self.told[start:], str(len(self.told))

    def refund(
        self, reference: PaymentReference, amount: Money, destination: str
    ) -> RefundReference:
        self.refunded.setdefault(reference, (amount, destination))
        return RefundReference(reference.hex())

    def verify_configuration(self) -> None:
        pass

    def health(self) -> MethodHealth:
        return MethodHealth(self.name, works=True, says=())

    def tell(
        self,
        reference: bytes,
        kind: PaymentEventKind,
        amount: int,
        confirmations: int = 0,
        payment: str = "",
    ) -> PaymentEvent:
        """Let something happen; the next reading tells it."""
        self.counted += 1
        event = PaymentEvent(
            f"{self.name} {reference.hex()} {self.counted}",
            self.name,
            PaymentReference(reference),
            kind,
            Money(amount, _CURRENCIES[self.name]),
            confirmations,
            payment,
        )
        self.told.append(event)
        return event


@dataclass
class PaperRates:
    """Somebody who says what a coin is worth: what the test wrote."""

    name: str
    clock: FakeClock
    cents: dict[Currency, int] = field(
        default_factory=lambda: {Currency.XMR: 150_00, Currency.BTC: 90_000_00}
    )
    told_at: int | None = None

    def price(self, coin: Currency) -> tuple[int, int]:
        at = self.told_at if self.told_at is not None else self.clock.now_seconds()
        return self.cents[coin], at


class SixthVat:
    """A tax that is simple to reckon with."""

    def included_cents(self, gross_cents: int, country: str, product: str, day_at: int) -> int:
        return gross_cents // VAT_DIVISOR


@dataclass
class PaperRecords:
    """Remembers what reviewers did, as the audit log would."""

    told: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    def record(self, act: str, reviewer: bytes, order: bytes) -> None:
        self.told.append((act, reviewer, order))


@dataclass
class PaperChanges:
    """Remembers what was put in force, as the audit log would; a test can let it fail."""

    told: list[tuple[str, int]] = field(default_factory=list)
    failure: Exception | None = None

    def record(self, change: str, number: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append((change, number))

    def newest_number(self) -> int:
        return max((number for _change, number in self.told), default=0)


@dataclass
class Shop:
    """The shop and the world around it."""

    around: Surroundings
    commerce: Commerce
    database: Database
    clock: FakeClock
    methods: dict[MethodName, PaperMethod]
    rates: list[PaperRates]
    records: PaperRecords
    changes: PaperChanges

    def order(
        self,
        sku: str = "app-3m",
        method: MethodName = MethodName.MONERO,
        buyer: Buyer | None = None,
        country: str = "DE",
    ) -> OpenedOrder:
        return self.commerce.ordering.open_order(buyer, sku, country, method)

    def put_on_sale(self, sku: str, sale: Sale = Sale.OPEN) -> None:
        """Do what an operator does when something stands behind an offer, or no longer does."""
        documents, kind = self.commerce.documents, DocumentKind.CATALOGUE
        if documents.in_force().catalogue.offer(sku).sale is not sale:  # type: ignore[union-attr]
            text = with_sale(documents.text(kind)[1], sku, sale)
            documents.activate(kind, documents.stage(kind, text))

    def reference(self, opened: OpenedOrder) -> PaymentReference:
        with self.database.read() as connection:
            from enigm.domains.commerce.store import orders

            order = orders.find(connection, opened.order_id)
        assert order is not None
        return order.reference

    def pay(
        self,
        opened: OpenedOrder,
        amount: int | None = None,
        confirmations: int = 25,
        payment: str = "",
    ) -> None:
        """Let a payment be seen and confirmed, and the shop hear of it."""
        method, reference = self.methods[opened.view.method], self.reference(opened)
        amount = opened.view.due if amount is None else amount
        method.tell(reference, PaymentEventKind.SEEN, amount, payment=payment)
        method.tell(reference, PaymentEventKind.CONFIRMED, amount, confirmations, payment)
        self.hear()

    def tell(
        self,
        opened: OpenedOrder,
        kind: PaymentEventKind,
        confirmations: int = 0,
        *,
        amount: int | None = None,
        payment: str = "",
    ) -> None:
        """Let one thing happen, and the shop hear of it."""
        method, reference = self.methods[opened.view.method], self.reference(opened)
        amount = opened.view.due if amount is None else amount
        method.tell(reference, kind, amount, confirmations, payment)
        self.hear()

    def hear(self) -> None:
        self.commerce.rates.refresh()
        self.commerce.polling.poll_methods()
        self.commerce.polling.advance_orders()

    def view(self, opened: OpenedOrder):
        from enigm.domains.commerce.store import orders

        with self.database.read() as connection:
            order = orders.find(connection, opened.order_id)
        assert order is not None
        return self.commerce.ordering._view(order)


def open_shop(
    database: Database,
    clock: FakeClock | None = None,
    entropy: Entropy | None = None,
    methods: dict[MethodName, PaperMethod] | None = None,
    limits: dict[str, int] | None = None,
) -> Shop:
    """Return a shop over a store, which it migrates unless the methods are of an earlier one."""
    if methods is None:
        migrate(database, DESIGN.metadata, DESIGN.versions)
    clock = clock or FakeClock()
    methods = methods or {name: PaperMethod(name) for name in MethodName}
    rates = [PaperRates(name, clock) for name in ("one", "two", "three")]
    around = Surroundings(
        Settings(data_folder=Path("unused"), limits=limits or ROOM_FOR_GUESTS),
        keys_of_tests(),
        clock,
        entropy or FakeEntropy(),
        EventLog(io.StringIO(), clock, strict=True),
    )
    records, changes = PaperRecords(), PaperChanges()
    outsiders = Outsiders(methods, rates, SixthVat(), records, changes)
    commerce = build_commerce(around, premises_of(around, database), outsiders)
    commerce.rates.refresh()
    return Shop(around, commerce, database, clock, methods, rates, records, changes)
