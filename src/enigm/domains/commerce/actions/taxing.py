"""How much of a price is value added tax: every product is taxed at the standard rate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from enigm.foundation.vat import split_price, standard_rate

if TYPE_CHECKING:
    from enigm.domains.commerce.model.catalogue import Product


class EuropeanVat:
    """Standard rates of the European Union; elsewhere nothing is included in the price."""

    def included_cents(
        self,
        gross_cents: int,
        country: str,
        product: Product,  # noqa: ARG002 - all are taxed alike so far
        day_at: int,
    ) -> int:
        """Return the tax in a price: the same cents that an invoice shows."""
        rate = standard_rate(country, datetime.fromtimestamp(day_at, UTC).date())
        return 0 if rate is None else split_price(gross_cents, rate).vat
