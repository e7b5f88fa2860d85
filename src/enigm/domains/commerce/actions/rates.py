"""What coins are worth now: the middle of several sources, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model import Currency
from enigm.domains.commerce.rules import prices
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from enigm.domains.commerce.needs import RateSource
    from enigm.foundation.clock import Clock

# Asked well within the age at which a rate is too old.
ASK_SECONDS: Final = 120
COINS: Final = (Currency.XMR, Currency.BTC)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one whole coin is worth, and the id under which an order remembers it."""

    rate_id: str
    cents_per_coin: int


class Rates:
    """Kept in memory: nothing about when somebody looked at a price is stored."""

    def __init__(
        self,
        sources: Sequence[RateSource],
        clock: Clock,
        on_trouble: Callable[[Exception], None] = lambda _error: None,
        *,
        coins: Iterable[Currency] = COINS,
        fixed_cents: Mapping[Currency, int] | None = None,
    ) -> None:
        """Keep the sources; ``on_trouble`` is told of one that does not answer.

        Only ``coins`` are asked for, and none whose price the operator has fixed: nobody outside
        learns of them.
        """
        self._sources = sources
        self._fixed = dict(fixed_cents or {})
        self._coins = tuple(coin for coin in coins if coin not in self._fixed)
        self._clock = clock
        self._on_trouble = on_trouble
        self._told: dict[tuple[Currency, str], tuple[int, int]] = {}
        self._lock = Lock()
        self._due_at = 0.0

    def refresh(self) -> None:
        """Ask every source; one that fails keeps what it said, until that is too old."""
        for source in self._sources:
            for coin in self._coins:
                try:
                    told = source.price(coin)
                except (Refusal, OSError, ValueError) as error:
                    self._on_trouble(error)
                    continue
                with self._lock:
                    self._told[coin, source.name] = told

    def refresh_if_due(self) -> None:
        """Ask again where the last time was long enough ago."""
        now = self._clock.monotonic_seconds()
        if now >= self._due_at:
            self._due_at = now + ASK_SECONDS
            self.refresh()

    def now(self, coin: Currency) -> Rate | None:
        """Return the rate, or None where too few sources spoke lately: then nothing is sold."""
        if (decided := self._fixed.get(coin)) is not None:
            return Rate(f"{coin}/EUR {decided} fixed by the operator", decided)
        with self._lock:
            told = {name: said for (each, name), said in self._told.items() if each is coin}
        cents = prices.median_cents(told.values(), self._clock.now_seconds())
        if cents is None:
            return None
        return Rate(f"{coin}/EUR {cents} {'+'.join(sorted(told))}"[:120], cents)
