"""The tree as it stands keeps every house rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.assembly.main import app
from tests.architecture.code_checks import CODE_CHECKS
from tests.architecture.text_checks import TEXT_CHECKS, named_enigm_commands_exist
from tests.architecture.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("check", [*CODE_CHECKS, *TEXT_CHECKS], ids=lambda check: check.__name__)
def test_the_tree_keeps(check: Callable[[Tree], list[str]]) -> None:
    faults = check(Tree())
    assert not faults, "\n".join(["", *faults])


def test_every_enigm_command_that_a_document_names_exists() -> None:
    commands = {name for name in app if not name.startswith("-")}
    assert named_enigm_commands_exist(Tree(), commands) == []
