"""What an invoice says, in words that no order or account shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - a sale is read back from its stored form by its types
from enum import StrEnum
from typing import Final, NewType

Ticket = NewType("Ticket", bytes)
TICKET_BYTES: Final = 32

# What stands for an order here: a keyed hash that only its crossing can make.
OrderMark = NewType("OrderMark", bytes)
MARK_BYTES: Final = 32


class Supply(StrEnum):
    """What was sold, as far as tax asks."""

    SERVICE = "service"
    GOODS = "goods"


class TaxCategory(StrEnum):
    """EN 16931, UNCL 5305: why tax is due, or why not."""

    STANDARD = "S"
    EXPORT = "G"
    OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold, for how much (EUR cents, tax included), where and when."""

    title: str
    gross_cents: int
    country: str
    supply: Supply
    sold_on: date


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sells, as tax law wants it named."""

    name: str
    street: str
    city: str
    postcode: str
    country: str
    vat_id: str
    registration: str
    keeps_years: int


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom the invoice is made out to: what its holder typed, and no more than it needs."""

    name: str = field(repr=False)
    street: str = field(repr=False, default="")
    city: str = field(repr=False, default="")
    postcode: str = field(repr=False, default="")
    vat_id: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Tax:
    """Which tax, and where its rate was read: hundredths of a percent, and the table's date."""

    category: TaxCategory
    rate_hundredths: int
    table_version: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """Cents; ``gross = net + vat + rounding``, and ``vat`` is ``net`` times the rate, rounded."""

    net: int
    vat: int
    gross: int
    rounding: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """Everything that the document says."""

    number: str
    issued_on: date
    sale: Sale
    seller: Seller
    bearer: Bearer
    tax: Tax
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """An invoice as it is handed over: a PDF/A-3 that carries its own XML (Factur-X)."""

    number: str
    pdf: bytes = field(repr=False)
    xml: bytes = field(repr=False)
