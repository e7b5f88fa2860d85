"""Value added tax: the member states' standard rates by day, and prices split to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import eu_vat_rates_data

# Which snapshot of the European Commission's table the rates are: it is kept with an invoice.
RATES_VERSION: Final = eu_vat_rates_data.data_version

# The table knows Greece by the letters that its tax office uses.
_ISO_LETTERS: Final = {"EL": "GR"}
_STANDARD: Final = {
    _ISO_LETTERS.get(letters, letters): round(known["standard"] * 100)
    for letters, known in eu_vat_rates_data.get_all_rates().items()
    if known["eu_member"]
}
# Rates that changed lately: what each was until a day. The table has the present ones alone.
_UNTIL: Final[dict[str, tuple[date, int]]] = {
    "EE": (date(2025, 7, 1), 22_00),
    "FI": (date(2024, 9, 1), 24_00),
    "RO": (date(2025, 8, 1), 19_00),
    "SK": (date(2025, 1, 1), 20_00),
}
_WHOLE: Final = 100_00  # hundredths of a percent in one


@dataclass(frozen=True, slots=True)
class SplitPrice:
    """Cents; ``net + vat + rounding`` is the price, and ``vat`` is ``net`` times the rate."""

    net: int
    vat: int
    rounding: int


def member_states() -> frozenset[str]:
    """Return the two letters (ISO 3166-1) of every country that charges this tax."""
    return frozenset(_STANDARD)


def standard_rate(country: str, day: date) -> int | None:
    """Return hundredths of a percent on a day; None outside the European Union."""
    until, rate_before = _UNTIL.get(country, (date.min, 0))
    return rate_before if day < until else _STANDARD.get(country)


def split_price(gross_cents: int, rate_hundredths: int) -> SplitPrice:
    """Split a price that includes tax, so that EN 16931's sums hold (BR-CO-15, BR-CO-17).

    Not every price is a net amount plus its rounded tax: the cent that may be left is rounding.
    """
    net = _rounded(gross_cents * _WHOLE, _WHOLE + rate_hundredths)
    vat = _rounded(net * rate_hundredths, _WHOLE)
    return SplitPrice(net, vat, gross_cents - net - vat)


def _rounded(numerator: int, denominator: int) -> int:
    """Divide, rounding half up, as money is rounded."""
    return (2 * numerator + denominator) // (2 * denominator)
