"""An invoice is made once for a ticket, holds against the standard, and is kept apart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import facturx
import pytest
from lxml import etree
from pypdf import PdfReader

from enigm.domains.invoices import store
from enigm.domains.invoices.actions import COPY_SECONDS, DRAWINGS_MAX, Invoices
from enigm.domains.invoices.actions.documents import broken_rules, write_xml
from enigm.domains.invoices.errors import (
    InvoiceCollectedError,
    InvoiceMadeError,
    InvoicesBusyError,
    InvoicesNotOfferedError,
    TicketUnknownError,
)
from enigm.domains.invoices.model import (
    Bearer,
    Invoice,
    InvoiceFile,
    OrderMark,
    Sale,
    Seller,
    Supply,
    Tax,
    TaxCategory,
    Ticket,
)
from enigm.domains.invoices.rules import amounts_of
from enigm.foundation.retention import RetentionJob
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.foundation.database import Database

pytestmark = pytest.mark.requirement("PAY-08")

SELLER = Seller("Shop OÜ", "Street 1", "Tallinn", "10111", "EE", "EE100000000", "12345678", 7)
SALE = Sale("Enigm & more, <one> year", 12_40, "EE", Supply.SERVICE, date(2026, 11, 20))
ADA = Bearer("Ada “Quote” <script>", "Lane 2", "Tartu", "50090", "EE123456789")
MARK = OrderMark(b"m" * 32)
CLOCK_START = FakeClock().now_seconds()
LATER = CLOCK_START + 90 * 86_400


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database("invoices", store.metadata)


@pytest.fixture
def invoices(database: Database, clock: FakeClock) -> Invoices:
    return Invoices(database, keys_of_tests(), clock, FakeEntropy(), SELLER)


@pytest.fixture
def beside(database: Database, clock: FakeClock) -> Invoices:
    """The same store's invoices in another process."""
    return Invoices(database, keys_of_tests(), clock, FakeEntropy(b"beside"), SELLER)


def rows(database: Database, table: object) -> list[dict[str, object]]:
    with database.read() as connection:
        return [dict(row._mapping) for row in connection.execute(table.select())]


def test_a_ticket_becomes_one_invoice_and_the_same_again(invoices: Invoices) -> None:
    ticket = invoices.hand_out(MARK, SALE, LATER)
    assert invoices.look(ticket) == SALE
    made = invoices.make(ticket, ADA)
    assert made.number == "2026-000001"
    assert invoices.make(ticket, Bearer("Somebody else")) == made == invoices.collect(ticket)
    with pytest.raises(InvoiceMadeError):
        invoices.look(ticket)
    with pytest.raises(InvoiceMadeError):
        invoices.hand_out(MARK, SALE, LATER)


def test_numbers_have_no_gaps(invoices: Invoices) -> None:
    tickets = [invoices.hand_out(OrderMark(bytes([n]) * 32), SALE, LATER) for n in range(3)]
    with pytest.raises(TicketUnknownError):
        invoices.make(Ticket(b"x" * 32), ADA)
    assert [invoices.make(ticket, ADA).number[-2:] for ticket in tickets] == ["01", "02", "03"]


def test_a_fault_in_the_middle_leaves_no_number_used(
    invoices: Invoices, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = invoices.hand_out(MARK, SALE, LATER)
    with monkeypatch.context() as broken:
        broken.setattr("enigm.domains.invoices.actions._closed", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            invoices.make(ticket, ADA)
    assert not rows(database, store.invoice)
    assert invoices.make(ticket, ADA).number == "2026-000001"


def while_drawing(monkeypatch: pytest.MonkeyPatch, deed: Callable[[int], object]) -> None:
    """Let something happen in the middle of each drawing; the drawing itself takes no time."""
    drawn = 0

    def draw(invoice: Invoice) -> InvoiceFile:
        nonlocal drawn
        drawn += 1
        deed(drawn)
        return InvoiceFile(invoice.number, b"pdf", invoice.bearer.name.encode())

    monkeypatch.setattr("enigm.domains.invoices.actions.make_file", draw)


def test_another_writer_is_not_held_up_while_an_invoice_is_drawn(
    invoices: Invoices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store has one writer: were it the drawing's, this one would wait for itself and fail."""
    other = OrderMark(b"o" * 32)
    tickets = [invoices.hand_out(MARK, SALE, LATER)]
    while_drawing(monkeypatch, lambda _: tickets.append(invoices.hand_out(other, SALE, LATER)))
    assert invoices.make(tickets[0], ADA).number == "2026-000001"
    assert invoices.look(tickets[1]) == SALE


def test_a_number_that_another_process_took_meanwhile_is_drawn_anew(
    invoices: Invoices, beside: Invoices, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = invoices.hand_out(MARK, SALE, LATER)
    second = invoices.hand_out(OrderMark(b"o" * 32), SALE, LATER)
    made: list[InvoiceFile] = []
    while_drawing(monkeypatch, lambda drawn: drawn == 1 and made.append(beside.make(second, ADA)))
    made.append(invoices.make(first, ADA))
    assert [each.number for each in made] == ["2026-000001", "2026-000002"]
    assert len(rows(database, store.invoice)) == 2


def test_a_ticket_that_was_used_or_replaced_meanwhile_makes_no_second_invoice(
    invoices: Invoices, beside: Invoices, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = invoices.hand_out(MARK, SALE, LATER)
    while_drawing(monkeypatch, lambda drawn: drawn == 1 and beside.make(ticket, ADA))
    made = invoices.make(ticket, Bearer("Somebody else"))
    assert made.xml.decode() == ADA.name
    other = OrderMark(b"o" * 32)
    another = invoices.hand_out(other, SALE, LATER)
    while_drawing(monkeypatch, lambda _: beside.hand_out(other, SALE, LATER))
    with pytest.raises(TicketUnknownError):
        invoices.make(another, ADA)
    assert len(rows(database, store.invoice)) == 1


def test_who_is_overtaken_every_time_is_told_and_nothing_is_made(
    invoices: Invoices, beside: Invoices, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = invoices.hand_out(MARK, SALE, LATER)

    def overtake(drawn: int) -> None:
        if drawn % 2:  # every second drawing is that of the other process itself
            mark = OrderMark(bytes([drawn]) * 32)
            beside.make(beside.hand_out(mark, SALE, LATER), ADA)

    while_drawing(monkeypatch, overtake)
    with pytest.raises(InvoicesBusyError):
        invoices.make(ticket, ADA)
    assert len(rows(database, store.invoice)) == DRAWINGS_MAX
    assert invoices.look(ticket) == SALE


def test_the_pdf_carries_the_xml_and_names_its_parties(
    invoices: Invoices, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = invoices.make(invoices.hand_out(MARK, SALE, LATER), ADA)
    name, xml = facturx.get_xml_from_pdf(made.pdf, check_xsd=True)
    assert (name, etree.tostring(etree.fromstring(xml), method="c14n")) == (
        "factur-x.xml",
        etree.tostring(etree.fromstring(made.xml), method="c14n"),
    )
    path = tmp_path_factory.mktemp("invoice") / "invoice.pdf"
    path.write_bytes(made.pdf)
    with path.open("rb") as file:
        reader = PdfReader(file)
        text = reader.pages[0].extract_text()
        assert "/OutputIntents" in list(reader.root_object)
    for said in ("Shop OÜ", "Ada “Quote” <script>", "Enigm & more, <one> year", "12.40", "2.40"):
        assert said in text


def written(sale: Sale, tax: Tax) -> bytes:
    amounts = amounts_of(sale.gross_cents, tax)
    return write_xml(Invoice("2026-000001", date(2026, 11, 20), sale, SELLER, ADA, tax, amounts))


@pytest.mark.parametrize(
    ("country", "supply", "tax"),
    [
        ("EE", Supply.SERVICE, Tax(TaxCategory.STANDARD, 24_00, "v")),
        ("FI", Supply.GOODS, Tax(TaxCategory.STANDARD, 25_50, "v")),
        ("US", Supply.SERVICE, Tax(TaxCategory.OUTSIDE, 0, "v")),
        ("CH", Supply.GOODS, Tax(TaxCategory.EXPORT, 0, "v")),
    ],
)
@pytest.mark.parametrize("gross", [1, 12_40, 12_41, 99_999_99])
def test_the_standards_rules_hold(country: str, supply: Supply, tax: Tax, gross: int) -> None:
    assert broken_rules(written(Sale("Enigm", gross, country, supply, SALE.sold_on), tax)) == []


def test_the_standards_rules_can_fail() -> None:
    xml = written(SALE, Tax(TaxCategory.STANDARD, 24_00, "v"))
    wrong = xml.replace(b">12.40</ram:GrandTotalAmount", b">12.90</ram:GrandTotalAmount")
    assert wrong != xml
    assert {"BR-CO-15", "BR-CO-16"} <= set(broken_rules(wrong))


def test_nothing_is_due_because_it_was_paid() -> None:
    tree = etree.fromstring(written(SALE, Tax(TaxCategory.STANDARD, 24_00, "v")))
    found = {
        etree.QName(node).localname: Decimal(node.text)
        for node in tree.iter()
        if etree.QName(node).localname in {"TotalPrepaidAmount", "DuePayableAmount"}
    }
    assert found == {"TotalPrepaidAmount": Decimal("12.40"), "DuePayableAmount": 0}


def test_what_is_stored_names_nobody(invoices: Invoices, database: Database) -> None:
    ticket = invoices.hand_out(MARK, SALE, LATER)
    invoices.make(ticket, ADA)
    kept = repr([rows(database, table) for table in (store.ticket, store.invoice, store.count)])
    for told in ("Ada", "Tartu", "EE123456789", "12.40", repr(ticket)[2:-1]):
        assert told not in kept
    (row,) = rows(database, store.ticket)
    assert row["sale"] is None
    assert b"Ada" in invoices.kept_xml("2026-000001")


def test_no_column_ties_an_invoice_to_its_order() -> None:
    assert set(store.invoice.c.keys()) == {"number", "xml", "ends_at"}
    assert not [key for table in store.metadata.tables.values() for key in table.foreign_keys]


def test_a_new_ticket_ends_the_one_before(invoices: Invoices) -> None:
    old = invoices.hand_out(MARK, SALE, LATER)
    new = invoices.hand_out(MARK, SALE, LATER)
    with pytest.raises(TicketUnknownError):
        invoices.make(old, ADA)
    assert invoices.look(new) == SALE


def test_the_copy_goes_after_a_day_the_ticket_with_its_order_and_the_invoice_in_its_year(
    invoices: Invoices, database: Database, clock: FakeClock
) -> None:
    job = RetentionJob([(database, store.metadata)], clock, None)
    ticket = invoices.hand_out(MARK, SALE, LATER)
    invoices.make(ticket, ADA)
    clock.advance(COPY_SECONDS)
    with pytest.raises(InvoiceCollectedError):
        invoices.collect(ticket)
    job.run()
    (row,) = rows(database, store.ticket)
    assert row["copy"] is None
    clock.advance(90 * 86_400)
    job.run()
    assert not rows(database, store.ticket)
    assert len(rows(database, store.invoice)) == 1
    clock.advance(7 * 366 * 86_400)
    job.run()
    assert not rows(database, store.invoice)
    assert not rows(database, store.count)


def test_without_a_seller_nothing_is_offered(database: Database, clock: FakeClock) -> None:
    nobody = Invoices(database, keys_of_tests(), clock, FakeEntropy(), None)
    assert not nobody.are_offered
    with pytest.raises(InvoicesNotOfferedError):
        nobody.hand_out(MARK, SALE, LATER)


def test_a_ticket_of_an_order_that_is_gone_is_gone(invoices: Invoices, clock: FakeClock) -> None:
    ticket = invoices.hand_out(MARK, SALE, LATER)
    clock.advance(90 * 86_400)
    with pytest.raises(TicketUnknownError):
        invoices.make(ticket, ADA)
