"""`enigm admin`: a link that enrols, a list, a revocation, and each on the audit log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from enigm.assembly.exits import Exit

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


@pytest.mark.requirement("CMD-09")
def test_the_operator_makes_a_link_sees_it_and_takes_it_back(tmp_path: Path) -> None:
    assert "Nobody administers yet" in run(tmp_path, "admin", "list").stdout
    made = run(tmp_path, "admin", "invite", "--role", "owner", "--label", "first key")
    assert made.returncode == Exit.DONE, made.stderr
    assert re.fullmatch(r"http://localhost:\d+/admin/enrol#[\w-]{43}\n", made.stdout)
    listed = run(tmp_path, "admin", "list").stdout
    assert "owner" in listed
    assert "first key" in listed
    name = listed.split()[0]
    assert run(tmp_path, "admin", "revoke", name).returncode == Exit.DONE
    assert run(tmp_path, "admin", "revoke", name).returncode == Exit.REFUSED + 3
    records = run(tmp_path, "audit", "read", "--category", "administration").stdout
    assert '"act":"administrator.invited"' in records
    assert '"act":"administrator.revoked"' in records
    assert name not in records


def test_a_role_that_is_none_and_an_id_that_is_none_are_told(tmp_path: Path) -> None:
    assert run(tmp_path, "admin", "invite", "--role", "king").returncode == Exit.SETUP
    assert run(tmp_path, "admin", "revoke", "nobody").returncode == Exit.SETUP
