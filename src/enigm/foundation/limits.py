"""Budgets that refill with time, kept in memory: how often something may be tried."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from enigm.foundation.errors import ExhaustedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

# About 20 MB for each kind of budget. Beyond it the budget used longest ago is forgotten.
KEYS_MAX_DEFAULT: Final = 100_000

_KEY_HASH_BYTES: Final = 16
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, refilled evenly over so long. The name is what an operator sets."""

    name: str
    amount: int
    per_seconds: int

    def overridden(self, limits: Mapping[str, int]) -> Limit:
        """Return this limit with the operator's amount, where there is one."""
        return replace(self, amount=limits.get(self.name, self.amount))


class Budgets:
    """One budget per key (token bucket). Safe to share between threads.

    A restart forgets all budgets, and each process counts for itself: what must hold across
    processes or restarts is counted in a store instead.
    """

    def __init__(
        self, limit: Limit, clock: Clock, entropy: Entropy, *, keys_max: int = KEYS_MAX_DEFAULT
    ) -> None:
        """Begin with every budget full."""
        self.limit = limit
        self._clock = clock
        self._keys_max = keys_max
        self._per_second = limit.amount / limit.per_seconds
        # Keys are hashed under a secret of this process, so memory holds no address or name.
        self._secret = entropy.random_bytes(_SECRET_BYTES)
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: bytes, cost: float = 1) -> None:
        """Spend from a key's budget.

        Raises:
            ExhaustedError: not enough is left; it says when there will be.
        """
        hashed = hashlib.blake2b(key, key=self._secret, digest_size=_KEY_HASH_BYTES).digest()
        now = self._clock.monotonic_seconds()
        with self._lock:
            left, since = self._left.pop(hashed, (float(self.limit.amount), now))
            left = min(self.limit.amount, left + (now - since) * self._per_second)
            missing = cost - left
            self._left[hashed] = (left if missing > 0 else left - cost, now)
            if len(self._left) > self._keys_max:
                self._left.popitem(last=False)
        if missing > 0:
            raise ExhaustedError(
                f"limits.{self.limit.name}",
                "Too many attempts. Wait, then try again.",
                retry_after_seconds=max(1, math.ceil(missing / self._per_second)),
            )

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._left)
