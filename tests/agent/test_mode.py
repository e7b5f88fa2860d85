"""Managed mode is the user's own choice, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.agent.mode import ManagedMode, ManagedModeOffError
from enigm.assembly.main import app
from enigm.faces.cli.agent import app as agent_app
from enigm.foundation.errors import SetupError
from tests.architecture.tree import Tree
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

CLOCK = FakeClock()


@pytest.fixture
def mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ManagedMode:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return ManagedMode.of({"XDG_CONFIG_HOME": str(tmp_path)})


@pytest.mark.requirement("OSM-01")
def test_managed_mode_is_off_until_the_user_turns_it_on(mode: ManagedMode) -> None:
    assert mode.since() is None
    with pytest.raises(ManagedModeOffError):
        mode.require_on()
    mode.turn_on(CLOCK)
    mode.require_on()
    assert mode.since() == CLOCK.now_seconds()


@pytest.mark.requirement("OSM-01")
def test_one_persons_wish_is_not_anothers_on_the_same_machine(
    mode: ManagedMode, tmp_path: Path
) -> None:
    mode.turn_on(CLOCK)
    other = ManagedMode.of({"XDG_CONFIG_HOME": str(tmp_path)}, "other")
    assert other.since() is None
    other.turn_on(CLOCK)
    mode.turn_off()
    assert other.since() is not None


def test_turning_it_on_twice_keeps_the_first_moment(mode: ManagedMode) -> None:
    mode.turn_on(CLOCK)
    mode.turn_on(FakeClock(CLOCK.now_seconds() + 60))
    assert mode.since() == CLOCK.now_seconds()


@pytest.mark.requirement("OSM-01")
def test_turning_it_off_leaves_nothing(mode: ManagedMode) -> None:
    mode.turn_on(CLOCK)
    mode.keep("attestation-key.json", b"{}")
    mode.turn_off()
    assert not mode.folder.exists()
    assert mode.since() is None
    mode.turn_off()


def test_only_the_user_can_read_what_is_kept(mode: ManagedMode) -> None:
    mode.turn_on(CLOCK)
    assert mode.folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in mode.folder.iterdir())


def test_a_damaged_file_is_no_consent(mode: ManagedMode) -> None:
    mode.keep("managed.json", b"{}")
    with pytest.raises(SetupError):
        mode.require_on()


@pytest.mark.requirement("OSM-01")
def test_neither_report_nor_attestation_is_made_while_it_is_off(mode: ManagedMode) -> None:
    for command in (
        ["report"],
        ["attest", "send"],
        ["attest", "quote"],
        ["attest", "enrol", "--root", "absent.pem"],
    ):
        with pytest.raises(ManagedModeOffError):
            agent_app(command)
    assert not mode.folder.exists()


@pytest.mark.requirement("OSM-01")
def test_the_app_does_not_know_the_agent() -> None:
    named = [
        module.path for module in Tree().modules("src/enigm/app/") if "enigm.agent" in module.text
    ]
    assert named == []


def test_the_command_shows_the_posture_and_sends_nothing(
    mode: ManagedMode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app(["agent", "posture"]) == 0
    assert "All of this stays on this machine." in capsys.readouterr().out
    assert app(["agent", "posture", "--json"]) == 0
    assert '"signal":"disk_encryption"' in capsys.readouterr().out
    assert not mode.folder.exists()


def test_on_off_and_status_say_what_is(
    mode: ManagedMode, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, said in (
        ("status", "Managed mode is off"),
        ("on", "Managed mode is on."),
        ("status", "Managed mode is on since"),
        ("off", "the service is told to forget"),
    ):
        assert agent_app([command]) == 0
        assert said in capsys.readouterr().out
