"""A paid order gets one invoice, and neither store can say which order an invoice is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.assembly.invoicing import Invoicing, build_invoicing
from enigm.domains.commerce.errors import OrderStateError, OrderUnknownError
from enigm.domains.commerce.model.orders import ComebackCode, GuestsOrder
from enigm.domains.invoices import store as invoices_store
from enigm.domains.invoices.errors import InvoiceMadeError, InvoicesNotOfferedError
from enigm.domains.invoices.model import Bearer
from enigm.foundation.payment_settings import PaymentSettings, SellerSettings
from enigm.foundation.settings import Settings
from tests.support.shop import open_shop

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.foundation.database import Database
    from tests.support.databases import OpenDatabase
    from tests.support.shop import Shop

pytestmark = pytest.mark.requirement("PAY-08", "PAY-03")

SELLER = SellerSettings(
    name="Shop",
    street="Street 1",
    city="Tallinn",
    postcode="10111",
    country="EE",
    vat_id="EE100000000",
    registration="12345678",
)


@pytest.fixture
def shop(open_sqlcipher_database: OpenDatabase) -> Shop:
    return open_shop(open_sqlcipher_database("commerce"))


@pytest.fixture
def invoices_database(open_sqlcipher_database: OpenDatabase) -> Database:
    return open_sqlcipher_database("invoices", invoices_store.metadata)


@pytest.fixture
def invoicing(shop: Shop, invoices_database: Database, tmp_path: Path) -> Invoicing:
    payments = PaymentSettings(seller=SELLER)
    around = shop.around
    settings = Settings(data_folder=tmp_path, payments=payments)
    changed = type(around)(settings, around.keys, around.clock, around.entropy, around.log)
    return build_invoicing(changed, invoices_database, shop.commerce)


def values_of(database: Database, tables: list[sa.Table]) -> set[bytes]:
    """Every value of eight bytes and more that a store holds, as bytes."""
    found: set[bytes] = set()
    with database.read() as connection:
        for table in tables:
            for row in connection.execute(table.select()):
                for value in row:
                    if isinstance(value, int | None):
                        continue
                    octets = value if isinstance(value, bytes) else str(value).encode()
                    if len(octets) >= 8:
                        found.add(octets)
    return found


def guest_of(opened: object) -> GuestsOrder:
    return GuestsOrder(ComebackCode(opened.comeback))


def test_a_paid_order_becomes_an_invoice_once(shop: Shop, invoicing: Invoicing) -> None:
    opened = shop.order("app-1y", country="EE")
    with pytest.raises(OrderStateError):
        invoicing.tickets.ask(guest_of(opened))
    shop.pay(opened)
    ticket = invoicing.tickets.ask(guest_of(opened))
    sale = invoicing.invoices.look(ticket)
    assert (sale.title, sale.gross_cents, sale.country) == ("Enigm, one year", 60_00, "EE")
    made = invoicing.invoices.make(ticket, Bearer("Invoice bearer"))
    assert made.pdf.startswith(b"%PDF-")
    with pytest.raises(InvoiceMadeError):
        invoicing.tickets.ask(guest_of(opened))


def test_another_persons_order_has_no_ticket(shop: Shop, invoicing: Invoicing) -> None:
    with pytest.raises(OrderUnknownError):
        invoicing.tickets.ask(GuestsOrder(ComebackCode("AAAA-AAAA-AAAA-AAAA-AAAA-AAAA")))


def test_without_a_seller_there_are_no_tickets(shop: Shop, invoices_database: Database) -> None:
    opened = shop.order()
    shop.pay(opened)
    nobody = build_invoicing(shop.around, invoices_database, shop.commerce)
    assert not nobody.tickets.is_offered
    with pytest.raises(InvoicesNotOfferedError):
        nobody.tickets.ask(guest_of(opened))


def test_the_two_stores_share_no_value(
    shop: Shop, invoicing: Invoicing, invoices_database: Database
) -> None:
    for number in range(3):
        opened = shop.order("app-1y", country="EE")
        shop.pay(opened)
        ticket = invoicing.tickets.ask(guest_of(opened))
        if number:
            invoicing.invoices.make(ticket, Bearer(f"Bearer {number}"))
    from enigm.domains.commerce.store import DESIGN

    sold = values_of(shop.database, DESIGN.metadata.sorted_tables)
    invoiced = values_of(invoices_database, invoices_store.metadata.sorted_tables)
    assert sold
    assert invoiced
    assert not sold & invoiced
