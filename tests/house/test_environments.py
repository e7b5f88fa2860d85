"""Two service processes of two environments on one PostgreSQL, and a policy for one of them."""

from __future__ import annotations

import json
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from enigm.assembly.exits import Exit
from enigm.assembly.supervisor import Child
from enigm.domains.policy.actions.governing import LOOK_SECONDS
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from tests.chaos.processes import free_port
from tests.house.test_audit_command import Machine, is_listening, machine_in
from tests.support.clock import FakeClock
from tests.support.journey import Journey, Person, Problem
from tests.support.service import EASY_LIMITS
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.support.postgres import PostgresServer

__all__ = ["machine_in"]
pytestmark = [pytest.mark.postgres, pytest.mark.requirement("POL-01", "POL-03")]
CLOSED = """
permit (principal, action, resource);
@id("closed") @say("No tokens are issued in this environment.")
forbid (principal, action == Action::"accounts.tokens.issue", resource);
"""


@asynccontextmanager
async def serving(folder: Path, **settings: str) -> AsyncGenerator[Journey]:
    """Run `enigm serve` in its own process, and somebody who talks to it."""
    port = free_port()
    environment = {**os.environ, "ENIGM_DATA": str(folder), **settings}
    log = folder / f"{port}.log"
    child = Child("A service", ["serve", "--role=api", f"--port={port}"], environment, log)
    journey = Journey(None, FakeClock(SystemClock().now_seconds()), SystemEntropy())
    try:
        wait_until(lambda: child.exit_code is not None or is_listening(port), 30)
        assert child.exit_code is None, log.read_text()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as journey.http:
            yield journey
    finally:
        child.stop()


async def denial(journey: Journey, person: Person) -> str:
    try:
        await journey.tokens(person)
    except Problem as problem:
        return problem.body["detail"]
    return ""


async def denied_soon(journey: Journey, person: Person) -> str:
    """Ask until a change of another process is seen, which takes a second at most."""
    clock = SystemClock()
    ends_at = clock.monotonic_seconds() + 10 * LOOK_SECONDS
    while clock.monotonic_seconds() < ends_at:
        if told := await denial(journey, person):
            return told
    return ""


async def test_a_policy_assigned_to_one_environment_denies_there_and_not_in_the_other(
    tmp_path: Path, machine_in: Any, postgres_server: PostgresServer, postgres_database: str
) -> None:
    shared = {
        "ENIGM_DATABASE_URL": postgres_server.url(postgres_database),
        "ENIGM_DATABASE_ADMIN_URL": postgres_server.admin_url(postgres_database),
        "ENIGM_LIMITS": json.dumps(EASY_LIMITS),
    }
    machine: Machine = machine_in(tmp_path, **shared, ENIGM_ENVIRONMENT="beta")
    text = tmp_path / "closed.cedar"
    text.write_text(CLOSED)
    machine.said("policy", "stage", str(text), "--name", "closed")
    machine.said("policy", "activate", "1", "--name", "closed")
    assign = ("policy", "assign", "--name", "closed", "--environment")
    async with (
        serving(tmp_path, **shared, ENIGM_ENVIRONMENT="alpha") as alpha,
        serving(tmp_path, **shared, ENIGM_ENVIRONMENT="beta") as beta,
    ):
        alice = await alpha.register()
        for place in (alpha, beta):
            assert await denial(place, alice) == ""
        machine.said(*assign, "beta", "--dry-run")
        assert "beta, which has the default alone" in machine.said("policy", "show")
        machine.said(*assign, "beta")
        assert "beta, which has closed" in machine.said("policy", "show")
        assert await denied_soon(beta, alice) == "No tokens are issued in this environment."
        assert await denial(alpha, alice) == ""
    # The processes ended, so all that they remembered of their decisions is written.
    tried = machine.said(*assign, "alpha", "--dry-run")
    assert "Of 2 decisions of the last month in alpha" in tried
    assert "accounts.tokens.issue: 2 denied that were allowed" in tried
    assert "Of 0 decisions" in machine.said(*assign, "gamma", "--dry-run")
    listed = machine.said("policy", "decisions").splitlines()
    (denied,) = [line for line in listed if "DENIED" in line]
    explained = machine.said("policy", "explain", denied.split()[0])
    assert "environment = beta" in explained
    assert "closed@1 DENIES: rules closed" in explained


def test_whom_an_assignment_is_for_is_said_once_and_rightly(
    tmp_path: Path, machine_in: Any
) -> None:
    machine: Machine = machine_in(tmp_path)
    for wrong in ((), ("00" * 20, "--environment", "alpha"), ("--environment", "No Name")):
        refused = machine.run("policy", "assign", *wrong, "--name", "default")
        assert refused.exit_number == Exit.SETUP
    misnamed = machine_in(tmp_path, ENIGM_ENVIRONMENT="No Name")
    assert misnamed.run("policy", "show").exit_number == Exit.SETUP
