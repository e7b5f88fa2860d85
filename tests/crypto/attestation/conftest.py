"""A real software TPM, started once for these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.swtpm import SoftwareTpm, running_swtpm

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def software_tpm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftwareTpm]:
    with running_swtpm(tmp_path_factory.mktemp("swtpm")) as software_tpm:
        yield software_tpm
