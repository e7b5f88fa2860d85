"""Who holds the stores of posture and attestation joins them no better than by chance.

The devices give every help: each reports and attests at its own moment of the day, the two
within seconds, in one order, with a posture and sizes of its own. The adversary reads the rows as
the file holds them: handles, bodies, sizes, ends, and the order in which they lie. The control
shows what the same adversary makes of the same facts where they are kept in the clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from enigm.domains.attestation import store as attestation_store
from enigm.domains.attestation.actions.records import AttestationRecords
from enigm.domains.attestation.model import AttestationHandle, Attester, KeptDevice
from enigm.domains.handles import rules as handle_rules
from enigm.domains.handles import store as handle_store
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.handles.model import Purpose, SubjectId
from enigm.domains.posture import rules as posture_rules
from enigm.domains.posture import store as posture_store
from enigm.domains.posture.actions.intake import PostureRecords
from enigm.domains.posture.model import PostureHandle
from enigm.wire.posture_report import Signal, State
from tests.domains.handles.test_linkage import AUC_MAX, FLEET, auc
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from enigm.foundation.database import Database

pytestmark = pytest.mark.requirement("TRU-02")

DAY_SECONDS = 86_400
BODY_BITS_READ = 40 * 8


@dataclass(frozen=True)
class Device:
    """What is true of a device, whatever is kept of it."""

    subject: SubjectId
    at: int
    states: dict[Signal, State]
    key_bytes: int


@dataclass(frozen=True)
class Seen:
    """One row as the file holds it."""

    handle: bytes
    body: bytes
    place: float
    end: int
    moment: int = 0
    posture: int = 0


def same_handle(one: Seen, two: Seen) -> float:
    return -(_number(one.handle) ^ _number(two.handle)).bit_count()


def same_body(one: Seen, two: Seen) -> float:
    read = BODY_BITS_READ // 8
    return -(_number(one.body[:read]) ^ _number(two.body[:read])).bit_count()


def same_place(one: Seen, two: Seen) -> float:
    return -abs(one.place - two.place)


def same_size(one: Seen, two: Seen) -> float:
    return -abs(len(one.body) - len(two.body))


def same_end(one: Seen, two: Seen) -> float:
    return -abs(one.end - two.end)


def same_moment(one: Seen, two: Seen) -> float:
    return -abs(one.moment - two.moment)


def same_posture(one: Seen, two: Seen) -> float:
    return float(one.posture == two.posture)


SCORES: list[Callable[[Seen, Seen], float]] = [
    same_handle,
    same_body,
    same_place,
    same_size,
    same_end,
    same_moment,
    same_posture,
]


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


@pytest.fixture(scope="module")
def fleet() -> list[Device]:
    """Devices in the order in which they come."""
    dice = FakeEntropy(b"a fleet with habits")
    base = FakeClock().now_seconds() - DAY_SECONDS

    def die(sides: int) -> int:
        return _number(dice.random_bytes(4)) % sides

    devices = [
        Device(
            SubjectId(dice.random_bytes(32)),
            base + die(DAY_SECONDS),
            {signal: State(die(3)) for signal in list(Signal)[: 1 + die(6)]},
            90 + die(60),
        )
        for _ in range(FLEET)
    ]
    return sorted(devices, key=lambda device: device.at)


def named(authority: HandleAuthority, fleet: list[Device], purpose: Purpose) -> list[bytes]:
    """Name the whole fleet under one key, as ``handle`` names each device."""
    scope = authority.scope(purpose)
    authority.handle(fleet[0].subject, purpose)
    with authority.database.read() as connection:
        key = authority.key(connection, scope)
    return [handle_rules.handle_for(key, scope, device.subject) for device in fleet]


def rows_of(database: Database, table: sa.Table) -> dict[bytes, Seen]:
    """Read a table in the order in which it lies."""
    with database.read() as connection:
        rows = connection.execute(table.select()).all()
    return {
        row.handle: Seen(row.handle, row.sealed, place / len(rows), row.ends_at)
        for place, row in enumerate(rows)
    }


def best_auc(one: list[Seen], two: list[Seen]) -> float:
    same = list(zip(one, two, strict=True))
    shifted = two[len(two) // 2 :] + two[: len(two) // 2]
    different = list(zip(one, shifted, strict=True))
    found = [auc(score, same, different) for score in SCORES]  # type: ignore[arg-type]
    return max(max(value, 1 - value) for value in found)


def test_posture_and_attestation_cannot_be_joined(open_sqlcipher_database, fleet) -> None:
    clock, keys, dice = FakeClock(), keys_of_tests(), FakeEntropy(b"evidence")
    handles = open_sqlcipher_database("handles", handle_store.metadata)
    authority = HandleAuthority(handles, keys, clock, dice)
    postures = open_sqlcipher_database("posture", posture_store.metadata)
    attestations = open_sqlcipher_database("attestation", attestation_store.metadata)
    of_posture = named(authority, fleet, Purpose.POSTURE)
    of_attestation = named(authority, fleet, Purpose.ATTESTATION)

    reports = PostureRecords(postures, keys, clock, dice).reports
    end = authority.epoch_ends_at(Purpose.POSTURE)
    with postures.begin() as connection:
        for device, name in zip(fleet, of_posture, strict=True):
            packed = posture_rules.packed(device.at, device.states)
            handle = PostureHandle(name)
            sealed = reports.seal(packed, handle)
            posture_store.keep(connection, posture_store.report, handle, sealed, end)
    records = AttestationRecords(attestations, keys, clock, dice)
    end = authority.epoch_ends_at(Purpose.ATTESTATION)
    with attestations.begin() as connection:
        for device, name in zip(fleet, of_attestation, strict=True):
            attester = Attester(AttestationHandle(name), end, b"")
            verdict = device.at.to_bytes(8, "big") + bytes(_number(device.subject[:1]))
            kept = KeptDevice(bytes(device.key_bytes), device.key_bytes, verdict=verdict)
            records.enrol(connection, attester, kept)

    one = rows_of(postures, posture_store.report)
    two = rows_of(attestations, attestation_store.device)
    assert best_auc([one[each] for each in of_posture], [two[each] for each in of_attestation]) <= (
        AUC_MAX
    )


def test_control_the_same_facts_in_the_clear_are_joined(fleet) -> None:
    def clear(dice: FakeEntropy) -> list[Seen]:
        return [
            Seen(
                handle=dice.random_bytes(20),
                body=dice.random_bytes(device.key_bytes),
                place=place / FLEET,
                end=0,
                moment=device.at + dice.random_bytes(1)[0] % 30,
                posture=hash(tuple(device.states.items())),
            )
            for place, device in enumerate(fleet)
        ]

    assert best_auc(clear(FakeEntropy(b"one")), clear(FakeEntropy(b"two"))) > 0.99


@pytest.mark.parametrize("hint", [same_place, same_size, same_moment, same_posture])
def test_control_each_side_column_in_the_clear_would_be_enough(fleet, hint) -> None:
    def kept(dice: FakeEntropy) -> list[Seen]:
        return [
            Seen(
                dice.random_bytes(20),
                bytes(device.key_bytes) if hint is same_size else b"",
                place / FLEET if hint is same_place else 0,
                0,
                device.at if hint is same_moment else 0,
                hash(tuple(device.states.items())) if hint is same_posture else 0,
            )
            for place, device in enumerate(fleet)
        ]

    assert best_auc(kept(FakeEntropy(b"one")), kept(FakeEntropy(b"two"))) > 0.9
