"""Compare our MLS engine with ts-mls and both mls-rs wheels; write docs/benchmarks-mls.md.

Run ``python -m benchmarks.mls.run`` (about five minutes) or with ``--quick`` (half a minute,
small groups, nothing written).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.mls.engines import Engine, engines
from benchmarks.mls.measure import Pass
from benchmarks.mls.table import render
from tests.peers import stopwatch

if TYPE_CHECKING:
    from benchmarks.mls.measure import Figures

REPORT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks-mls.md"
# (members, repetitions, messages in a pass). Repetitions are interleaved over the engines, so
# that a busy minute of the machine falls on all of them.
FULL = ((2, 5, 300), (100, 3, 200), (1000, 2, 200))
QUICK = ((2, 3, 200), (100, 1, 100))
# A slow engine takes ten seconds for a pass at this size, and gets one.
SLOW_MEMBERS_MIN = 100
SLOW_REPETITIONS_MAX = 1

Key = tuple[str, str, int]


def collect(plan: tuple[tuple[int, int, int], ...]) -> dict[Key, Figures]:
    """Run all passes and return medians by engine, suite and size."""
    samples: dict[Key, list[Figures]] = {}
    with engines() as contestants:
        for engine in contestants:
            Pass(engine, 2, 10).run()  # imports and first calls are nobody's figures
        for members, repetitions, messages in plan:
            for repetition in range(repetitions):
                for engine in contestants:
                    if _skips(engine, members, repetition):
                        continue
                    figures = Pass(engine, members, messages).run()
                    samples.setdefault((engine.name, engine.suite, members), []).append(figures)
                    print(f"{engine.name} {engine.suite} {members}", file=sys.stderr)
    return {key: _medians(found) for key, found in samples.items()}


def _skips(engine: Engine, members: int, repetition: int) -> bool:
    large = members >= SLOW_MEMBERS_MIN
    return large and engine.is_slow and repetition >= SLOW_REPETITIONS_MAX


def _medians(samples: list[Figures]) -> Figures:
    return {name: median(sample[name] for sample in samples) for name in samples[0]}


def machine() -> str:
    """Name what the figures were measured on, and how busy it was."""
    clock = "processor time" if stopwatch.counts_processor_time() else "wall time"
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    # One of our own threads is in it: much more than 1 means that others were at work as well.
    load = f"load average {os.getloadavg()[1]:.1f} over the last five minutes"
    return f"{where}, {clock}, {load}"


def main() -> None:
    """Measure, print, and write the report of a full run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small groups only; write nothing")
    parser.add_argument(
        "--processor-time", action="store_true", help="for a machine that is busy with other work"
    )
    arguments = parser.parse_args()
    quick = arguments.quick
    if arguments.processor_time:
        stopwatch.count_processor_time()
    report = render(collect(QUICK if quick else FULL), machine())
    print(report)
    if not quick:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(report)


if __name__ == "__main__":
    main()
