"""Invoices at Command: a ticket from one's order, and a form that knows the ticket alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.foundation.payment_settings import PaymentSettings
from tests.command.test_shop import buy
from tests.crossings.test_invoices_stand_apart import SELLER
from tests.support.command import RunningCommand, running_command

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.command import Visit
    from tests.support.service import Running

pytestmark = pytest.mark.requirement("PAY-08", "CMD-12")

TICKET = re.compile(r'id="ticket">([\w-]{43})<')


@pytest.fixture
async def selling(running: Running) -> AsyncGenerator[RunningCommand]:
    """Command of an operator who has named a seller."""
    payments = PaymentSettings(seller=SELLER)
    settings = msgspec.structs.replace(running.settings, payments=payments)
    async with running_command(settings, running.clock) as started:
        yield started


async def ticket_of(visit: Visit, command: RunningCommand) -> str:
    address = await buy(visit, "app-1y")
    command.paper.happen(MethodName.MONERO, PaymentEventKind.CONFIRMED, depth=20)
    assert "Get a ticket" in (await visit.get(address)).text
    found = TICKET.search((await visit.post(f"{address}/invoice")).text)
    assert found
    return found.group(1)


async def test_a_ticket_makes_one_invoice_for_whoever_has_it(selling: RunningCommand) -> None:
    ticket = await ticket_of(selling.visit(), selling)
    bookkeeper = selling.visit()
    await bookkeeper.get("/invoice")
    form = (await bookkeeper.post("/invoice/form", {"ticket": ticket})).text
    assert "Enigm, one year" in form
    refused = await bookkeeper.post("/invoice/make", {"ticket": ticket, "name": " "})
    assert (refused.status_code, "must not be empty" in refused.text) == (400, True)
    fields = {"ticket": ticket, "name": "Ada & <b>Ben</b>", "vat_id": "EE123456789"}
    made = await bookkeeper.post("/invoice/make", fields)
    assert "Your invoice is made" in made.text
    pdf = await bookkeeper.post("/invoice/file", {"ticket": ticket, "kind": "pdf"})
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["content-disposition"] == 'attachment; filename="invoice-2026-000001.pdf"'
    xml = await bookkeeper.post("/invoice/file", {"ticket": ticket, "kind": "xml"})
    assert b"Ada &amp; &lt;b&gt;Ben&lt;/b&gt;" in xml.content
    again = await bookkeeper.post("/invoice/form", {"ticket": ticket})
    assert "Your invoice is made" in again.text
    selling.clock.advance(86_401)
    late = await bookkeeper.post("/invoice/file", {"ticket": ticket, "kind": "pdf"})
    assert late.status_code == 410


@pytest.mark.parametrize("ticket", ["", "x", "A" * 43, "A" * 5000])
async def test_what_is_no_ticket_opens_nothing(selling: RunningCommand, ticket: str) -> None:
    visit = selling.visit()
    await visit.get("/invoice")
    for path in ("/invoice/form", "/invoice/make", "/invoice/file"):
        answer = await visit.post(path, {"ticket": ticket, "name": "A"})
        assert answer.status_code == 404, path


async def test_an_unpaid_order_has_no_ticket(selling: RunningCommand) -> None:
    visit = selling.visit()
    address = await buy(visit)
    assert "Get a ticket" not in (await visit.get(address)).text
    assert (await visit.post(f"{address}/invoice")).status_code == 409


async def test_without_a_seller_nobody_is_offered_an_invoice(
    visit: Visit, command: RunningCommand
) -> None:
    address = await buy(visit, "app-1y")
    command.paper.happen(MethodName.MONERO, PaymentEventKind.CONFIRMED, depth=20)
    assert "Get a ticket" not in (await visit.get(address)).text
    assert "not set up here" in (await visit.get("/invoice")).text
    assert (await visit.post(f"{address}/invoice")).status_code == 503
