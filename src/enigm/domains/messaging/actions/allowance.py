"""One connection's budget of requests; it dies with the connection and knows no address."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from enigm.foundation.errors import ExhaustedError

if TYPE_CHECKING:
    from enigm.foundation.clock import Clock
    from enigm.foundation.limits import Limit


class Allowance:
    """A token bucket without a key: ``foundation.limits.Budgets`` is for budgets that have one."""

    __slots__ = ("_clock", "_left", "_limit", "_per_second", "_since")

    def __init__(self, limit: Limit, clock: Clock) -> None:
        """Begin full."""
        self._limit = limit
        self._clock = clock
        self._per_second = limit.amount / limit.per_seconds
        self._left = float(limit.amount)
        self._since = clock.monotonic_seconds()

    def take(self) -> None:
        """Spend one request; raises ExhaustedError, which says when there will be more."""
        if self._left < 1:
            now = self._clock.monotonic_seconds()
            refilled = self._left + (now - self._since) * self._per_second
            self._left, self._since = min(self._limit.amount, refilled), now
        if self._left < 1:
            raise ExhaustedError(
                f"limits.{self._limit.name}",
                "Too many requests on this connection. Wait, then go on.",
                retry_after_seconds=max(1, math.ceil((1 - self._left) / self._per_second)),
            )
        self._left -= 1
