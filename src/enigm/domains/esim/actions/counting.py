"""Count what providers send beyond what is taken. How much is kept; what it was is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.foundation.metrics import CounterDesign

if TYPE_CHECKING:
    from enigm.domains.esim.store import EsimStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.metrics import Counters

PROVIDERS: Final = frozenset({"es2plus", "reseller"})
DROPPED: Final = CounterDesign(
    "enigm_esim_dropped_fields_total",
    "Fields that an eSIM provider sent and that were left at the door.",
    {"provider": PROVIDERS},
)
DROPPED_EVENT: Final = "fields dropped at the door"


class Door:
    """Where fields beyond the allow-list end."""

    def __init__(self, store: EsimStore, counters: Counters, clock: Clock) -> None:
        """Keep where it is counted: for this process's metrics, and for the operator's tally."""
        self._store = store
        self._counters = counters
        self._clock = clock

    def count(self, provider: str, dropped: int) -> None:
        """Count fields that were left; their names and values are nowhere."""
        if dropped:
            self._counters.count(DROPPED, dropped, provider=provider)
            with self._store.begin() as records:
                records.count(provider, DROPPED_EVENT, self._clock.now_seconds(), dropped)
