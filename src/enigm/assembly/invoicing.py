"""Builds invoices, and the crossing that lets a paid order have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crossings.paid_order_gets_invoice_ticket import PaidOrderGetsInvoiceTicket
from enigm.domains.commerce.actions.billing import Billing
from enigm.domains.invoices.actions import Invoices
from enigm.domains.invoices.model import Seller

if TYPE_CHECKING:
    from enigm.assembly.commerce import Commerce
    from enigm.assembly.surroundings import Surroundings
    from enigm.foundation.database import Database


@dataclass(frozen=True, slots=True)
class Invoicing:
    """Tickets for buyers, and invoices for whoever shows a ticket."""

    tickets: PaidOrderGetsInvoiceTicket
    invoices: Invoices


def build_invoicing(around: Surroundings, database: Database, commerce: Commerce) -> Invoicing:
    """Return the deeds of invoices; without a seller in the settings they all say so."""
    invoices = Invoices(database, around.keys, around.clock, around.entropy, _seller(around))
    billing = Billing(commerce.premises, commerce.ordering, commerce.documents)
    return Invoicing(PaidOrderGetsInvoiceTicket(billing, invoices, around.keys), invoices)


def _seller(around: Surroundings) -> Seller | None:
    named = around.settings.payments.seller
    if named is None:
        return None
    return Seller(
        named.name,
        named.street,
        named.city,
        named.postcode,
        named.country,
        named.vat_id,
        named.registration,
        named.keeps_years,
    )
