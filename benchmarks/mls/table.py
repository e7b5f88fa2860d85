"""The benchmark's report: a table for each suite and size, and the bars that must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.mls.measure import Figures

Key = tuple[str, str, int]
OURS = "ours"
JOIN_AND_PROCESS_RATIO_MAX = 1.5
PERSISTED_ROUNDS_PER_SECOND_MIN = 3000

TIMES = {
    "create": "create",
    "add": "add all",
    "join": "join",
    "commit_cold": "commit, cold",
    "process_cold": "process, cold",
    "commit_warm": "commit, warm",
    "process_warm": "process, warm",
}
RATES = {
    "encrypt_rate": "encrypt/s",
    "decrypt_rate": "decrypt/s",
    "persisted_rate": "encrypt + decrypt/s, persisted",
    "forced_rate": "encrypt + decrypt/s, forced",
}
SIZES = {
    "welcome_bytes": "Welcomes",
    "commit_cold_bytes": "commit, cold",
    "commit_warm_bytes": "commit, warm",
    "state": "state on disk",
}


def milliseconds(value: float) -> str:
    """Write seconds as milliseconds."""
    return f"{value * 1000:.2f} ms" if value < 1 else f"{value:.2f} s"


def rate(value: float) -> str:
    """Write a rate."""
    return f"{value:,.0f}"


def size(value: float) -> str:
    """Write bytes."""
    return f"{value / 1024:,.1f} KiB"


def render(figures: dict[Key, Figures], machine: str) -> str:
    """Return the report as Markdown."""
    lines = [
        "# MLS engines, measured",
        "",
        f"Made by `python -m benchmarks.mls.run` on {machine}.",
        "Medians of interleaved passes, and of a group's members where several do the same; in",
        "brackets the peer's time or size as a multiple of ours, above 1 where ours is ahead.",
        "Times are spent inside each engine; ours and mls-rs are called from Python, ts-mls runs",
        "in its own Node process. Ours verifies a large group's signatures on all cores, others on",
        "one. Messages hold 1 KiB. Cold: all parent nodes are blank, so a commit seals to every",
        "member. Warm: 9 of 100, or 17 of 1,000, members, spread over the",
        "tree, have committed.",
        "Persisted: the state is written after each message on both sides, so that the process",
        "may die at any time: ours by the App's own vault, agentvault to a dictionary in memory,",
        "rine to its files with fsync; ts-mls has no storage. Forced: each write is on the disk",
        "before the next step, so that the power may fail; for rine that is the same. The App",
        "forces the sender's write, together with the ciphertext, and not the reader's, for the",
        "service would give that again. Processor time, where it is counted, sums all threads and",
        "leaves out waiting for the disk. Our engine is unaudited.",
        "",
    ]
    for suite, members in sorted({(suite, members) for _, suite, members in figures}):
        lines += _section(figures, suite, members)
    lines += _bars(figures)
    return "\n".join(lines) + "\n"


def _section(figures: dict[Key, Figures], suite: str, members: int) -> list[str]:
    names = [name for name, its, count in figures if (its, count) == (suite, members)]
    lines = [
        f"## {suite}, {members} members",
        "",
        "| | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    rows = {name: figures[name, suite, members] for name in names}
    for labels, write, is_rate in (
        (TIMES, milliseconds, False),
        (RATES, rate, True),
        (SIZES, size, False),
    ):
        for key, label in labels.items():
            cells = [_cell(rows, name, key, write, is_rate=is_rate) for name in names]
            lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _cell(
    rows: dict[str, Figures],
    name: str,
    key: str,
    write: Callable[[float], str],
    *,
    is_rate: bool,
) -> str:
    value, ours = rows[name].get(key), rows[OURS].get(key)
    if value is None:
        return "-"
    if name == OURS or not ours:
        return write(value)
    ratio = ours / value if is_rate else value / ours
    return f"{write(value)} ({ratio:.2f})"


def _bars(figures: dict[Key, Figures]) -> list[str]:
    largest = max(members for _, _, members in figures)
    lines = ["## Bars", "", "| bar | measured | holds |", "|---|---|---|"]
    for suite in sorted({suite for _, suite, _ in figures}):
        ours = figures[OURS, suite, largest]
        lines += [
            _against_mls_rs(figures, suite, largest, key)
            for key in ("join", "process_cold", "process_warm")
        ]
        lines.append(_ahead_of_ts_mls(figures, suite))
        persisted = ours["persisted_rate"]
        holds = "yes" if persisted >= PERSISTED_ROUNDS_PER_SECOND_MIN else "no"
        bar = f"{suite}: encrypt + decrypt with state persisted ≥ 3,000/s"
        lines.append(f"| {bar} | {persisted:,.0f}/s | {holds} |")
    return lines


def _against_mls_rs(figures: dict[Key, Figures], suite: str, members: int, key: str) -> str:
    ours = figures[OURS, suite, members][key]
    peers = {
        name: found[key]
        for (name, its, count), found in figures.items()
        if "mls-rs" in name and (its, count) == (suite, members)
    }
    name, best = min(peers.items(), key=lambda item: item[1])
    holds = "yes" if ours <= JOIN_AND_PROCESS_RATIO_MAX * best else "no"
    bar = f"{suite}, {members} members: {TIMES[key]} within 1.5 times mls-rs"
    measured = f"{milliseconds(ours)}, {ours / best:.2f} times {name}"
    return f"| {bar} | {measured} | {holds} |"


def _ahead_of_ts_mls(figures: dict[Key, Figures], suite: str) -> str:
    ratios: list[tuple[float, str]] = []
    for (name, its, members), found in figures.items():
        if name != "ts-mls" or its != suite:
            continue
        ours = figures[OURS, suite, members]
        ratios += [(found[k] / ours[k], f"{TIMES[k]}, {members}") for k in TIMES if k in found]
        ratios += [(ours[k] / found[k], f"{RATES[k]}, {members}") for k in RATES if k in found]
    worst, where = min(ratios)
    holds = "yes" if worst > 1 else "no"
    return f"| {suite}: ahead of ts-mls everywhere | least {worst:.1f} times ({where}) | {holds} |"
