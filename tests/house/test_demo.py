"""The demo runs without questions, and every claim of it holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from enigm.assembly.demo.chain import monero_is_missing
from enigm.assembly.demo.claims import Ledger
from enigm.assembly.demo.counterparties import tree_is_missing
from enigm.assembly.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.requirement("APP-01", "APP-05", "APP-06", "APP-08", "APP-14", "APP-19", "TRU-01")
@pytest.mark.requirement("PAY-01", "PAY-03", "PAY-05", "PAY-06", "PAY-07", "SIM-01", "SIM-08")
def test_every_claim_of_the_demo_holds(tmp_path: Path) -> None:
    environment = {**os.environ, "COLUMNS": "160", "HOME": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-m", "enigm.assembly.main", "demo", "--keep", tmp_path / "demo"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == Exit.DONE, answer.stdout + answer.stderr
    assert "FAILS" not in answer.stdout
    assert len(re.findall(r"│ holds │", answer.stdout)) >= 15 + claims_of_purchases()
    assert ("LEFT OUT" in answer.stdout) == bool(monero_is_missing() or tree_is_missing())
    assert not (tmp_path / ".local").exists()


def claims_of_purchases() -> int:
    """Count by what is on this machine: Monero's programs, and the tests' own counterparties."""
    by_monero = 0 if monero_is_missing() else 2
    by_card = 0 if tree_is_missing() else 2
    by_code_and_esim = 4 if by_monero and by_card else 0
    return by_monero + by_card + by_code_and_esim


def test_a_claim_that_does_not_hold_fails_the_demo() -> None:
    ledger = Ledger()
    assert not ledger.all_hold
    ledger.claim("Water is wet", observed="it is", holds=True)
    assert ledger.all_hold
    ledger.claim("Fire is cold", observed="it is not", holds=False)
    assert not ledger.all_hold
