"""The time, handed in so that tests can set it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time and elapsed time."""

    def now_seconds(self) -> int:
        """Return whole seconds since the Unix epoch, UTC."""
        ...

    def monotonic_seconds(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_seconds(self) -> int:
        """Return whole seconds since the Unix epoch, UTC."""
        return int(time.time())  # noqa: TID251 - the one place

    def monotonic_seconds(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""
        return time.monotonic()  # noqa: TID251 - the one place
