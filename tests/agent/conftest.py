"""A machine for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agent.laid_out import LaidOut

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def laid_out(tmp_path: Path) -> LaidOut:
    return LaidOut(tmp_path)
