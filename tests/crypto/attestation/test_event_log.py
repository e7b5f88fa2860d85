"""An event log is believed as far as it explains the quoted registers."""

from __future__ import annotations

import hashlib

import pytest

from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.event_log import (
    EVENT_NO_ACTION,
    EVENT_SEPARATOR,
    check_event_log,
    read_event_log,
    replay,
)
from tests.crypto.attestation.paper_tpm import event_log

EVENTS = [
    (0, 0x00000008, b"firmware 1.0"),
    (7, 0x80000001, b"SecureBoot = 1"),
    (0, EVENT_SEPARATOR, bytes(4)),
    (7, EVENT_SEPARATOR, bytes(4)),
]
LOG = event_log(EVENTS)


def extended(*descriptions: bytes) -> bytes:
    register = bytes(32)
    for description in descriptions:
        register = hashlib.sha256(register + hashlib.sha256(description).digest()).digest()
    return register


QUOTED = {
    0: extended(b"firmware 1.0", bytes(4)),
    1: bytes(32),
    7: extended(b"SecureBoot = 1", bytes(4)),
    11: b"extended by the system, later".ljust(32),
}


@pytest.mark.requirement("ATT-01")
def test_a_log_that_leads_to_the_quoted_registers_is_accepted() -> None:
    events = check_event_log(LOG, QUOTED)
    assert [event.pcr for event in events] == [0, 7, 0, 7]


@pytest.mark.requirement("ATT-01")
@pytest.mark.parametrize("cheat", ["left out", "added", "reordered", "changed"])
def test_an_edited_log_is_refused(cheat: str) -> None:
    edited = {
        "left out": EVENTS[1:],
        "added": [*EVENTS, (7, 0x0D, b"another")],
        "reordered": [EVENTS[2], *EVENTS[:2], EVENTS[3]],
        "changed": [(0, 8, b"firmware 2.0"), *EVENTS[1:]],
    }[cheat]
    with pytest.raises(AttestationRefusedError) as refused:
        check_event_log(event_log(edited), QUOTED)
    assert refused.value.code == "attestation.event_log"


def test_an_event_that_says_other_than_what_was_measured_is_refused() -> None:
    # The digest stays right, so the registers fit; only the readable part lies.
    lying = LOG.replace(b"SecureBoot = 1", b"SecureBoot = 0")
    with pytest.raises(AttestationRefusedError) as refused:
        check_event_log(lying, QUOTED)
    assert "not what was measured" in refused.value.trace


def test_an_event_that_extends_nothing_leaves_the_registers() -> None:
    quiet = event_log([*EVENTS, (7, EVENT_NO_ACTION, b"a remark")])
    assert replay(read_event_log(quiet))[7] == QUOTED[7]


def test_the_locality_that_started_the_machine_is_the_first_value_of_register_zero() -> None:
    started = event_log([(0, EVENT_NO_ACTION, b"StartupLocality\x00\x03")])
    assert replay(read_event_log(started))[0] == bytes(31) + b"\x03"


def test_registers_that_begin_as_ones_do() -> None:
    registers = replay(())
    assert registers[16] == registers[23] == bytes(32)
    assert registers[17] == registers[22] == b"\xff" * 32


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        LOG[:-1],
        LOG + b"\x00",
        LOG.replace(b"Spec ID Event03", b"Spec ID Event02"),
        bytes(2 << 20),
        event_log([(24, 8, b"no such register")]),
    ],
    ids=["empty", "cut", "trailing", "old form", "too long", "register 24"],
)
def test_what_is_no_whole_log_is_refused(octets: bytes) -> None:
    with pytest.raises(AttestationRefusedError) as refused:
        read_event_log(octets)
    assert refused.value.code == "attestation.event_log"


def test_a_log_of_endless_events_is_refused() -> None:
    with pytest.raises(AttestationRefusedError):
        read_event_log(event_log([(0, 8, b"")] * 5000))
