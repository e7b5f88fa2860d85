"""docs/assurance.md has every requirement, names only what there is, and can be written again."""

from __future__ import annotations

import ast
import re
import tomllib

from scripts import assurance
from tests.support.vectors import ROOT

REPORT = ROOT / "docs" / "assurance.md"
REQUIREMENTS = ROOT / "docs" / "requirements.md"
RESULTS = {"shown", "shown in part", "partly run", "nothing shown", "FAILED"}


def identities(document: str) -> list[str]:
    return re.findall(r"^\| ([A-Z]{3}-\d{2}) \|", document, re.MULTILINE)


def test_every_requirement_has_one_row_in_the_same_order() -> None:
    assert identities(REPORT.read_text()) == identities(REQUIREMENTS.read_text())


def test_every_row_has_a_result_and_only_rows_with_evidence_are_shown() -> None:
    lines = REPORT.read_text().splitlines()
    for row in (line for line in lines if re.match(r"\| [A-Z]{3}-\d{2} ", line)):
        *_rest, evidence, result, _end = (cell.strip() for cell in row.split("|"))
        assert result in RESULTS, row
        assert evidence != "none" or result == "nothing shown", row


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", REPORT.read_text())
    assert named
    functions: dict[str, set[str]] = {}
    for path, name in named:
        if path not in functions:
            file = ROOT / path
            assert file.exists(), f"docs/assurance.md names {path}: run make assurance"
            functions[path] = _defined(ast.parse(file.read_text()))
        # The one test of hypothesis' state machines has its name from unittest.
        missing = set(name.split("::")) - functions[path] - {"runTest"}
        assert not missing, f"docs/assurance.md names {path}::{name}: run make assurance"


def _defined(tree: ast.Module) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    named = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    assigned = [node.targets for node in tree.body if isinstance(node, ast.Assign)]
    return named | {it.id for targets in assigned for it in targets if isinstance(it, ast.Name)}


def test_every_place_that_it_names_exists() -> None:
    places = tomllib.loads((ROOT / "scripts" / "assurance_places.toml").read_text())
    known = set(identities(REQUIREMENTS.read_text()))
    assert set(places["kept"]) | set(places["open"]) <= known
    named = {path for paths in places["kept"].values() for path in paths}
    named |= set(re.findall(r"`((?:src|tests|docs)/[\w/.-]+)`", REPORT.read_text()))
    assert not [path for path in sorted(named) if not (ROOT / path).exists()]


def test_what_failed_was_skipped_or_never_ran_is_said() -> None:
    numbers = range(1, 6)
    requirements = "\n".join(f"| ABC-0{each} | Promise {each}. | test |" for each in numbers)
    test = "tests/domains/audit/test_recording.py::test_one"
    rows = assurance.rows_of(
        requirements,
        {
            "ABC-01": {f"{test}[a]": "passed", f"{test}[b]": "passed"},
            "ABC-02": {test: "passed", f"{test}_more": "skipped"},
            "ABC-03": {test: "passed", f"{test}_more": "failed"},
            "ABC-04": {test: "skipped"},
        },
    )
    results = [row.result for row in rows]
    assert results == ["shown", "partly run", "FAILED", "nothing shown", "nothing shown"]
    assert rows[0].places == ("src/enigm/domains/audit",)
    written = assurance.page(rows)
    place = "`src/enigm/domains/audit`"
    assert f"| ABC-01 | Promise 1. | {place} | 1 tests, 2 cases | shown |" in written
    assert "| ABC-05 | Promise 5. | nowhere yet | none | nothing shown |" in written
    assert f"- `{test}`: 2 passed" in written
    assert assurance.page(rows) == written
