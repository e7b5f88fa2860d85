"""Makes docs/mls-validation.md: each rule, where it is enforced, and the test that breaks it.

Run ``python -m tests.conformance.validation_table`` after a rule or a test has changed.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from enigm.crypto.mls.errors import Rule
from tests.support.vectors import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENGINE = ROOT / "src" / "enigm" / "crypto" / "mls"
TESTS = ROOT / "tests" / "conformance"
TABLE = ROOT / "docs" / "mls-validation.md"

# Rules that no message can break, because an earlier one refuses whatever would.
UNREACHABLE = {
    "COMMIT_CONFIRMATION_MISSING": "the wire has no form for a commit without a tag (§6.1)",
    "TREE_LEAF_ABSENT": "a sender's leaf is found before its proposals are judged",
}

INTRODUCTION = """\
# What the MLS engine refuses

Each row is one validation rule of RFC 9420: its stable code, the clause, the place in
`src/enigm/crypto/mls` that enforces it, and the tests in `tests/conformance` that break it
with a forged message and find the state unchanged. The table is made by
`python -m tests.conformance.validation_table`; a test keeps it true. The engine is unaudited.

| code | clause | refuses | enforced in | broken by |
|---|---|---|---|---|
"""


def mentions(tree: ast.AST) -> Iterator[str]:
    """Return the names of the rules that code mentions."""
    for node in ast.walk(tree):
        is_rule = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if is_rule and node.value.id == "Rule":
            yield node.attr


def enforced() -> dict[str, list[str]]:
    """Return the modules that refuse for each rule."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(ENGINE.rglob("*.py")):
        if path.name == "errors.py":
            continue
        for name in set(mentions(ast.parse(path.read_text()))):
            found[name].append(str(path.relative_to(ENGINE)))
    return found


def broken() -> dict[str, list[str]]:
    """Return the tests that expect each rule, directly or through a function of their module."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.glob("test_*.py")):
        for name, tests in _tests_in(path).items():
            found[name] += [f"{path.stem}::{test}" for test in tests]
    return found


def _tests_in(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for name in sorted(set(mentions(node))):
                found[name].append(node.name)
    return found


def render() -> str:
    """Return the document."""
    places, tests = enforced(), broken()
    rows = [_row(rule, places[rule.name], tests[rule.name]) for rule in Rule]
    return INTRODUCTION + "\n".join(rows) + "\n"


def _row(rule: Rule, places: list[str], tests: list[str]) -> str:
    where = ", ".join(f"`{place}`" for place in places)
    by = "<br>".join(f"`{test}`" for test in tests)
    if not tests:
        by = f"unreachable: {UNREACHABLE[rule.name]}" if rule.name in UNREACHABLE else "nothing"
    return f"| `{rule.code}` | {rule.clause} | {rule.sentence} | {where} | {by} |"


if __name__ == "__main__":
    TABLE.write_text(render())
