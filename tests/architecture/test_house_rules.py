"""The tree as it stands keeps every house rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.assembly.main import app
from tests.architecture.code_checks import CODE_CHECKS
from tests.architecture.route_checks import ROUTE_CHECKS, critical_routes_are_protected
from tests.architecture.text_checks import (
    TEXT_CHECKS,
    named_enigm_commands_exist,
)
from tests.architecture.tree import Tree
from tests.architecture.wording import WORDING_CHECKS, honest_sentences, honest_wording

if TYPE_CHECKING:
    from collections.abc import Callable


# Checks that are evidence for a row of the requirements by themselves.
EVIDENCE = {
    honest_wording: ("PRV-06", "PAY-12"),
    honest_sentences: ("PAY-12", "PAY-06", "SIM-09"),
    critical_routes_are_protected: ("POL-01", "CMD-09"),
}


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(
            check,
            id=check.__name__,
            marks=[pytest.mark.requirement(*EVIDENCE[check])] if check in EVIDENCE else [],
        )
        for check in (*CODE_CHECKS, *ROUTE_CHECKS, *TEXT_CHECKS, *WORDING_CHECKS)
    ],
)
def test_the_tree_keeps(check: Callable[[Tree], list[str]]) -> None:
    faults = check(Tree())
    assert not faults, "\n".join(["", *faults])


def test_every_enigm_command_that_a_document_names_exists() -> None:
    commands = {name for name in app if not name.startswith("-")}
    assert named_enigm_commands_exist(Tree(), commands) == []
