"""Invoices: a ticket from one's own order, and a form that knows the ticket alone."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.invoices.errors import InvoiceMadeError, TicketUnknownError
from enigm.domains.invoices.model import TICKET_BYTES, Bearer, InvoiceFile, Ticket
from enigm.faces.command.pages.orders import own_order
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.foundation.access import Access, opened_to
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Refusal

PUBLIC: Final = opened_to(Access.PUBLIC)
_KINDS: Final = {"pdf": "application/pdf", "xml": "application/xml"}


class Typed(Struct):
    """The ticket, and whom the invoice is made out to."""

    ticket: str = ""
    name: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    vat_id: str = ""
    kind: str = "pdf"


Form = Annotated[Typed, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/orders/{name:str}/invoice", opt=PUBLIC, status_code=200, sync_to_thread=True)
def ask_for_ticket(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show a ticket, once; whoever has it can make the invoice."""
    ticket = parts.invoicing.tickets.ask(own_order(request, parts, name))
    return pages.show(request, "invoice_ticket.html", ticket=base64url_encode(ticket))


@get("/invoice", opt=PUBLIC, sync_to_thread=False)
def ticket_page(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Ask for a ticket."""
    offered = parts.invoicing.invoices.are_offered
    return pages.show(request, "invoice_open.html", refusal="", is_offered=offered)


@post("/invoice/form", opt=PUBLIC, status_code=200, sync_to_thread=True)
def form_page(request: Asked, parts: Given, pages: Shown, data: Form) -> Response[str]:
    """Show what the invoice will say, and ask for the rest; or show the invoice that was made."""
    try:
        sale = parts.invoicing.invoices.look(_ticket(data.ticket))
    except InvoiceMadeError:
        parts.invoicing.invoices.collect(_ticket(data.ticket))
        return pages.show(request, "invoice_made.html", ticket=data.ticket)
    except Refusal as refusal:
        return pages.show(
            request,
            "invoice_open.html",
            refusal.category.status,
            refusal=refusal.detail,
            is_offered=True,
        )
    return pages.show(request, "invoice_form.html", typed=data, sale=sale, refusal="")


@post("/invoice/make", opt=PUBLIC, status_code=200, sync_to_thread=True)
def make(request: Asked, parts: Given, pages: Shown, data: Form) -> Response[str]:
    """Make the invoice; the ticket is used up."""
    invoices, ticket = parts.invoicing.invoices, _ticket(data.ticket)
    bearer = Bearer(data.name, data.street, data.city, data.postcode, data.vat_id)
    try:
        invoices.make(ticket, bearer)
    except TicketUnknownError:
        raise
    except Refusal as refusal:
        sale = invoices.look(ticket)
        status = refusal.category.status
        return pages.show(
            request, "invoice_form.html", status, typed=data, sale=sale, refusal=refusal.detail
        )
    return pages.show(request, "invoice_made.html", ticket=data.ticket)


@post("/invoice/file", opt=PUBLIC, status_code=200, sync_to_thread=True)
def hand_over(parts: Given, data: Form) -> Response[bytes]:
    """Give the invoice that was made, within its day."""
    made = parts.invoicing.invoices.collect(_ticket(data.ticket))
    kind = data.kind if data.kind in _KINDS else "pdf"
    headers = {"Content-Disposition": f'attachment; filename="invoice-{made.number}.{kind}"'}
    return Response(_content(made, kind), media_type=_KINDS[kind], headers=headers)


def _content(made: InvoiceFile, kind: str) -> bytes:
    return made.pdf if kind == "pdf" else made.xml


def _ticket(text: str) -> Ticket:
    try:
        octets = base64url_decode(text.strip())
    except Refusal as error:
        raise TicketUnknownError from error
    if len(octets) != TICKET_BYTES:
        raise TicketUnknownError
    return Ticket(octets)


HANDLERS = (ask_for_ticket, ticket_page, form_page, make, hand_over)
