"""The official MLS vectors pass, for all seven registered suites."""

from __future__ import annotations

import pytest

from tests.support.vectors import shared_vectors
from tests.vectors.run import CHECKS, run_file


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_every_official_vector_of_a_kind_passes(kind: str) -> None:
    result = run_file(shared_vectors("mls", f"{kind}.json"))
    assert result.failed == 0, result.first_failure
    assert result.passed > 0
