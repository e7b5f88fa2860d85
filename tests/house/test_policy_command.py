"""`enigm policy`, as an operator and a reviewer use it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from enigm.assembly.exits import Exit
from enigm.domains.policy import store
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.house.test_audit_command import Machine, machine_in
from tests.support.clock import FakeClock
from tests.support.journey import Problem
from tests.support.service import running_service, settings_of_tests

__all__ = ["machine_in"]
STRICT = """
@id("anybody") permit (principal, action, resource);
@id("fresh")
@say("Sign in again before a critical operation.")
forbid (principal, action in Action::"critical", resource)
unless { context.session_age_seconds < 900 };
"""
CLOSED = 'forbid (principal, action == Action::"accounts.tokens.issue", resource);'


@pytest.fixture
def machine(machine_in: Any, tmp_path: Path, prepared_folder: Path) -> Machine:
    shutil.copytree(prepared_folder, tmp_path / "data" / "service")
    return machine_in(tmp_path / "data")


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "policy.cedar"
    path.write_text(text)
    return str(path)


@pytest.mark.requirement("POL-03")
async def test_a_policy_is_tried_put_in_force_and_a_denial_of_it_explained(
    machine: Machine, tmp_path: Path
) -> None:
    clock = FakeClock(SystemClock().now_seconds())
    async with running_service(settings_of_tests(machine.folder / "service"), clock) as running:
        alice = await running.journey.register()
        await running.journey.link(alice)
        clock.advance(1000)
        await running.journey.tokens(alice)
        staged = machine.said("policy", "stage", written(tmp_path, STRICT))
        assert "Staged default, version 2" in staged
        machine.said("policy", "activate", "2")
        assert "default 2" in machine.said("policy", "show")
        clock.advance(2)
        with pytest.raises(Problem, match="Sign in again"):
            await running.journey.link(alice)
        clock.advance(10)
        await running.journey.tokens(alice)
    listed = machine.said("policy", "decisions", "--count", "50").splitlines()
    (denied,) = [line for line in listed if "DENIED" in line]
    assert "devices.chain.append" in denied
    assert "by default@2" in denied
    explained = machine.said("policy", "explain", denied.split()[0])
    for words in (
        "The person was told: Sign in again before a critical operation.",
        "session_age_seconds = 1002",
        "default@2 DENIES: rules fresh",
        "It would be allowed if session_age_seconds were 0.",
    ):
        assert words in explained
    assert machine.run("policy", "explain", "999").exit_number != Exit.DONE
    acts = machine.said("audit", "read", "--category", "administration")
    assert '"act":"policy.activated"' in acts
    assert '"policy_version":2' in acts


@pytest.mark.requirement("POL-03")
async def test_a_policy_is_assigned_to_one_account_by_what_a_look_up_found(
    machine: Machine, tmp_path: Path
) -> None:
    settings = settings_of_tests(machine.folder / "service")
    clock = FakeClock(SystemClock().now_seconds())
    async with running_service(settings, clock) as running:
        alice, bob = await running.journey.register(), await running.journey.register()
    record = machine.said("audit", "read", "--category", "device").splitlines()[0]
    handle = record.partition('"actor":"')[2].partition('"')[0]
    asked = machine.said("handle", "ask", handle, "--purpose", "audit", "--as", "Ann")
    request = asked.split()[1].rstrip(".")
    for person in ("Ben", "Cleo"):
        machine.said("handle", "approve", request, "--as", person)
    subject = machine.said("handle", "resolve", request, "--as", "Ann")
    machine.said("policy", "stage", written(tmp_path, CLOSED), "--name", "closed")
    assert machine.run("policy", "assign", subject, "--name", "closed").exit_number != Exit.DONE
    machine.said("policy", "activate", "1", "--name", "closed")
    machine.said("policy", "assign", subject, "--name", "closed")
    for wrong in ("zz", "00" * 21):
        assert machine.run("policy", "assign", wrong, "--name", "closed").exit_number == Exit.SETUP
    async with running_service(settings, clock) as running:
        with pytest.raises(Problem, match=r"policy\.denied"):
            await running.journey.tokens(alice)
        assert await running.journey.tokens(bob)
        # Handles turn with their epochs; what was assigned to a person does not.
        clock.advance(40 * 86_400)
        await running.journey.sign_in(alice)
        with pytest.raises(Problem, match=r"policy\.denied"):
            await running.journey.tokens(alice)


@pytest.mark.requirement("POL-03")
def test_an_older_policy_put_back_is_told_and_confirmed(machine: Machine, tmp_path: Path) -> None:
    machine.said("policy", "stage", written(tmp_path, STRICT))
    key_file = machine.folder / "service" / "keys"
    keys = load_or_create_keys(key_file, SystemEntropy())
    path = machine.folder / "service" / "stores" / "policy.db"
    database = open_sqlcipher(path, keys.derive("policy", "store"), domain="policy")
    with database.begin() as connection:
        older = connection.execute(store.standing.select()).mappings().one()
    machine.said("policy", "activate", "2")
    with database.begin() as connection:
        connection.execute(store.standing.update().values(dict(older)))
        connection.execute(store.in_force.update().values(version=1))
    database.close()
    assert "NOT decided by" in machine.said("policy", "show")
    refused = machine.run("policy", "activate", "2")
    assert "policy.rolled_back" in refused.err
    assert "Confirmed as change 3" in machine.said("policy", "confirm")
    machine.said("policy", "activate", "2")
    assert "change 4" in machine.said("policy", "show")
