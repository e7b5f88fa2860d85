"""Say what an invoice for a paid order has to say, and nothing else of the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.errors import OrderStateError
from enigm.domains.commerce.model.catalogue import VatClass
from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.commerce.store import orders as store

if TYPE_CHECKING:
    from enigm.domains.commerce.actions.documents import Documents
    from enigm.domains.commerce.actions.ordering import Ordering
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.model.orders import OrderId, OwnOrder

_PAID: Final = frozenset({OrderState.SETTLED, OrderState.FINAL})


@dataclass(frozen=True, slots=True)
class BilledOrder:
    """What was sold; the day is in seconds since 1970, the price in EUR cents, tax included."""

    order_id: OrderId
    title: str
    price_cents: int
    country: str
    vat_class: VatClass
    day_at: int
    ends_at: int


class Billing:
    """Answers whoever shows that an order is theirs."""

    def __init__(self, premises: Premises, ordering: Ordering, documents: Documents) -> None:
        """Keep what it stands on."""
        self._premises = premises
        self._ordering = ordering
        self._documents = documents

    def billed(self, own: OwnOrder) -> BilledOrder:
        """Return what an invoice for one's own order says.

        Raises:
            OrderUnknownError: it is not one's own.
            OrderStateError: nothing was sold, or it was given back.
        """
        order = self._ordering.own(own)
        if order.shown_state not in _PAID:
            raise OrderStateError
        # An offer that the catalogue no longer has is named by its product.
        offer = self._documents.in_force().catalogue.offer(order.sku)
        with self._premises.database.read() as connection:
            day_at = store.day_of(connection, order.order_id)
        return BilledOrder(
            order_id=order.order_id,
            title=offer.title if offer else order.product.value,
            price_cents=order.terms.price_cents,
            country=order.country,
            vat_class=offer.vat_class if offer else VatClass.SERVICE,
            day_at=day_at,
            ends_at=order.ends_at,
        )
