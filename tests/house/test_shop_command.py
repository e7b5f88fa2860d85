"""`enigm shop`, as an operator uses it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from enigm.assembly.exits import Exit
from enigm.domains.commerce.actions.opening import WAYS_TO_OPEN
from enigm.foundation.settings import load_settings
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
    assert read.count('"act":"trade.activated"') == 1, "recorded before it is done"


@pytest.mark.requirement("PAY-02", "PAY-09")
def test_an_offer_is_put_on_sale_and_withheld_and_what_was_looked_at_is_confirmed(
    machine: Machine,
) -> None:
    def sales() -> dict[str, str]:
        shown = json.loads(machine.run("shop", "catalogue", "show").out)["offers"]
        return {offer["sku"]: offer.get("sale", "open") for offer in shown}

    assert sales()["srv-1y"] == "not_yet"
    assert "is on sale" in machine.run("shop", "catalogue", "sell", "srv-1y").out
    assert sales()["srv-1y"] == "open"
    assert machine.run("shop", "catalogue", "withhold", "app-3m").exit_number == Exit.DONE
    assert sales()["app-3m"] == "not_yet"
    assert machine.run("shop", "catalogue", "sell", "car-1").exit_number == NOT_FOUND
    first = json.loads(machine.run("shop", "catalogue", "show", "1").out)["offers"]
    assert first[3]["sale"] == "not_yet"
    assert machine.run("shop", "confirm", "1", "9").exit_number == NOT_FOUND
    assert machine.run("shop", "confirm", "1", "1").exit_number == Exit.DONE
    assert sales()["app-3m"] == "open"
    read = machine.run("audit", "read", "--category", "administration").out
    assert read.count('"act":"trade.activated"') == 2
    assert read.count('"act":"trade.confirmed"') == 1


@pytest.mark.requirement("PAY-01")
def test_where_nobody_can_buy_methods_says_what_to_type_and_each_of_it_works(
    machine: Machine, tmp_path: Path
) -> None:
    told = machine.run("shop", "methods")
    assert told.exit_number == Exit.DONE
    for way in WAYS_TO_OPEN:
        assert way.command in told.out
        assert way.then in told.out
    printed, *settings = (way.command for way in WAYS_TO_OPEN)
    words = shlex.split(printed)[1:]
    assert machine.run(*words[:-1], str(tmp_path / words[-1])).exit_number == Exit.DONE
    sold = shlex.split(WAYS_TO_OPEN[0].then.replace("NUMBER", "1"))[1:]
    assert machine.run(*sold).exit_number == Exit.DONE
    assert "Nobody can buy" not in machine.run("shop", "methods").out
    for command in settings:
        variable, *up = shlex.split(command)
        name, _, text = variable.partition("=")
        payments = load_settings({name: text}).payments
        assert payments.monero or payments.card
        assert up == ["enigm", "up"]


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
