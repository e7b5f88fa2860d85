"""How amounts and times are written on pages, for people."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from enigm.domains.commerce.model import PLACES, Currency, Money

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def money(value: Money) -> str:
    """Write an exact amount: ``€ 24.00``, ``0.101234567891 XMR``."""
    places = PLACES[value.currency]
    whole = Decimal(value.amount).scaleb(-places)
    if value.currency is Currency.EUR:
        return f"€ {whole:.2f}"
    return f"{whole:.{places}f} {value.currency.value}"


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
