"""Runs deeds from as many threads as there are callers, again and again, and keeps the medians."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles
from typing import NamedTuple

CALLERS = (1, 16, 64)
REPETITIONS = 5


class Figure(NamedTuple):
    """Medians of the repetitions: deeds a second, how much processor each took, how long."""

    callers: int
    per_second: float
    lowest: float
    highest: float
    cpu_milliseconds: float
    median_milliseconds: float
    slowest_milliseconds: float  # of all but one in a hundred

    def times(self, count: int) -> Figure:
        """Return the figure of deeds that each did as much as so many."""
        return Figure(
            self.callers,
            *(rate * count for rate in self[1:4]),
            *(milliseconds / count for milliseconds in self[4:]),
        )


class Row(NamedTuple):
    """A line of the report."""

    engine: str
    what: str
    figure: Figure

    def line(self) -> str:
        """Write it for a terminal."""
        each = self.figure
        return (
            f"{self.engine:10}  {self.what:32} {each.callers:3} callers"
            f"{each.per_second:8,.0f}/s ({each.lowest:,.0f} to {each.highest:,.0f})"
            f"  cpu {each.cpu_milliseconds:.2f} ms"
            f"  p50 {each.median_milliseconds:.2f} p99 {each.slowest_milliseconds:.2f} ms"
        )


def measured(make: Callable[[], list[Callable[[], object]]], callers: int) -> Figure:
    """Measure deeds, which are made anew for each repetition before the clock starts."""
    runs = [_run(make(), callers) for _ in range(REPETITIONS)]
    rates = [rate for rate, _, _ in runs]
    waits = [wait for _, _, each in runs for wait in each]
    return Figure(
        callers,
        median(rates),
        min(rates),
        max(rates),
        median(cpu for _, cpu, _ in runs) * 1000,
        median(waits) * 1000,
        quantiles(waits, n=100)[-1] * 1000,
    )


def _run(deeds: list[Callable[[], object]], callers: int) -> tuple[float, float, list[float]]:
    """Return deeds a second, seconds of this process's processor for each, and each one's wait."""

    def timed(deed: Callable[[], object]) -> float:
        begun = time.perf_counter()
        deed()
        return time.perf_counter() - begun

    shares = [deeds[caller::callers] for caller in range(callers)]
    with ThreadPoolExecutor(callers) as threads:
        # All threads are there before the clock starts.
        list(threads.map(lambda _: time.sleep(0.05), shares))
        wall, cpu = time.perf_counter(), time.process_time()
        waits = list(threads.map(lambda share: [timed(deed) for deed in share], shares))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return len(deeds) / wall, cpu / len(deeds), [wait for each in waits for wait in each]
