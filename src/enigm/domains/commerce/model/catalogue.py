"""What is sold: products, and the offers of one version of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Seven characters at most, so that a word of ours is never taken for an identifier that two
# stores share (the search for joins begins at eight bytes).
SKU_CHARACTERS_MAX: Final = 7


class Product(StrEnum):
    """The parts that can be bought, each on its own."""

    ENIGM = "enigm"
    COMMAND = "command"
    SERVER = "server"
    OS = "os"
    KEY = "key"
    ESIM = "esim"
    COIN = "coin"


class VatClass(StrEnum):
    """Which rate of value added tax applies; the rate itself depends on country and day."""

    SERVICE = "service"
    GOODS = "goods"


class Sale(StrEnum):
    """Whether an offer can be ordered."""

    OPEN = "open"
    # Listed, so that people see what is to come; nothing stands behind it yet.
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing at one price. It ends by itself: nothing here ever renews or charges again."""

    sku: str
    product: Product
    title: str
    price_cents: int  # EUR, value added tax included
    vat_class: VatClass
    term_days: int  # 0: bought once, without an end
    sale: Sale = Sale.OPEN


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is on offer, under a number that every order remembers."""

    version: int
    offers: tuple[Offer, ...]

    def offer(self, sku: str) -> Offer | None:
        """Return the offer of this name, if there is one."""
        return next((offer for offer in self.offers if offer.sku == sku), None)
