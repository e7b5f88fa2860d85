"""A clock that moves only when a test moves it."""

from __future__ import annotations


class FakeClock:
    """Starts in November 2026 and stands still."""

    def __init__(self, now_seconds: int = 1_795_000_000) -> None:
        self._now = float(now_seconds)

    def now_seconds(self) -> int:
        return int(self._now)

    def monotonic_seconds(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
