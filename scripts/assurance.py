"""Prints each requirement with the tests that were evidence for it in the last whole run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVIDENCE = ROOT / "build" / "requirements.json"
REQUIREMENTS = ROOT / "docs" / "requirements.md"
_ROW = re.compile(r"^\| ([A-Z]{3}-\d{2}) \| (.*?) \|", re.MULTILINE)
_WORDS_SHOWN = 88
_READ = ("src", "tests", "pyproject.toml", "requirements-dev.lock")


def main() -> int:
    """Use the last whole run where nothing changed since; else run the tests first."""
    if not _is_fresh():
        print("assurance: running the tests first, because something changed since the last run")
        subprocess.run([ROOT / "scripts" / "test.sh"], cwd=ROOT, check=False)
    evidence: dict[str, dict[str, str]] = json.loads(EVIDENCE.read_text())
    rows = _ROW.findall(REQUIREMENTS.read_text())
    verdicts = Counter(_print_row(row, words, evidence.get(row, {})) for row, words in rows)
    print(
        f"\n{verdicts['shown']} rows shown, {verdicts['FAILED']} failed, "
        f"{verdicts['skipped']} only skipped, {verdicts['no evidence']} without evidence."
    )
    return 1 if verdicts["FAILED"] else 0


def _is_fresh() -> bool:
    if not EVIDENCE.exists():
        return False
    made_at = EVIDENCE.stat().st_mtime
    paths = [path for name in _READ for path in [ROOT / name, *(ROOT / name).rglob("*.py")]]
    return all(path.stat().st_mtime <= made_at for path in paths if path.is_file())


def _print_row(row: str, words: str, tests: dict[str, str]) -> str:
    outcomes = Counter(tests.values())
    verdict = (
        "FAILED"
        if outcomes["failed"]
        else "shown"
        if outcomes["passed"]
        else "skipped"
        if outcomes
        else "no evidence"
    )
    short = words if len(words) <= _WORDS_SHOWN else words[: _WORDS_SHOWN - 1] + "…"
    print(f"{row}  {verdict:<11} {short}")
    for test in sorted(tests):
        mark = {"passed": "+", "failed": "!", "skipped": "-"}[tests[test]]
        print(f"          {mark} {test}")
    return verdict


if __name__ == "__main__":
    sys.exit(main())
