"""How much of a price is value added tax, by the rates that came with this version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import eu_vat_rates_data as vat_rates

if TYPE_CHECKING:
    from enigm.domains.commerce.model.catalogue import Product

# The data knows Greece by the letters that its tax office uses.
_TAX_LETTERS: Final = {"GR": "EL"}
_TENTHS: Final = 10
_WHOLE: Final = 1000


class EuropeanVat:
    """Standard rates of the European Union; elsewhere nothing is included in the price."""

    def included_cents(self, gross_cents: int, country: str, product: Product, day_at: int) -> int:
        """Return the tax in a price, rounded to the cent as the seller owes it."""
        _ = (
            product,
            day_at,
        )  # every product is taxed at the standard rate; one day's rates are known
        letters = country if vat_rates.has_rate(country) else _TAX_LETTERS.get(country, country)
        if not vat_rates.has_rate(letters) or not vat_rates.is_eu_member(letters):
            return 0
        rate = vat_rates.get_standard_rate(letters)
        if rate is None:
            return 0
        tenths = round(rate * _TENTHS)
        return (2 * gross_cents * tenths + _WHOLE + tenths) // (2 * (_WHOLE + tenths))
