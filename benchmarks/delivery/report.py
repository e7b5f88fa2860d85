"""Turns the kit's results into the tables of docs/benchmarks-delivery.md: medians and ratios.

Run ``python benchmarks/delivery/report.py results.jsonl``; it writes the part of the document
between its two marks and leaves the words around them alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]
REPORT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks-delivery.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
OURS = "enigm"


class Column(NamedTuple):
    """One figure: which workload it comes from, how to read it, and which way is better."""

    title: str
    workload: str
    read: Callable[[Row], float | None]
    more_is_better: bool


COLUMNS = (
    Column("W1 p50 ms", "W1", lambda r: r["deliver"]["p50_ms"], more_is_better=False),
    Column("W1 p99 ms", "W1", lambda r: r["deliver"]["p99_ms"], more_is_better=False),
    Column("W2 /s", "W2", lambda r: r["delivered_per_s"], more_is_better=True),
    Column("W2x8 /s", "W2x8", lambda r: r["delivered_per_s"], more_is_better=True),
    Column(
        "W2x8 CPU us", "W2x8", lambda r: r["server_cpu_s_per_1000"] * 1000, more_is_better=False
    ),
    Column("W3 drain /s", "W3", lambda r: r["drain_per_s"], more_is_better=True),
    Column("W3 disk B", "W3", lambda r: r["disk_bytes_per_msg"], more_is_better=False),
    Column("W4 all p50 ms", "W4", lambda r: r["time_to_all"]["p50_ms"], more_is_better=False),
    Column("W4 /s", "W4", lambda r: r["sustained_deliveries_per_s"], more_is_better=True),
    Column("start s", "W5", lambda r: r["first_ok_s"], more_is_better=False),
    Column("RSS MiB", "W5", lambda r: r["idle"]["rss_mib"], more_is_better=False),
)


def load(paths: list[str]) -> list[Row]:
    """Read results, one JSON object per line."""
    rows = [json.loads(line) for path in paths for line in Path(path).read_text().splitlines()]
    return [row for row in rows if "peer" in row and "failed" not in row]


def chosen(rows: list[Row]) -> tuple[list[Row], bool]:
    """Return the quiet attempts, or all of them and that they were noisy."""
    quiet = [row for row in rows if not row.get("noisy")]
    return (quiet, False) if quiet else (rows, bool(rows))


def figure(rows: list[Row], peer: str, column: Column) -> tuple[float, bool] | None:
    """Return a peer's median and whether it is noisy."""
    mine = [row for row in rows if row["peer"] == peer and row["w"] == column.workload]
    picked, is_noisy = chosen(mine)
    values = [value for row in picked if (value := column.read(row)) is not None]
    return (median(values), is_noisy) if values else None


def table(rows: list[Row], cell: Callable[[str, Column], str]) -> str:
    """Return a Markdown table with a line per peer."""
    peers = sorted(
        {row["peer"] for row in rows}, key=lambda name: (not name.startswith(OURS), name)
    )
    lines = ["| | " + " | ".join(column.title for column in COLUMNS) + " |"]
    lines.append("|---" * (len(COLUMNS) + 1) + "|")
    lines += [f"| {peer} | " + " | ".join(cell(peer, c) for c in COLUMNS) + " |" for peer in peers]
    return "\n".join(lines)


def losses(rows: list[Row]) -> str:
    """Return what each peer lost of what it had acknowledged, over all attempts."""
    lines = ["| | lost in W1 to W3 | killed: acknowledged | killed: lost |", "|---|---|---|---|"]
    for peer in sorted({row["peer"] for row in rows}):
        mine = [row for row in rows if row["peer"] == peer]
        lost = sum(row.get("lost", 0) for row in mine)
        killed = [row for row in mine if row["w"].startswith("W6")]
        acknowledged = sum(row["acked"] for row in killed)
        lost_killed = sum(row["lost_acked"] for row in killed)
        lines.append(f"| {peer} | {lost} | {acknowledged} | {lost_killed} |")
    return "\n".join(lines)


def render(rows: list[Row]) -> str:
    """Return the part of the document that holds figures."""

    def plain(peer: str, column: Column) -> str:
        found = figure(rows, peer, column)
        if found is None:
            return "-"
        value, is_noisy = found
        text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        return f"~{text}" if is_noisy else text

    def ratio(peer: str, column: Column) -> str:
        theirs, ours = figure(rows, peer, column), figure(rows, OURS, column)
        if theirs is None or ours is None or not theirs[0] or not ours[0]:
            return "-"
        better = ours[0] / theirs[0] if column.more_is_better else theirs[0] / ours[0]
        return f"{better:.2g}x" if better < 100 else f"{better:,.0f}x"

    return "\n".join(
        [
            "Medians; `~` stands before figures taken while others used the machine.",
            "",
            table(rows, plain),
            "",
            "How many times better Enigm is in the same run (below 1: worse):",
            "",
            table([row for row in rows if row["peer"] != OURS], ratio),
            "",
            losses(rows),
        ]
    )


def main(paths: list[str]) -> None:
    """Write the figures into the document."""
    document = REPORT.read_text()
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    figures = render(load(paths))
    REPORT.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}")


if __name__ == "__main__":
    main(sys.argv[1:])
