"""A posture is read whole and in time; what leaves is the least that a policy needs."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

import pytest

from enigm.agent.posture.collect import COLLECTORS, collect
from enigm.agent.posture.machine import Machine, SystemRunner, this_machine
from enigm.agent.posture.readings import Posture, not_well, unknown, well
from enigm.agent.posture.telling import told_lines, told_readings
from enigm.agent.posture.wording import ADVICE
from enigm.crypto.signatures import Ed25519
from enigm.foundation.clock import SystemClock
from enigm.wire.posture_report import (
    AGE_SECONDS_MAX,
    AHEAD_SECONDS_MAX,
    PostureReport,
    ReportRefusedError,
    Signal,
    State,
    VerifiedPosture,
    sign_report,
    signal_named,
    verify_report,
)
from tests.agent.laid_out import NOW, LaidOut
from tests.support.clock import FakeClock
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from pathlib import Path

DICE = FakeEntropy(b"posture")
DEVICE = Ed25519.generate(DICE)
HANDLE, NONCE = DICE.random_bytes(20), DICE.random_bytes(16)
STATES = {Signal.FIREWALL: State.TRUE, Signal.SECURE_BOOT: State.UNKNOWN}
REPORT = PostureReport(HANDLE, NONCE, NOW, STATES)
SIGNED = sign_report(REPORT, DEVICE)


def posture() -> Posture:
    readings = {signal: unknown(signal, "not_told") for signal in Signal}
    readings[Signal.FIREWALL] = well(Signal.FIREWALL, "refusing")
    readings[Signal.UPDATES_PENDING] = not_well(Signal.UPDATES_PENDING, "waiting", first="openssl")
    return Posture(tuple(readings.values()), NOW, 40)


def verified(
    octets: bytes = SIGNED,
    *,
    public: bytes = DEVICE.public,
    handle: bytes = HANDLE,
    nonce: bytes = NONCE,
    now: int = NOW,
) -> VerifiedPosture:
    return verify_report(octets, public, handle=handle, nonce=nonce, now_seconds=now)


@pytest.mark.requirement("TSC-01")
def test_this_machines_posture_is_read_whole() -> None:
    seen = collect(this_machine(), SystemClock(), seconds_max=20)
    assert [reading.signal for reading in seen.readings] == list(Signal)
    assert not [reading for reading in seen.readings if reading.code.endswith("unreadable")]
    # Whatever this machine is: it has a disk, and a network table.
    assert seen.of(Signal.LISTENING_SERVICES).state is not State.UNKNOWN
    assert list(told_lines(seen))[-1] == "All of this stays on this machine."


def test_a_signal_that_is_late_is_unknown_and_holds_nothing_up(laid_out: LaidOut) -> None:
    released = threading.Event()

    class SlowRunner:
        def run(self, *command: str) -> str | None:
            released.wait(10)
            return None

    laid_out.command("nft")
    machine = dataclasses.replace(laid_out.machine, runner=SlowRunner())
    try:
        seen = collect(machine, FakeClock(NOW), seconds_max=0.05)
    finally:
        released.set()
    assert seen.of(Signal.FIREWALL).code == "firewall.too_slow"
    assert seen.of(Signal.FIREWALL).state is State.UNKNOWN


def test_a_file_of_an_unforeseen_form_spoils_its_own_signal_only(laid_out: LaidOut) -> None:
    laid_out.put("/proc/net/tcp", "head\n 0: nonsense:zz 0:0 0A\n")
    laid_out.put("/sys/kernel/security/lockdown", "[integrity]")
    seen = collect(laid_out.machine, FakeClock(NOW), seconds_max=20)
    assert seen.of(Signal.LISTENING_SERVICES).code == "listening_services.unreadable"
    assert seen.of(Signal.KERNEL_LOCKDOWN).state is State.TRUE


def test_a_command_that_is_slow_absent_or_fails_gives_nothing() -> None:
    runner = SystemRunner(seconds_max=0.05)
    assert runner.run("sleep", "5") is None
    assert runner.run("no-such-program-here") is None
    assert runner.run("false") is None
    assert runner.run("echo", "words") == "words\n"


def test_a_program_in_the_users_own_path_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "nft"
    planted.write_text("#!/bin/sh\necho all is well\n")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert SystemRunner().run("nft") != "all is well\n"
    assert not Machine(tmp_path, SystemRunner(), 0, tmp_path).has_command("nft")


def test_every_signal_has_a_collector_and_words_for_a_person() -> None:
    assert COLLECTORS.keys() == ADVICE.keys() == set(Signal)


@pytest.mark.requirement("TSC-01")
def test_every_reading_that_is_not_well_says_why_and_what_to_do() -> None:
    for told in told_readings(posture()):
        assert told.promise
        assert told.why
        assert bool(told.to_do) is (told.state != "true")


def test_a_person_reads_what_is_well_first_and_what_to_do_about_the_rest() -> None:
    lines = "\n".join(told_lines(posture()))
    assert lines.index("What is well") < lines.index("What is not well")
    assert "waiting (first: openssl)" in lines
    assert "Well: 1 of 12." in lines


@pytest.mark.requirement("TSC-03")
def test_unknown_and_unsent_are_never_good() -> None:
    seen = verified()
    assert seen.state_of(Signal.FIREWALL) is State.TRUE
    wanted = [Signal.FIREWALL, Signal.SECURE_BOOT, Signal.DISK_ENCRYPTION]
    assert seen.lacks(wanted) == (Signal.DISK_ENCRYPTION, Signal.SECURE_BOOT)


REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("posture.signature", {"public": Ed25519.generate(DICE).public}),
    ("posture.handle", {"handle": bytes(20)}),
    ("posture.nonce", {"nonce": bytes(16)}),
    ("posture.stale", {"now": NOW + AGE_SECONDS_MAX + 1}),
    ("posture.ahead", {"now": NOW - AHEAD_SECONDS_MAX - 1}),
]


@pytest.mark.requirement("TSC-03")
@pytest.mark.parametrize(("code", "wrong"), REFUSALS)
def test_a_report_of_another_device_handle_challenge_or_time_is_refused(
    code: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ReportRefusedError) as refused:
        verified(**wrong)
    assert refused.value.code == code


@pytest.mark.requirement("TSC-03")
def test_every_changed_byte_of_a_report_is_refused() -> None:
    for at in range(len(SIGNED)):
        changed = bytearray(SIGNED)
        changed[at] ^= 1
        with pytest.raises(ReportRefusedError) as refused:
            verified(bytes(changed))
        assert refused.value.code in {"posture.format", "posture.signature"}


@pytest.mark.parametrize(
    "pairs", [b"\x06\x02\x06\x02", b"\x06\x02\x02\x02", b"\x63\x02", b"\x06\x03"]
)
def test_signals_out_of_order_twice_or_unheard_of_are_refused_although_signed(
    pairs: bytes,
) -> None:
    body = SIGNED[:45] + bytes([len(pairs) // 2]) + pairs
    signed = body + Ed25519.sign(DEVICE.private, b"enigm posture report v1" + body)
    with pytest.raises(ReportRefusedError) as refused:
        verified(signed)
    assert refused.value.code == "posture.format"


@pytest.mark.parametrize("octets", [b"", SIGNED[:-1], SIGNED + b"\x00", bytes(200)])
def test_what_is_no_whole_report_is_refused(octets: bytes) -> None:
    with pytest.raises(ReportRefusedError) as refused:
        verified(octets)
    assert refused.value.code in {"posture.format", "posture.signature"}


def test_signals_are_found_by_the_words_that_policies_write() -> None:
    assert [signal_named(signal.word) for signal in Signal] == list(Signal)
    assert signal_named("anything_else") is None
