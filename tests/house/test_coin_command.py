"""`enigm coin`, as an operator and an outsider use it."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from enigm.assembly.exits import Exit
from enigm.wire.code_coin import CodeKind, read_code
from tests.house.test_audit_command import Machine

pytestmark = pytest.mark.requirement("PAY-05", "CMD-12")

CONFLICT = Exit.REFUSED + 4
NOT_FOUND = Exit.REFUSED + 3


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Machine:
    return Machine(tmp_path / "operator", monkeypatch, capsys)


def test_a_batch_is_printed_sold_and_made_void(machine: Machine, tmp_path: Path) -> None:
    file = tmp_path / "batch.txt"
    printed = machine.run("coin", "print", "20", "5", "--to", str(file))
    found = re.search(r"Batch (\d+)", printed.out)
    assert found
    number = found.group(1)
    codes = file.read_text().split()
    assert {read_code(code).kind for code in codes} == {CodeKind.PRINTED}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = machine.run("coin", "print", "20", "5", "--to", str(file))
    assert (again.exit_number, file.read_text().split()) == (Exit.SETUP, codes)
    asked = machine.run("coin", "sell", number)
    assert "5 codes worth 100.00 EUR" in asked.out
    assert "inactive" in machine.run("coin", "keys").out
    assert "5 codes can be spent" in machine.run("coin", "sell", number, "--yes").out
    assert machine.run("coin", "sell", number, "--yes").exit_number == CONFLICT
    shown = machine.run("coin", "keys")
    assert shown.exit_number == Exit.DONE
    assert "outstanding 100.00 EUR, and the books say so" in shown.err
    assert "100.00 EUR that people hold" in machine.run("coin", "void", number).out
    assert "is void" in machine.run("coin", "void", number, "--yes").out
    assert machine.run("coin", "void", "999", "--yes").exit_number == NOT_FOUND
    assert machine.run("shop", "ledger", "check").exit_number == Exit.DONE


def test_totals_are_published_and_a_wrong_address_is_said(machine: Machine) -> None:
    machine.run("coin", "keys")
    shown = machine.run("coin", "totals")
    assert re.search(r"day \d{4}-\d\d-\d\d issued 0 redeemed 0 outstanding 0 booked 0", shown.out)
    for address in ("http://127.0.0.1:9", "nonsense", "http://[::"):
        assert machine.run("coin", "verify", address).exit_number == Exit.SETUP
    assert machine.run("coin", "verify", "http://a", "--which", "x").exit_number == Exit.SETUP


def test_methods_say_how_they_are(machine: Machine, tmp_path: Path) -> None:
    assert "works" in machine.run("shop", "methods").out
    file = str(tmp_path / "refunds.json")
    refused = machine.run("shop", "refunds", "export", "monero", "--to", file)
    assert refused.exit_number == Exit.SETUP
