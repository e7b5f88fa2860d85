"""Keeps answers for a moment: bounded in time and number, dropped at once where they change."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.foundation.clock import Clock

# What nobody asked for in so many lifetimes of an answer is not kept in memory either.
LIFETIMES_MAX = 60

K = TypeVar("K")
V = TypeVar("V")


class _Held(NamedTuple, Generic[V]):
    """An answer, and when it began to be found."""

    answer: V
    found_at: float


class Recent(Generic[K, V]):
    """Answers by key. Safe to share between threads.

    What another process changed is seen ``seconds`` later at most. What is dropped is gone at
    once: an answer that was being found meanwhile is given to whoever asked and not kept.
    """

    def __init__(self, seconds: float, answers_max: int, clock: Clock) -> None:
        """Keep the bounds."""
        self._seconds = seconds
        self._answers_max = answers_max
        self._clock = clock
        self._held: dict[K, _Held[V]] = {}
        self._swept_at = clock.monotonic_seconds()
        self._dropped = 0
        self._lock = threading.Lock()

    def get(self, key: K, find: Callable[[V | None], V], is_kept: Callable[[V], bool]) -> V:
        """Return a fresh answer, or find it.

        Args:
            key: what is asked about.
            find: is told the last answer, to save work by it.
            is_kept: which answers may stand; the others are found anew each time.
        """
        now = self._clock.monotonic_seconds()
        held = self._held.get(key)
        if held is not None and now - held.found_at < self._seconds:
            return held.answer
        dropped = self._dropped
        answer = find(None if held is None else held.answer)
        with self._lock:
            if not is_kept(answer):
                self._held.pop(key, None)
            elif dropped == self._dropped:
                self._sweep(now)
                self._held[key] = _Held(answer, now)
        return answer

    def __len__(self) -> int:
        """Return how many answers are in memory."""
        return len(self._held)

    def drop(self, key: K) -> None:
        """Forget an answer, because it changed."""
        with self._lock:
            self._dropped += 1
            self._held.pop(key, None)

    def clear(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._dropped += 1
            self._held.clear()

    def _sweep(self, now: float) -> None:
        """Forget what is long past, and everything where there is too much of it."""
        if len(self._held) >= self._answers_max:
            self._held.clear()
        kept_seconds = LIFETIMES_MAX * self._seconds
        if now - self._swept_at >= kept_seconds:
            self._swept_at = now
            held = self._held.items()
            self._held = {key: each for key, each in held if now - each.found_at < kept_seconds}
