"""What coins are worth, and what a price comes to in them: exact integers, never a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model import PLACES, Currency

if TYPE_CHECKING:
    from collections.abc import Collection

# One source may be wrong or bought; two must speak, and of more the middle is taken.
SOURCES_MIN: Final = 2
RATE_AGE_SECONDS_MAX: Final = 600
LOCK_SECONDS: Final = 900


def median_cents(told: Collection[tuple[int, int]], now_seconds: int) -> int | None:
    """Return the middle of what sources told (cents for a coin, and when); None if too few.

    Of an even number, the lower of the two in the middle: the buyer pays a little more coin and
    never less than any source between them says.
    """
    fresh = sorted(
        cents
        for cents, at in told
        if cents > 0 and now_seconds - RATE_AGE_SECONDS_MAX <= at <= now_seconds + LOCK_SECONDS
    )
    return fresh[(len(fresh) - 1) // 2] if len(fresh) >= SOURCES_MIN else None


def amount_for(price_cents: int, coin: Currency, cents_per_coin: int) -> int:
    """Return a price in the coin's smallest unit, rounded up."""
    return -(-price_cents * 10 ** PLACES[coin] // cents_per_coin)


def worth_cents(amount: int, coin: Currency, cents_per_coin: int) -> int:
    """Return what an amount of a coin is worth, rounded down."""
    return amount * cents_per_coin // 10 ** PLACES[coin]
