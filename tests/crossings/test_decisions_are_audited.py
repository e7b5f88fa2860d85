"""Device and account decisions are on the audit log before they are done, or are not done."""

from __future__ import annotations

import msgspec
import pytest

from enigm.assembly.trust import Publishing
from enigm.crossings.decision_is_audited_by_handle import PolicyChangesAudited
from enigm.crypto.tree_log.verification import verify_log
from enigm.domains.audit import store as audit_store
from enigm.domains.audit.actions.publishing import log_key
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import NO_HANDLE, Category, Role
from enigm.domains.policy.actions.governing import Policies
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from tests.support.journey import Problem
from tests.support.service import Running, running, running_service, settings_of_tests
from tests.support.waiting import wait_until

__all__ = ["running"]


def keys_of(running: Running, tmp_path):
    return load_or_create_keys(settings_of_tests(tmp_path).key_file, SystemEntropy())


@pytest.fixture
def log(running: Running, tmp_path) -> AuditLog:
    database = running.service.databases["audit"]
    return AuditLog(database, keys_of(running, tmp_path), running.clock, SystemEntropy())


def acts(log: AuditLog, *categories: Category) -> list[str]:
    found = [
        (each.number, msgspec.json.decode(each.payload)["act"])
        for category in categories
        for each in log.read(Role.AUDITOR, category, 0, NO_HANDLE)
    ]
    return [act for _, act in sorted(found)]


@pytest.mark.requirement("AUD-01")
async def test_a_devices_whole_life_is_on_the_log(running: Running, log: AuditLog) -> None:
    journey = running.journey
    alice = await journey.register()
    await journey.sign_in(alice)
    second = await journey.link(alice)
    await journey.revoke(alice, second)
    await journey.recover(alice, "another password")
    await journey.sign_in(alice)
    await journey.erase(alice)
    assert acts(log, Category.DEVICE, Category.ACCOUNT) == [
        "device.certified",
        "device.certified",
        "pin.set",
        "pin.granted",
        "device.revoked",
        "account.recovered",
        "device.certified",
        "pin.granted",
        "account.deleted",
    ]


@pytest.mark.requirement("AUD-02")
async def test_the_log_names_nobody(running: Running, log: AuditLog) -> None:
    alice = await running.journey.register()
    (record,) = log.read(Role.AUDITOR, Category.DEVICE, 0, NO_HANDLE)
    shown = msgspec.json.decode(record.payload)
    identifiers = {alice.device.device_id, alice.fingerprint, alice.lookup_id}
    for handle in (shown["actor"], shown["subject"]):
        assert len(bytes.fromhex(handle)) == 20
        assert all(bytes.fromhex(handle) not in each for each in identifiers)
    assert shown["actor"] != shown["subject"]


@pytest.mark.requirement("AUD-03")
async def test_without_the_audit_log_critical_operations_stop_and_talking_goes_on(
    running: Running, log: AuditLog
) -> None:
    journey = running.journey
    alice = await journey.register()
    await journey.sign_in(alice)
    waiting = await journey.enrol(alice)
    with running.service.databases["audit"].begin() as connection:
        connection.exec_driver_sql("ALTER TABLE entry RENAME TO away")
    for operation in (
        journey.certify(alice, waiting),
        journey.erase(alice),
        journey.register(),
    ):
        with pytest.raises(Problem) as problem:
            await operation
        assert problem.value.code == "audit.unavailable"
    assert await journey.tokens(alice, 2), "what talking needs is still given"
    with running.service.databases["audit"].begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO entry")
    await journey.certify(alice, waiting)
    assert acts(log, Category.DEVICE) == ["device.certified", "device.certified"]


@pytest.mark.requirement("POL-01")
async def test_a_policy_closes_a_critical_operation_and_the_denial_is_on_the_log(
    running: Running, log: AuditLog, tmp_path
) -> None:
    journey = running.journey
    alice = await journey.register()
    await journey.set_pin(alice)
    database = running.service.databases["policy"]
    changes = PolicyChangesAudited(log)
    policies = Policies(database, keys_of(running, tmp_path), running.clock, changes)
    fresh = """
    permit (principal, action, resource);
    @say("Sign in again before a critical operation.")
    forbid (principal, action in Action::"critical", resource)
    unless { context.session_age_seconds < 900 };
    """
    policies.activate("default", policies.stage("default", fresh).version)
    running.clock.advance(1000)
    with pytest.raises(Problem) as problem:
        await journey.erase(alice)
    assert problem.value.code == "policy.denied"
    assert "Sign in again" in str(problem.value)
    assert acts(log, Category.DEVICE)[-1] == "operation.denied"
    assert await journey.tokens(alice, 1), "an ordinary operation is not closed"
    await journey.sign_in(alice)
    await journey.erase(alice)


@pytest.mark.requirement("AUD-01")
async def test_a_stopped_service_leaves_a_log_that_an_outsider_can_check(tmp_path) -> None:
    settings = settings_of_tests(tmp_path)
    async with running_service(settings) as started:
        await started.journey.register()
    key = log_key(load_or_create_keys(settings.key_file, SystemEntropy())).verifier

    def fetch(path: str) -> bytes:
        return (settings.audit_folder / path).read_bytes()

    assert verify_log(fetch, key).checkpoint.size == 1


@pytest.mark.requirement("AUD-03")
async def test_a_log_that_was_rewritten_is_told_and_stops_nothing_else(tmp_path) -> None:
    settings = settings_of_tests(tmp_path)
    async with running_service(settings) as started:
        await started.journey.register()
        # What the service published while it started may vouch for nothing yet.
        jobs = started.service.upkeep.jobs
        next(job for job in jobs if isinstance(job, Publishing)).publish()
        with started.service.databases["audit"].begin() as connection:
            connection.execute(audit_store.entry.update().values(commitment=bytes(32)))
        # Only a log that grew is published again.
        await started.journey.register()
        ran: list[str] = []
        started.service.upkeep.jobs.append(Last(ran))
        started.clock.advance(120)
        started.service.upkeep.run_once()
        wait_until(lambda: "AuditRewrittenError" in started.log.getvalue())
        assert "run" in ran
    assert ran[-1] == "finish", "and the service stops in order"


class Last:
    """A job after the one that fails."""

    def __init__(self, ran: list[str]) -> None:
        self._ran = ran

    def run_if_due(self) -> None:
        self._ran.append("run")

    def finish(self) -> None:
        self._ran.append("finish")
