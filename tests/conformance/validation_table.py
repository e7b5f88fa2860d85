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

# How a published engine passed the official vectors and was broken, and what shows that ours
# is not: paths of tests, which a test follows.
LESSONS = (
    (
        "the exporter did not hash its context",
        "tests/peers/test_interop.py::test_a_group_that_we_create_lives_with_their_members",
    ),
    (
        "commits with a path were refused by their receivers",
        (
            "tests/conformance/test_lessons.py::"
            "test_commits_with_and_without_a_path_are_followed_by_everybody"
        ),
    ),
    (
        "unsigned application messages were accepted",
        (
            "tests/conformance/test_framing.py::"
            "test_rfc9420_6_3_an_encrypted_message_without_signature_is_refused"
        ),
    ),
    (
        "a member could speak for another",
        "tests/conformance/test_framing.py::test_rfc9420_6_3_a_member_cannot_speak_for_another",
    ),
    (
        "replays decrypted again",
        "tests/conformance/test_message_keys.py::test_rfc9420_9_2_a_message_opens_once",
    ),
    (
        "used keys could be derived again from what was stored",
        (
            "tests/conformance/test_message_keys.py::"
            "test_rfc9420_9_2_the_rows_on_disk_do_not_hold_a_used_key"
        ),
    ),
    (
        "a junk commit blocked the genuine one",
        (
            "tests/conformance/test_lessons.py::"
            "test_a_junk_commit_with_a_bad_membership_tag_does_not_block_the_genuine_one"
        ),
    ),
    (
        "state changed before the confirmation tag was checked",
        (
            "tests/conformance/test_commits.py::"
            "test_rfc9420_12_4_2_a_wrong_confirmation_tag_is_refused"
        ),
    ),
    (
        "a group of one had constant secrets",
        "tests/conformance/test_lessons.py::test_a_group_of_one_has_fresh_secrets_in_every_epoch",
    ),
    (
        "a missing pre-shared key was made up",
        "tests/conformance/test_lessons.py::test_no_key_is_made_up_for_one_that_is_missing",
    ),
)

LESSONS_TITLE = """
## Known ways to pass all vectors and be broken

| defect of another engine | our test |
|---|---|
"""

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
    lessons = [f"| {defect} | `{test}` |" for defect, test in LESSONS]
    parts = (INTRODUCTION, "\n".join(rows), "\n", LESSONS_TITLE, "\n".join(lessons), "\n")
    return "".join(parts)


def _row(rule: Rule, places: list[str], tests: list[str]) -> str:
    where = ", ".join(f"`{place}`" for place in places)
    by = "<br>".join(f"`{test}`" for test in tests)
    if not tests:
        by = f"unreachable: {UNREACHABLE[rule.name]}" if rule.name in UNREACHABLE else "nothing"
    return f"| `{rule.code}` | {rule.clause} | {rule.sentence} | {where} | {by} |"


if __name__ == "__main__":
    TABLE.write_text(render())
