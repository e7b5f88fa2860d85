"""`enigm backup` and `enigm restore`, as an operator uses them, with people in the stores."""

from __future__ import annotations

import dataclasses
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from enigm.assembly.exits import Exit
from enigm.crossings.administrator_revokes_device_handle import AdministratorRevokesDeviceHandle
from enigm.domains.handles.model import Purpose
from enigm.domains.handles.rules import EPOCH_SECONDS
from enigm.foundation.backup_file import read_manifest
from enigm.foundation.backup_keys import BACKUP_DAYS_MAX, BackupEndedError, BackupKeys
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import UnverifiableError
from enigm.foundation.inventory import SECONDS_PER_DAY
from tests.crossings.test_stores_share_nothing import all_rows
from tests.house.test_audit_command import Machine, machine_in
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.evidence import operator_of
from tests.support.journey import Person, Problem
from tests.support.service import Running, running_service, settings_of_tests

__all__ = ["machine_in"]
MachineIn = Callable[..., Machine]


@pytest.fixture
def machine(machine_in: MachineIn, tmp_path: Path, prepared_folder: Path) -> Machine:
    shutil.copytree(prepared_folder, tmp_path / "data" / "service")
    return machine_in(tmp_path / "data")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


def serving(machine: Machine) -> Any:
    """Run the machine's service at the real time, as the commands see it."""
    clock = FakeClock(SystemClock().now_seconds())
    return running_service(settings_of_tests(machine.folder / "service"), clock)


def stores_of(machine: Machine) -> Path:
    return machine.folder / "service" / "stores"


async def two_people(running: Running) -> tuple[Person, Person]:
    alice, bob = await running.journey.register(), await running.journey.register()
    await running.journey.link(bob)
    return alice, bob


def made_backup(machine: Machine, kept: Path) -> Path:
    machine.said("backup", str(kept))
    (path,) = kept.glob("*.backup")
    assert path.stat().st_mode & 0o777 == 0o600
    return path


async def test_lost_stores_come_back_while_the_deleted_stay_deleted(
    machine: Machine, kept: Path
) -> None:
    async with serving(machine) as running:
        alice, bob = await two_people(running)
        backup = made_backup(machine, kept)
        await running.journey.erase(alice)
    for name in ("accounts", "devices"):
        (stores_of(machine) / f"{name}.db").unlink()
    planned = machine.said("restore", str(backup), "--dry-run")
    assert "accounts, devices" in planned
    assert not (stores_of(machine) / "accounts.db").exists(), "a dry run changes nothing"
    told = machine.said("restore", str(backup))
    assert "deleted since and gone again: 1" in told
    async with serving(machine) as running:
        await running.journey.sign_in(bob)
        assert len((await running.journey.chain(bob)).entries) == 2
        with pytest.raises(Problem):
            await running.journey.as_session(alice, "GET", "/accounts/v1/sessions")
        owners = {row["owner"] for table, row in all_rows(running)["devices"] if table == "chain"}
        assert len(owners) == 1
    acts = machine.said("audit", "read", "--category", "administration")
    assert ("backup.made" in acts, "backup.restored" in acts) == (True, True)


@pytest.mark.requirement("TRU-01", "TRU-02")
@pytest.mark.parametrize("lost", [("devices",), ("accounts", "devices", "handles")])
async def test_a_device_that_was_revoked_since_the_backup_is_refused_after_the_restore(
    machine: Machine, kept: Path, lost: tuple[str, ...]
) -> None:
    async with serving(machine) as running:
        alice, bob = await two_people(running)
        stolen = await running.journey.link(alice)
        backup = made_backup(machine, kept)
        await running.journey.revoke(alice, stolen)
    for name in lost:
        (stores_of(machine) / f"{name}.db").unlink()
    told = machine.said("restore", str(backup))
    assert "revoked since and refused again: 1" in told
    assert "ATTENTION" not in told
    async with serving(machine) as running:
        journey = running.journey
        if "accounts" in lost:
            alice.pin = ""  # It was set after the backup.
            with pytest.raises(Problem, match=r"accounts\.session_ended"):
                await journey.tokens(alice)
        await journey.sign_in(alice)
        thief = dataclasses.replace(alice, device=stolen)
        with pytest.raises(Problem, match=r"devices\.revoked"):
            await journey.tokens(thief)
        assert await journey.tokens(alice), "the other device is trusted as before"
        await journey.sign_in(bob)
        assert await journey.tokens(bob)
        (token,) = await journey.tokens(bob)
        listed = await journey.look_up(token, lookup_id=alice.lookup_id)
        assert len(listed["devices"]) == 1, "nobody is led to it"
        await journey.revoke(alice, stolen)
        assert stolen.signing.public not in (await journey.chain(alice)).trusted


@pytest.mark.requirement("TRU-02")
async def test_what_an_administrator_revoked_since_the_backup_is_revoked_after_the_restore(
    machine: Machine, kept: Path
) -> None:
    async with serving(machine) as running:
        alice, _bob = await two_people(running)
        trust = operator_of(running, machine.folder / "service").trust
        shown = trust.handles.handle(alice.device.device_id, Purpose.POSTURE)
        backup = made_backup(machine, kept)
        by_handle = AdministratorRevokesDeviceHandle(trust.authority, trust.audit)
        by_handle.revoke(b"o" * 20, Purpose.POSTURE, shown)
    (stores_of(machine) / "handles.db").unlink()
    machine.said("restore", str(backup))
    async with serving(machine) as running:
        trust = operator_of(running, machine.folder / "service").trust
        assert trust.handles.handle(alice.device.device_id, Purpose.POSTURE) == shown
        assert trust.handles.is_revoked(shown, Purpose.POSTURE)


@pytest.mark.requirement("TRU-02")
async def test_revocations_that_name_nobody_any_more_are_told(machine: Machine, kept: Path) -> None:
    async with serving(machine) as running:
        alice, _bob = await two_people(running)
        stolen = await running.journey.link(alice)
        backup = made_backup(machine, kept)
        # A month's handles turn, and their new keys are in no backup.
        running.clock.advance(EPOCH_SECONDS)
        await running.journey.sign_in(alice)
        await running.journey.revoke(alice, stolen)
    for name in ("devices", "handles"):
        (stores_of(machine) / f"{name}.db").unlink()
    told = machine.said("restore", str(backup))
    assert "ATTENTION: 1 revocations since name no device" in told


async def test_a_whole_machine_comes_back_from_the_backup_and_the_keys(
    machine: Machine, machine_in: MachineIn, kept: Path, tmp_path: Path
) -> None:
    async with serving(machine) as running:
        _alice, bob = await two_people(running)
    backup = made_backup(machine, kept)
    fresh = tmp_path / "fresh" / "service"
    fresh.mkdir(parents=True)
    other = machine_in(tmp_path / "fresh")
    refused = other.run("restore", str(backup))
    assert (refused.exit_number, "key file" in refused.err) == (Exit.SETUP, True)
    shutil.copy(machine.folder / "service" / "keys", fresh / "keys")
    refused = other.run("restore", str(backup))
    assert "backups.ended" in refused.err
    shutil.copytree(machine.folder / "service" / "backup-keys", fresh / "backup-keys")
    other.said("restore", str(backup))
    async with serving(other) as running:
        await running.journey.sign_in(bob)
    assert "every store" not in other.said("policy", "show")


async def test_a_running_service_is_backed_up_and_not_restored_over(
    machine: Machine, kept: Path
) -> None:
    async with serving(machine) as running:
        await two_people(running)
        backup = made_backup(machine, kept)
        answer = machine.run("restore", str(backup), "--replace", "messaging")
        assert (answer.exit_number, "Stop it first" in answer.err) == (Exit.SETUP, True)
    assert "nothing, all are whole" in machine.said("restore", str(backup))
    machine.said("restore", str(backup), "--replace", "messaging")
    answer = machine.run("restore", str(backup), "--replace", "no-such-store")
    assert answer.exit_number == Exit.SETUP


async def test_a_backup_holds_nothing_readable_and_any_change_of_it_is_refused(
    machine: Machine, kept: Path
) -> None:
    async with serving(machine) as running:
        alice, _bob = await two_people(running)
    backup = made_backup(machine, kept)
    whole = backup.read_bytes()
    for value in (alice.backup[:16], alice.root.public[:16], alice.device.device_id, b"SQLite"):
        assert value not in whole
    (stores_of(machine) / "accounts.db").unlink()
    with tarfile.open(backup) as archive:
        places = [member.offset_data + 20 for member in archive.getmembers()]
    for place in places:
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        answer = machine.run("restore", str(backup))
        assert answer.exit_number != Exit.DONE
        assert not (stores_of(machine) / "accounts.db").exists()
    backup.write_bytes(whole[: len(whole) // 2])
    assert machine.run("restore", str(backup)).exit_number != Exit.DONE
    backup.write_bytes(whole)
    machine.said("restore", str(backup))


@pytest.mark.requirement("PRV-02", "PRV-03")
async def test_the_service_destroys_a_backups_key_at_its_end_and_nothing_opens_it(
    machine: Machine, kept: Path
) -> None:
    backup = made_backup(machine, kept)
    identity = read_manifest(backup).identity
    key = machine.folder / "service" / "backup-keys" / f"{identity}.key"
    assert key.stat().st_mode & 0o777 == 0o600
    async with serving(machine) as running:
        running.clock.advance(BACKUP_DAYS_MAX * SECONDS_PER_DAY - 60)
        running.service.upkeep.run_once()
        assert key.exists()
        running.clock.advance(120)
        running.service.upkeep.run_once()
        assert not key.exists()
    (stores_of(machine) / "accounts.db").unlink()
    answer = machine.run("restore", str(backup))
    assert "backups.ended" in answer.err


@pytest.mark.requirement("PRV-02")
def test_a_key_that_was_kept_too_long_does_not_open_either(tmp_path: Path) -> None:
    clock = FakeClock()
    keys = BackupKeys(tmp_path, keys_of_tests(), clock, SystemEntropy())
    made, ends_at = keys.make("one", 2)
    assert ends_at == clock.now_seconds() + 2 * SECONDS_PER_DAY
    assert keys.find("one") == made
    copy = keys.place_of("one").read_bytes()
    assert made not in copy
    clock.advance(2 * SECONDS_PER_DAY)
    assert keys.destroy_ended() == 1
    keys.place_of("one").write_bytes(copy)
    with pytest.raises(BackupEndedError):
        keys.find("one")
    later = copy.replace(str(ends_at).encode(), str(ends_at + 9 * SECONDS_PER_DAY).encode())
    keys.place_of("one").write_bytes(later)
    with pytest.raises(UnverifiableError):
        keys.find("one")


@pytest.mark.parametrize("days", ["0", str(BACKUP_DAYS_MAX + 1)])
@pytest.mark.requirement("PRV-08")
def test_a_backup_cannot_be_made_to_last(machine: Machine, kept: Path, days: str) -> None:
    answer = machine.run("backup", str(kept), "--days", days)
    assert answer.exit_number == Exit.SETUP
    assert list(kept.iterdir()) == []


def test_what_is_no_backup_and_no_folder_is_said_plainly(machine: Machine, kept: Path) -> None:
    assert "no folder" in machine.run("backup", str(kept / "absent")).err
    (kept / "x").write_text("no backup")
    assert "not a backup" in machine.run("restore", str(kept / "x")).err
    assert "not a backup" in machine.run("restore", str(kept / "absent")).err
