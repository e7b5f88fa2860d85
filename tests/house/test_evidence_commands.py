"""`enigm posture` and `enigm attestation`, as an operator uses them beside a running service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.assembly.exits import Exit
from enigm.wire.posture_report import State
from tests.crypto.attestation.paper_tpm import Maker
from tests.house.test_audit_command import Machine, machine_in
from tests.support.evidence import operator_of, report_posture
from tests.support.service import running_service, settings_of_tests

__all__ = ["machine_in"]

DISK = """
permit (principal, action, resource);
forbid (principal, action in Action::"critical", resource)
unless { context.disk_encryption == "true" && context.firewall == "true" };
"""


@pytest.mark.requirement("TSC-02")
async def test_an_administrator_sees_categories_and_handles_and_the_look_is_recorded(
    tmp_path: Path, machine_in: Any
) -> None:
    machine: Machine = machine_in(tmp_path)
    data = tmp_path / "service"
    async with running_service(settings_of_tests(data)) as running:
        operator_of(running, data).enforce(DISK)
        running.clock.advance(2)
        alice = await running.journey.register()
        await running.journey.sign_in(alice)
        await report_posture(
            running.journey, alice, disk_encryption=State.TRUE, firewall=State.FALSE
        )
    shown = json.loads(machine.said("posture", "list", "--json"))
    assert shown["by_signal"] == {"disk_encryption": {"true": 1}, "firewall": {"false": 1}}
    (row,) = shown["rows"]
    assert row["states"] == {"disk_encryption": "true", "firewall": "false"}
    said = machine.said("posture", "list")
    assert row["handle"] in said
    assert alice.device.device_id.hex() not in said
    assert "firewall: false" in machine.said("posture", "show", row["handle"])
    assert machine.run("posture", "show", "00" * 20).exit_number == Exit.REFUSED + 3
    assert machine.run("posture", "show", "zz").exit_number == Exit.SETUP
    records = machine.said("audit", "read", "--category", "administration", "--role", "auditor")
    assert records.count("posture.read") == 4


def test_an_empty_fleet_is_said_to_be_empty(tmp_path: Path, machine_in: Any) -> None:
    machine: Machine = machine_in(tmp_path)
    assert "No device reports." in machine.said("posture", "list")
    assert "No machine attests." in machine.said("attestation", "list")
    assert "believes nobody yet" in machine.said("attestation", "anchor", "list")


@pytest.mark.requirement("ATT-01")
def test_an_operator_says_whom_to_believe_and_tries_reference_values_first(
    tmp_path: Path, machine_in: Any
) -> None:
    machine: Machine = machine_in(tmp_path / "data")
    keys, root = tmp_path / "keys", tmp_path / "root.pem"
    root.write_bytes(Maker().root.public_bytes(Encoding.PEM))
    attestation = ("attestation",)
    machine.said(*attestation, "reference", "key", str(keys))
    assert (keys / "reference.key").stat().st_mode & 0o077 == 0
    again = machine.run(*attestation, "reference", "key", str(keys))
    assert again.exit_number == Exit.SETUP
    machine.said(*attestation, "anchor", "maker", str(root))
    machine.said(*attestation, "anchor", "reference-key", str(keys / "reference.pub"))
    assert machine.said(*attestation, "anchor", "list").count("\n") == 1

    states, signed = tmp_path / "states.json", tmp_path / "states.signed"
    manifest = {
        "version": 1,
        "issued_at": 0,
        "expires_at": 2**40,
        "states": [{"label": "office laptop", "pcrs": {"0": "00" * 32}}],
    }
    states.write_text(json.dumps(manifest))
    sign = ("reference", "sign", str(states), "--out", str(signed))
    machine.said(*attestation, *sign, "--key", str(keys / "reference.key"))
    load = ("reference", "load", str(signed))
    assert "+ office laptop" in machine.said(*attestation, *load, "--dry-run")
    assert machine.run(*attestation, "reference", "show").exit_number == Exit.REFUSED + 8
    assert "Version 1 is in force." in machine.said(*attestation, *load)
    assert "office laptop: registers 0" in machine.said(*attestation, "reference", "show")
    assert "rollback" in machine.run(*attestation, *load).err
    signed.write_bytes(signed.read_bytes()[:-2] + b"}}")
    assert "attestation.reference" in machine.run(*attestation, *load).err
    records = machine.said("audit", "read", "--category", "administration", "--role", "auditor")
    assert records.count("attestation.reference_loaded") == 1
    assert records.count("attestation.anchor_changed") == 2
    name = machine.said(*attestation, "anchor", "list").split()[0]
    machine.said(*attestation, "anchor", "remove", name)
    assert machine.run(*attestation, "anchor", "remove", name).exit_number == Exit.REFUSED + 3
