"""Measure durable records per second, publication and verification; write docs/benchmarks-audit.md.

Run ``python -m benchmarks.audit.run`` (a minute). With ``--quick`` nothing is written.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from pymerkle import SqliteTree

from enigm.crypto.tree_log.verification import verify_log
from enigm.domains.audit import store
from enigm.domains.audit.actions.publishing import Publication, log_key
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import Act, Decision, Record, Role
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import Keys
from enigm.foundation.sqlcipher import open_sqlcipher

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "benchmarks-audit.md"
BAR_PER_SECOND = 5_000
REPETITIONS = 5
RECORD = Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED, b"o" * 20, b"d" * 20)
ENTRY = bytes(38)  # as long as an entry of ours


class Figure(NamedTuple):
    """Median records per second, and microseconds of processor time for each."""

    per_second: float
    cpu_us: float


def measured(deed: Callable[[float], int], seconds: float) -> Figure:
    """Run a deed, which says how many it did until a time, again and again."""
    rates: list[float] = []
    costs: list[float] = []
    for _ in range(REPETITIONS):
        wall, cpu = time.perf_counter(), time.process_time()
        count = deed(wall + seconds)
        rates.append(count / (time.perf_counter() - wall))
        costs.append((time.process_time() - cpu) / count * 1e6)
    return Figure(median(rates), median(costs))


def batches(write: Callable[[int], object], size: int) -> Callable[[float], int]:
    """Write batches one after another until the time is over."""

    def deed(until: float) -> int:
        count = 0
        while time.perf_counter() < until:
            write(size)
            count += size
        return count

    return deed


def callers(log: AuditLog, number: int) -> Callable[[float], int]:
    """Let so many callers at once record one decision after another, as requests do."""

    def deed(until: float) -> int:
        counts = [0] * number

        def call(place: int) -> None:
            while time.perf_counter() < until:
                log.record(RECORD)
                counts[place] += 1

        threads = [threading.Thread(target=call, args=(place,)) for place in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts)

    return deed


def figures(folder: Path, seconds: float) -> dict[str, Figure]:
    """Measure ours and the other log on the same disk."""
    keys = Keys(bytes(32))
    key = keys.derive("audit", "store")
    database = open_sqlcipher(folder / "audit.db", key, domain="audit")
    with database.begin() as connection:
        store.metadata.create_all(connection)
    log = AuditLog(database, keys, SystemClock(), SystemEntropy())
    found: dict[str, Figure] = {}
    for size in (1, 16, 128):
        deed = batches(lambda count: log.record(*[RECORD] * count), size)
        found[f"Enigm, batches of {size}"] = measured(deed, seconds)
    for number in (16, 64):
        found[f"Enigm, {number} callers at once"] = measured(callers(log, number), seconds)
    # pymerkle does not say what its entries are.
    tree: Any = SqliteTree(str(folder / "other.db"))
    with tree:
        found["pymerkle, one at a time"] = measured(
            batches(lambda _count: tree.append_entry(ENTRY), 1), seconds
        )
        found["pymerkle, batches of 128"] = measured(
            batches(lambda count: tree.append_entries([ENTRY] * count), 128), seconds
        )
    published = folder / "published"
    size = log.size
    began = time.process_time()
    Publication(published, log, log_key(keys)).publish()
    found["Enigm, published"] = Figure(0, (time.process_time() - began) / size * 1e6)
    began = time.process_time()
    verify_log(lambda path: (published / path).read_bytes(), log_key(keys).verifier)
    found["Enigm, verified offline"] = Figure(0, (time.process_time() - began) / size * 1e6)
    database.close()
    return found


def report(found: dict[str, Figure]) -> str:
    """Write the page."""
    rows = [
        f"| {name} | {f'{each.per_second:,.0f}' if each.per_second else '-'} | {each.cpu_us:,.1f} |"
        for name, each in found.items()
    ]
    bar = found["Enigm, 64 callers at once"].per_second
    return "\n".join(
        [
            "# The audit log: figures",
            "",
            (
                f"`python -m benchmarks.audit.run` on {os.cpu_count()} cores, "
                f"{platform.machine()}, Python {platform.python_version()}, "
                f"load {os.getloadavg()[0]:.1f}; medians of {REPETITIONS}."
            ),
            "",
            "| what | records/s | CPU, microseconds each |",
            "|---|---|---|",
            *rows,
            "",
            (
                f"Bar: {BAR_PER_SECOND:,} durable records/s batched; with 64 callers at once: "
                f"{bar:,.0f}."
            ),
            "",
            "Every figure of ours is after a forced write (SQLite `synchronous=FULL`), of records",
            "that are sealed, committed to and stored encrypted. pymerkle keeps 38 bytes in a",
            "plain SQLite file and seals nothing; it hashes as it appends, which ours does when",
            "it publishes. Whether this machine's disk keeps what it says it wrote is not tested.",
            "",
        ]
    )


def main() -> int:
    """Measure, print, and write the report unless ``--quick``."""
    is_quick = "--quick" in sys.argv
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        found = figures(Path(folder), 0.3 if is_quick else 2)
    text = report(found)
    print(text)
    if not is_quick:
        REPORT.write_text(text)
    return 0 if found["Enigm, 64 callers at once"].per_second >= BAR_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
