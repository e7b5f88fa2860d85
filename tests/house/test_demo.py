"""The demo runs without questions, and every claim of it holds."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from enigm.assembly.demo.chain import monero_is_missing
from enigm.assembly.demo.claims import Ledger
from enigm.assembly.demo.counterparties import tree_is_missing
from enigm.assembly.exits import Exit

# As shells say it: 128, and the number of the signal.
ENDED_BY_CTRL_C = 130


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


@pytest.mark.slow
def test_ctrl_c_in_the_middle_ends_every_process_and_removes_what_was_made(
    tmp_path: Path,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "enigm.assembly.main", "demo"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        # The service and four Apps run by now, and a chain is being made beside them.
        assert any(line.startswith("2. ") for line in demo.stdout)
        assert len(_processes_of(scratch)) >= 6
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=90)
    assert demo.returncode == ENDED_BY_CTRL_C
    assert "Traceback" not in errors
    assert _processes_of(scratch) == []
    assert list(scratch.iterdir()) == []


def _processes_of(scratch: Path) -> list[str]:
    """Name every process that was told of the folder, by argument or environment."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if bytes(scratch) in told:
            found.append(told.partition(b"\0")[0].decode(errors="replace"))
    return found


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
