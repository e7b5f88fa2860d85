"""`enigm shop`, as an operator uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from enigm.assembly.exits import Exit
from tests.house.test_audit_command import Machine

NOT_FOUND = Exit.REFUSED + 3
INVALID = Exit.REFUSED


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Machine:
    return Machine(tmp_path / "operator", monkeypatch, capsys)


@pytest.mark.requirement("PAY-09")
def test_a_catalogue_and_a_policy_are_shown_staged_and_put_in_force(
    machine: Machine, tmp_path: Path
) -> None:
    shown = machine.run("shop", "catalogue", "show")
    offers = json.loads(shown.out)["offers"]
    assert {offer["product"] for offer in offers} >= {
        "enigm", "command", "server", "os", "key", "esim",
    }  # fmt: skip
    changed = tmp_path / "catalogue.json"
    changed.write_text(json.dumps({"offers": offers[:1]}))
    assert "version 2" in machine.run("shop", "catalogue", "stage", str(changed)).out
    assert len(json.loads(machine.run("shop", "catalogue", "show").out)["offers"]) > 1
    assert machine.run("shop", "catalogue", "activate", "2").exit_number == Exit.DONE
    assert len(json.loads(machine.run("shop", "catalogue", "show").out)["offers"]) == 1
    changed.write_text('{"otherwise": "allow"}')
    refused = machine.run("shop", "policy", "stage", str(changed))
    assert refused.exit_number == INVALID
    assert "commerce.document_invalid" in refused.err
    assert machine.run("shop", "policy", "activate", "9").exit_number == NOT_FOUND
    read = machine.run("audit", "read", "--category", "administration").out
    assert read.count('"act":"shop.changed"') == 2, "recorded before it is done, done or not"


@pytest.mark.requirement("PAY-14", "PAY-11")
def test_the_books_are_checked_and_exported_and_reading_orders_is_recorded(
    machine: Machine,
) -> None:
    assert machine.run("shop", "ledger", "check").exit_number == Exit.DONE
    assert 'option "title"' in machine.run("shop", "ledger", "export").out
    assert machine.run("shop", "orders", "list", "--held").out == ""
    assert (
        '"act":"orders.listed"' in machine.run("audit", "read", "--category", "administration").out
    )
    assert machine.run("shop", "refunds", "list").out == ""
    unknown = "00" * 20
    assert machine.run("shop", "orders", "decide", unknown, "hold").exit_number == NOT_FOUND
    assert machine.run("shop", "refunds", "sent", "00" * 16).exit_number == NOT_FOUND
    assert machine.run("shop", "refunds", "sent", "no hex").exit_number == Exit.SETUP
