"""The table of rules is complete and true."""

from __future__ import annotations

import re

from enigm.crypto.mls.errors import Rule
from tests.conformance import validation_table
from tests.support.vectors import ROOT


def test_every_rule_is_enforced_somewhere() -> None:
    places = validation_table.enforced()
    assert [rule.name for rule in Rule if not places[rule.name]] == []


def test_every_rule_is_broken_by_a_test() -> None:
    tests = validation_table.broken()
    untested = {rule.name for rule in Rule if not tests[rule.name]}
    assert untested == set(validation_table.UNREACHABLE)


def test_tests_named_by_section_name_a_section_that_exists() -> None:
    named = [
        test.split("::")[1]
        for tests in validation_table.broken().values()
        for test in tests
        if "::test_rfc9420_" in test
    ]
    assert named
    for test in named:
        assert re.match(r"test_rfc9420_\d+(_\d+)*_[a-z]", test), test


def test_every_lesson_names_a_test_that_exists() -> None:
    for _, test in validation_table.LESSONS:
        path, name = test.split("::")
        assert f"def {name}(" in (ROOT / path).read_text(), test


def test_the_document_is_what_the_code_says() -> None:
    assert validation_table.TABLE.read_text() == validation_table.render(), (
        "run python -m tests.conformance.validation_table"
    )
