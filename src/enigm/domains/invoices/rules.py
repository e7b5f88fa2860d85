"""Which tax, which amounts, and what may stand on an invoice."""

from __future__ import annotations

import re
from typing import Final

from enigm.domains.invoices.errors import BearerInvalidError
from enigm.domains.invoices.model import Amounts, Bearer, Sale, Supply, Tax, TaxCategory
from enigm.foundation.vat import split_price

_NAME_CHARACTERS_MAX: Final = 120
_LINE_CHARACTERS_MAX: Final = 120
_VAT_ID: Final = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,13}")
# Control and bidirectional characters would let an invoice read otherwise than it is.
_UNPRINTABLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def tax_of(sale: Sale, rate_hundredths: int | None, table_version: str) -> Tax:
    """Return the tax of a sale to a private person, by where it was.

    Beyond the member states (no rate) nothing is charged: services are supplied there (directive
    2006/112/EC art. 59), goods are exported (art. 146).
    """
    if rate_hundredths is not None:
        return Tax(TaxCategory.STANDARD, rate_hundredths, table_version)
    outside = TaxCategory.EXPORT if sale.supply is Supply.GOODS else TaxCategory.OUTSIDE
    return Tax(outside, 0, table_version)


def amounts_of(gross_cents: int, tax: Tax) -> Amounts:
    """Split a price that includes tax."""
    split = split_price(gross_cents, tax.rate_hundredths)
    return Amounts(split.net, split.vat, gross_cents, split.rounding)


def checked_bearer(bearer: Bearer) -> Bearer:
    """Return what may be printed; raises BearerInvalidError."""
    checked = Bearer(
        _line("name", bearer.name, _NAME_CHARACTERS_MAX),
        _line("street", bearer.street, _LINE_CHARACTERS_MAX),
        _line("city", bearer.city, _LINE_CHARACTERS_MAX),
        _line("postcode", bearer.postcode, 16),
        bearer.vat_id.replace(" ", "").upper(),
    )
    if not checked.name:
        raise BearerInvalidError("name", "must not be empty")
    if checked.vat_id and _VAT_ID.fullmatch(checked.vat_id) is None:
        raise BearerInvalidError("vat_id", "begins with a country's two letters, then the number")
    return checked


def invoice_number(year: int, count: int) -> str:
    """Return the number of a year's invoice: without gaps, because the law asks for it."""
    return f"{year}-{count:06d}"


def _line(field: str, text: str, characters_max: int) -> str:
    line = " ".join(text.split())
    if len(line) > characters_max:
        raise BearerInvalidError(field, f"has {characters_max} characters at most")
    if _UNPRINTABLE.search(line):
        raise BearerInvalidError(field, "has characters that cannot be printed")
    return line
