"""Writes docs/assurance.md: each requirement, where it is kept, and the tests that ran for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
EVIDENCE = ROOT / "build" / "requirements.json"
REQUIREMENTS = ROOT / "docs" / "requirements.md"
PLACES = ROOT / "scripts" / "assurance_places.toml"
REPORT = ROOT / "docs" / "assurance.md"
_ROW = re.compile(r"^\| ([A-Z]{3}-\d{2}) \| (.*?) \|", re.MULTILINE)
_READ = ("src", "tests", "pyproject.toml", "requirements-dev.lock")
# Where the code stands that a folder of tests is about.
_BESIDE = {
    "agent": "src/enigm/agent",
    "app": "src/enigm/app",
    "app_loopback": "src/enigm/app/loopback",
    "architecture": "tests/architecture",
    "browser": "src/enigm/app/ui",
    "chains": "src/enigm/outside",
    "chaos": "src/enigm/domains/messaging",
    "command": "src/enigm/faces/command",
    "conformance": "src/enigm/crypto/mls",
    "house": "src/enigm/assembly",
    "peers": "src/enigm/crypto/mls",
    "vectors": "src/enigm/crypto/mls",
}
HEAD = """\
# Assurance

What Enigm must do (`docs/requirements.md`), where the code keeps it, and the tests that ran
and were evidence for it. `make assurance` writes this from a whole test run; nobody else does.

| result | what it means |
|---|---|
| shown | every test of the row passed |
| shown in part | they passed, and something that the row asks for is not there yet: it says what |
| partly run | some were skipped, for want of something on the machine that ran them |
| FAILED | one failed |
| nothing shown | no test is evidence: count it as not there, whatever the code says |

A row is shown as far as its tests go: what they do not ask is not proved.
"""


@dataclass(frozen=True)
class Row:
    """One requirement with what a run showed of it."""

    identity: str
    promise: str
    places: tuple[str, ...]
    # What the row asks for and is known not to be there.
    still_open: str
    # By test, without its parameters: the outcome of each case.
    tests: dict[str, Counter[str]]

    @property
    def result(self) -> str:
        """What the run showed."""
        outcomes = sum(self.tests.values(), Counter[str]())
        if outcomes["failed"]:
            return "FAILED"
        if not outcomes["passed"]:
            return "nothing shown"
        if outcomes["skipped"]:
            return "partly run"
        return "shown in part" if self.still_open else "shown"

    @property
    def evidence(self) -> str:
        """How many tests and cases there are."""
        cases = sum(count.total() for count in self.tests.values())
        return f"{len(self.tests)} tests, {cases} cases" if self.tests else "none"


def rows_of(requirements: str, outcomes: dict[str, dict[str, str]]) -> list[Row]:
    """Return a row per requirement, in the order of the document."""
    known = tomllib.loads(PLACES.read_text())
    rows: list[Row] = []
    for identity, promise in _ROW.findall(requirements):
        tests: dict[str, Counter[str]] = {}
        for case, outcome in sorted(outcomes.get(identity, {}).items()):
            tests.setdefault(case.partition("[")[0], Counter())[outcome] += 1
        named = known["kept"].get(identity) if tests else None
        places = tuple(named or sorted(_beside(tests)))
        still_open = known["open"].get(identity, "") if tests else ""
        rows.append(Row(identity, promise, places, still_open, tests))
    return rows


def page(rows: list[Row]) -> str:
    """Return the whole document."""
    results = Counter(row.result for row in rows)
    order = ("shown", "shown in part", "partly run", "FAILED", "nothing shown")
    summary = ", ".join(f"{results[result]} {result}" for result in order if results[result])
    lines = [HEAD, f"{len(rows)} requirements: {summary}.", ""]
    lines += ["| id | promise | kept in | evidence | result |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.identity} | {row.promise} | {_paths(row.places)} | {row.evidence} | {row.result} |"
        for row in rows
    ]
    lines += ["", "## The tests, by requirement"]
    for row in rows:
        if row.tests:
            lines += ["", f"### {row.identity}: {row.result}", ""]
            lines += [f"Not there yet: {row.still_open}.", ""] if row.still_open else []
            lines += [f"- `{test}`{_cases(count)}" for test, count in sorted(row.tests.items())]
    return "\n".join([*lines, ""])


def main() -> int:
    """Use the last whole run where nothing changed since, or was told to; else run the tests."""
    if "--last-run" not in sys.argv and not _is_fresh():
        print("assurance: running the tests first, because something changed since the last run")
        subprocess.run([ROOT / "scripts" / "test.sh"], cwd=ROOT, check=False)
    rows = rows_of(REQUIREMENTS.read_text(), json.loads(EVIDENCE.read_text()))
    REPORT.write_text(page(rows))
    for row in rows:
        print(f"{row.identity}  {row.result:<13}  {row.evidence:<22}  {row.promise[:60]}")
    results = Counter(row.result for row in rows)
    print(f"\n{REPORT.relative_to(ROOT)}: {dict(results)}")
    return 1 if results["FAILED"] else 0


def _is_fresh() -> bool:
    if not EVIDENCE.exists():
        return False
    made_at = EVIDENCE.stat().st_mtime
    paths = [path for name in _READ for path in [ROOT / name, *(ROOT / name).rglob("*.py")]]
    return all(path.stat().st_mtime <= made_at for path in paths if path.is_file())


def _beside(tests: Iterable[str]) -> set[str]:
    """Return where the code stands that these tests are about."""
    found: set[str] = set()
    for test in tests:
        _tests, folder, *rest = Path(test.partition("::")[0]).parts
        place = _BESIDE.get(folder, f"src/enigm/{folder}")
        if folder in ("domains", "crypto") and len(rest) > 1:
            place = f"{place}/{rest[0]}"
        found.add(place if (ROOT / place).exists() else "src/enigm")
    return found


def _paths(places: tuple[str, ...]) -> str:
    return "<br>".join(f"`{place}`" for place in places) or "nowhere yet"


def _cases(count: Counter[str]) -> str:
    said = [f"{number} {outcome}" for outcome, number in sorted(count.items())]
    return "" if count == Counter(passed=1) else f": {', '.join(said)}"


if __name__ == "__main__":
    sys.exit(main())
