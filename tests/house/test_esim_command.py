"""`enigm esim`: counts, a disclosure of the listed fields alone, and a record that it was given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from enigm.assembly.exits import Exit
from enigm.domains.esim.model import Disclosure

if TYPE_CHECKING:
    from pathlib import Path


def run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "enigm.assembly.main", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ENIGM_DATA": str(data)},
    )


@pytest.mark.requirement("SIM-10")
def test_a_disclosure_is_printed_with_the_listed_fields_and_is_on_the_audit_log(
    tmp_path: Path,
) -> None:
    answer = run(tmp_path, "esim", "disclosure", "--iccid", "8949000000000000017")
    assert answer.returncode == Exit.DONE, answer.stderr
    printed = json.loads(answer.stdout)
    assert set(printed) == set(Disclosure.__dataclass_fields__)
    assert printed["purchase"] is False
    records = run(tmp_path, "audit", "read", "--category", "administration").stdout
    assert '"act":"esim.disclosed"' in records
    assert "8949" not in records


def test_a_request_must_name_something_and_an_iccid_be_one(tmp_path: Path) -> None:
    assert run(tmp_path, "esim", "disclosure").returncode == Exit.SETUP
    assert run(tmp_path, "esim", "retire", "--iccid", "12").returncode == Exit.REFUSED
    assert run(tmp_path, "esim", "retire", "--iccid", "8" * 19).returncode == Exit.REFUSED + 3


def test_counts_are_printed_where_nothing_is_sold(tmp_path: Path) -> None:
    answer = run(tmp_path, "esim", "profiles")
    assert answer.returncode == Exit.DONE
    assert "0 profiles" in answer.stdout
