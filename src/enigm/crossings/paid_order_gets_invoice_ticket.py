"""Commerce → invoices. Whoever holds a paid order may ask for a ticket that makes one invoice.

Carries:    what was sold, its price, the purchase country and the day; a mark that allows one
            invoice for each order.
Withholds:  the order, its payment and its buyer from invoices; whom an invoice is made out to,
            and its number, from commerce.
Dies:       the mark with the order; the ticket when it is used; the invoice when tax law lets it.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from enigm.domains.invoices.model import OrderMark, Sale, Supply, Ticket

if TYPE_CHECKING:
    from enigm.domains.commerce.actions.billing import Billing
    from enigm.domains.commerce.model.orders import OwnOrder
    from enigm.domains.invoices.actions import Invoices
    from enigm.foundation.keyfile import Keys


class PaidOrderGetsInvoiceTicket:
    """Hands a ticket to whoever shows that a paid order is theirs."""

    def __init__(self, billing: Billing, invoices: Invoices, keys: Keys) -> None:
        """Keep both sides, and the key of the marks, which stands in no store."""
        self._billing = billing
        self._invoices = invoices
        self._mark_key = keys.derive("invoices", "order marks")

    @property
    def is_offered(self) -> bool:
        """Tell whether the operator has named a seller."""
        return self._invoices.are_offered

    def ask(self, own: OwnOrder) -> Ticket:
        """Return a fresh ticket; one that was handed out before is worth nothing then.

        Raises:
            OrderUnknownError: it is not one's own order.
            OrderStateError: nothing was sold.
            InvoicesNotOfferedError, InvoiceMadeError.
        """
        billed = self._billing.billed(own)
        mark = OrderMark(hmac.digest(self._mark_key, billed.order_id, "sha256"))
        day = datetime.fromtimestamp(billed.day_at, UTC).date()
        supply = Supply(billed.vat_class.value)
        sale = Sale(billed.title, billed.price_cents, billed.country, supply, day)
        return self._invoices.hand_out(mark, sale, billed.ends_at)
