"""Measure redemptions and the books on both engines; write figures in docs/benchmarks-commerce.md.

Run ``python -m benchmarks.commerce.run`` (about four minutes). With ``--quick`` nothing is written.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.commerce import codes, ledger
from benchmarks.commerce.measuring import REPETITIONS, Row

REPORT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks-commerce.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
DEEDS, DEEDS_QUICK = 500, 50
BUSY_LOAD = 1.0
BARS = {
    ("SQLCipher", codes.SPENT): 1000,
    ("SQLCipher", codes.RENEWED): 1000,
    ("SQLCipher", ledger.SEALED): 1000,
    ("PostgreSQL", codes.SPENT): 500,
    ("PostgreSQL", codes.RENEWED): 500,
}


def figures(rows: Iterable[Row], count: int, load: float) -> str:
    """Return the table, each row beside the bare transaction of the same engine and run."""
    quiet = "quiet" if load < BUSY_LOAD else "BUSY: others used the machine"
    lines = [
        (
            f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
            f"load before {load:.1f} ({quiet}); medians of {REPETITIONS} runs of {count} deeds, "
            "the slowest and quickest run in brackets."
        ),
        "",
        "| engine | what | callers | /s | bar | x bare | CPU ms | p50 ms | p99 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    bare: dict[str, float] = {}
    for engine, what, each in rows:
        bare.setdefault(engine, each.per_second)
        bar = BARS.get((engine, what))
        lines.append(
            f"| {engine} | {what} | {each.callers} "
            f"| {each.per_second:,.0f} ({each.lowest:,.0f} to {each.highest:,.0f}) "
            f"| {'' if bar is None else f'{bar:,}'} | {each.per_second / bare[engine]:.2f} "
            f"| {each.cpu_milliseconds:.2f} | {each.median_milliseconds:.2f} "
            f"| {each.slowest_milliseconds:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main(*, quick: bool) -> None:
    """Measure everything and write the figures."""
    count, load = DEEDS_QUICK if quick else DEEDS, os.getloadavg()[0]
    found: list[Row] = []
    for part in (codes.embedded, ledger.embedded, codes.networked, ledger.networked):
        for row in part(count):
            print(row.line(), flush=True)
            found.append(row)
    if not quick:
        before, _, rest = REPORT.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        REPORT.write_text(f"{before}{BEGIN}\n{figures(found, count, load)}\n{END}{after}")


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
