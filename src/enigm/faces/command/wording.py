"""How amounts and times are written on pages, for people."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import segno

from enigm.domains.commerce.model import PLACES, Currency, MethodName, Money
from enigm.domains.commerce.model.catalogue import Product
from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.esim.model import CommercialState, Fault, ProfileState

METHOD_NAMES = {
    MethodName.CODE: "Code Coin",
    MethodName.MONERO: "Monero",
    MethodName.BITCOIN: "Bitcoin",
    MethodName.CARD: "Card",
}
# What a payer should know before choosing; each holds whatever the seller wishes.
METHOD_TRUTHS = {
    MethodName.CODE: "We cannot tell which sale it came from. We see what it pays for, and when; "
    "whoever gave it to you knows that you had it.",
    MethodName.MONERO: "Its ledger hides amounts and addresses. Your wallet knows that you paid.",
    MethodName.BITCOIN: "Its ledger is public for good: anyone may link this payment to others "
    "of yours.",
    MethodName.CARD: "Never as private as a code: the processor knows you, and asks for an e-mail "
    "address on its own page. We keep neither.",
}
PRODUCT_NAMES = {
    Product.ENIGM: "Enigm",
    Product.COMMAND: "Command",
    Product.SERVER: "Private server",
    Product.OS: "Enigm OS",
    Product.KEY: "Enigm Key",
    Product.ESIM: "eSIM",
}
STATE_NAMES = {
    OrderState.NEW: "Waiting for payment",
    OrderState.PARTIAL: "Partly paid",
    OrderState.SEEN: "Payment seen",
    OrderState.SETTLED: "Paid",
    OrderState.FINAL: "Paid for good",
    OrderState.EXPIRED: "Price ran out",
    OrderState.LATE: "Came too late",
    OrderState.HELD: "Being looked at",
    OrderState.REJECTED: "Rejected",
    OrderState.CANCELLED: "Cancelled",
    OrderState.REFUNDED: "Paid back",
}
PROFILE_NAMES = {
    ProfileState.AVAILABLE: "Not ordered yet",
    ProfileState.ALLOCATED: "Ordered",
    ProfileState.CONFIRMED: "Being prepared",
    ProfileState.RELEASED: "Ready to install",
    ProfileState.DOWNLOADED: "Downloaded",
    ProfileState.INSTALLED: "Installed",
    ProfileState.ENABLED: "On",
    ProfileState.DISABLED: "Off",
    ProfileState.DELETED: "Deleted on the phone",
    ProfileState.ERROR: "Something went wrong",
    ProfileState.UNAVAILABLE: "Withdrawn",
}
PLAN_NAMES = {
    CommercialState.PURCHASED: "Bought",
    CommercialState.ACTIVATION_READY: "Ready to activate",
    CommercialState.ACTIVE: "Active",
    CommercialState.SUSPENDED: "Paused",
    CommercialState.USED_UP: "Used up",
    CommercialState.EXPIRED: "Over",
    CommercialState.RETIRED: "Ended by you",
    CommercialState.REPLACED: "Replaced",
    CommercialState.REFUNDED: "Paid back",
}
FAULT_NAMES = {
    Fault.ELIGIBILITY: "the phone cannot take it",
    Fault.CONFIRMATION_CODE: "the confirmation code was wrong",
    Fault.DOWNLOAD: "the download failed; try again",
    Fault.INSTALL: "the installation failed; try again",
}

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def money(value: Money) -> str:
    """Write an exact amount without zeros that say nothing: ``€ 24.00``, ``0.12 XMR``."""
    whole = Decimal(value.amount).scaleb(-PLACES[value.currency])
    if value.currency is Currency.EUR:
        return f"€ {whole:.2f}"
    return f"{whole:f}".rstrip("0").rstrip(".") + f" {value.currency.value}"


def date(seconds: int) -> str:
    """Write a day: ``20 November 2026``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%B %Y}"


def moment(seconds: int) -> str:
    """Write a time to the minute: ``20 November 2026, 18:40 UTC``."""
    return f"{date(seconds)}, {datetime.fromtimestamp(seconds, UTC):%H:%M} UTC"


def duration(seconds: int) -> str:
    """Write how long: ``5 h 12 min``, ``14 min``, ``40 s``."""
    left = max(0, seconds)
    if left >= 2 * _DAY:
        return f"{left // _DAY} days"
    if left >= _HOUR:
        return f"{left // _HOUR} h {left % _HOUR // _MINUTE} min"
    return f"{left // _MINUTE} min" if left >= 2 * _MINUTE else f"{left} s"


def countdown(seconds: int) -> str:
    """Write what is left of a price's lock: ``14:05``."""
    left = max(0, seconds)
    return f"{left // _MINUTE}:{left % _MINUTE:02d}"


def term(days: int) -> str:
    """Write how long something bought lasts."""
    return f"{days} days, then it ends by itself" if days else "bought once, without an end"


def euros(cents: int) -> str:
    """Write a price."""
    return money(Money(cents, Currency.EUR))


def product_word(word: str) -> str:
    """Write a product that another domain knows by its word."""
    return PRODUCT_NAMES[Product(word)]


def qr(text: str) -> str:
    """Return a QR code as a picture that stands in the page itself."""
    return segno.make(text, error="m").svg_data_uri(scale=4)
