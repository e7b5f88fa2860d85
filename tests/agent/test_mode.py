"""Managed mode is the user's own choice, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.agent.mode import ManagedMode, ManagedModeOffError
from enigm.assembly.main import app
from enigm.crypto.signatures import Ed25519
from enigm.faces.cli.agent import app as agent_app
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import InvalidError, SetupError
from enigm.wire.posture_report import Signal, State, verify_report
from tests.architecture.tree import Tree
from tests.support.clock import FakeClock
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from pathlib import Path

CLOCK, ENTROPY = FakeClock(), FakeEntropy(b"managed mode")
HANDLE, NONCE = base64url_encode(bytes(20)), base64url_encode(bytes(16))


@pytest.fixture
def mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ManagedMode:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return ManagedMode.of({"XDG_CONFIG_HOME": str(tmp_path)})


@pytest.mark.requirement("OSM-01")
def test_managed_mode_is_off_until_the_user_turns_it_on(mode: ManagedMode) -> None:
    assert mode.since() is None
    with pytest.raises(ManagedModeOffError):
        mode.device_key()
    mode.turn_on(CLOCK, ENTROPY)
    assert mode.since() == CLOCK.now_seconds()
    assert Ed25519.from_seed(mode.device_key().private).public == mode.device_key().public


def test_turning_it_on_twice_keeps_the_key(mode: ManagedMode) -> None:
    mode.turn_on(CLOCK, ENTROPY)
    first = mode.device_key().public
    mode.turn_on(CLOCK, ENTROPY)
    assert mode.device_key().public == first


@pytest.mark.requirement("OSM-01")
def test_turning_it_off_leaves_nothing(mode: ManagedMode) -> None:
    mode.turn_on(CLOCK, ENTROPY)
    mode.keep("attestation-key.json", b"{}")
    mode.turn_off()
    assert not mode.folder.exists()
    assert mode.since() is None
    mode.turn_off()


def test_only_the_user_can_read_what_is_kept(mode: ManagedMode) -> None:
    mode.turn_on(CLOCK, ENTROPY)
    assert mode.folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in mode.folder.iterdir())


def test_a_damaged_file_is_no_consent(mode: ManagedMode) -> None:
    mode.keep("managed.json", b"{}")
    with pytest.raises(SetupError):
        mode.device_key()


@pytest.mark.requirement("OSM-01")
def test_neither_report_nor_attestation_is_made_while_it_is_off(mode: ManagedMode) -> None:
    for command in (
        ["report", "--signals", "firewall", "--handle", HANDLE, "--nonce", NONCE],
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


@pytest.mark.requirement("OSM-01", "TSC-03")
def test_a_managed_device_reports_the_named_signals_and_no_more(
    mode: ManagedMode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert agent_app(["on"]) == 0
    capsys.readouterr()
    assert (
        agent_app(
            ["report", "--signals", "firewall,screen_lock", "--handle", HANDLE, "--nonce", NONCE]
        )
        == 0
    )
    octets = base64url_decode(capsys.readouterr().out.strip())
    taken_at = int.from_bytes(octets[37:45], "big")
    seen = verify_report(
        octets,
        mode.device_key().public,
        handle=bytes(20),
        nonce=bytes(16),
        now_seconds=taken_at,
    )
    assert seen.states.keys() == {Signal.FIREWALL, Signal.SCREEN_LOCK}
    assert seen.state_of(Signal.DISK_ENCRYPTION) is State.UNKNOWN


@pytest.mark.parametrize(
    "wrong",
    [["firewal", HANDLE, NONCE], ["firewall", NONCE, NONCE], ["firewall", HANDLE, "not base64!"]],
)
def test_a_report_that_was_asked_for_wrongly_is_refused(
    wrong: list[str], mode: ManagedMode
) -> None:
    mode.turn_on(CLOCK, ENTROPY)
    signals, handle, nonce = wrong
    with pytest.raises(InvalidError):
        agent_app(["report", "--signals", signals, "--handle", handle, "--nonce", nonce])


def test_on_off_and_status_say_what_is(
    mode: ManagedMode, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, said in (
        ("status", "Managed mode is off"),
        ("on", "Managed mode is on."),
        ("status", "Managed mode is on since"),
        ("off", "its keys are deleted"),
    ):
        assert agent_app([command]) == 0
        assert said in capsys.readouterr().out
