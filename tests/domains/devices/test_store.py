"""The devices' store answers the same on both engines."""

from __future__ import annotations

import pytest

from enigm.crypto.signatures import Ed25519, Hybrid
from enigm.domains.devices import store as devices_store
from enigm.domains.devices.model import (
    DeviceOfOwner,
    DirectoryName,
    Enrolment,
    ListedDevice,
    OwnerRef,
    Trust,
)
from enigm.foundation.database import Database
from enigm.foundation.inventory import collect
from enigm.wire.device_chain import DeviceChain, Kind, device_id_of
from tests.support.databases import OpenDatabase
from tests.support.entropy import FakeEntropy
from tests.support.migrations import assert_migrations_make

NOW = 1_795_000_000
ENTROPY = FakeEntropy(b"device store")
ALICE, BOB = OwnerRef(b"a" * 32), OwnerRef(b"b" * 32)
NAME = DirectoryName(b"n" * 32)
ROOT = Hybrid.generate(ENTROPY)
KEY = Ed25519.generate(ENTROPY).public
DEVICE = DeviceOfOwner(device_id_of(KEY), KEY, Trust.TRUSTED)


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database("devices", devices_store.metadata)


@pytest.fixture
def store(database: Database) -> devices_store.DeviceStore:
    return devices_store.DeviceStore(database)


def test_migrations_make_the_tables(open_database: OpenDatabase) -> None:
    design = devices_store.DESIGN
    assert_migrations_make(open_database("devices"), design.metadata, design.versions)


@pytest.mark.requirement("PRV-01")
def test_every_column_is_declared() -> None:
    assert len(collect([devices_store.metadata])) > 25


def test_a_chain_comes_back_entry_by_entry(store: devices_store.DeviceStore) -> None:
    chain = DeviceChain.empty(ROOT.public)
    with store.begin() as records:
        records.begin_chain(ALICE, NAME, chain)
        records.begin_chain(ALICE, NAME, chain)
        for number in range(3):
            other = Ed25519.generate(ENTROPY).public
            entry = chain.by_root(Kind.CERTIFY, other, ROOT, NOW + number)
            assert records.add_entry(ALICE, number, entry)
            chain = chain.append(entry)
        entry = chain.by_root(Kind.REVOKE, next(iter(chain.trusted)), ROOT, NOW)
        assert records.add_entry(ALICE, 3, entry)
        assert not records.add_entry(ALICE, 3, b"another")
        chain = chain.append(entry)
    with store.read() as records:
        assert records.chain(ALICE) == chain
        assert records.chain(BOB) is None
        assert records.owner_named(NAME) == ALICE
        assert records.owner_of_root(chain.fingerprint) == ALICE
        assert records.owner_named(DirectoryName(bytes(32))) is None


def test_a_device_is_trusted_then_revoked_and_not_reachable_any_more(
    store: devices_store.DeviceStore,
) -> None:
    with store.begin() as records:
        assert records.device(ALICE, DEVICE.device_id) is None
        records.enrol(ALICE, DEVICE.device_id, Enrolment(KEY, NOW, b"card"), NOW + 5)
        records.trust(ALICE, DEVICE, b"card")
        assert records.enrolment(ALICE, DEVICE.device_id, NOW) is None
        assert records.device(ALICE, DEVICE.device_id) == DEVICE
        assert records.device(BOB, DEVICE.device_id) is None
        assert records.listed(ALICE) == [ListedDevice(KEY, b"card", None)]
        records.set_card(ALICE, DEVICE.device_id, b"new card")
        assert records.listed(ALICE) == [ListedDevice(KEY, b"new card", None)]
        records.add_key_packages(ALICE, DEVICE.device_id, [b"one"])
        records.set_last_resort(ALICE, DEVICE.device_id, b"last")
        records.revoke(ALICE, DEVICE.device_id)
        revoked = records.device(ALICE, DEVICE.device_id)
        assert revoked is not None
        assert revoked.trust is Trust.REVOKED
        records.set_card(ALICE, DEVICE.device_id, b"too late")
        assert records.listed(ALICE) == []
        assert records.take_key_package(ALICE, DEVICE.device_id) is None


def test_enrolments_wait_and_end(store: devices_store.DeviceStore) -> None:
    waiting = Enrolment(KEY, NOW, b"card")
    with store.begin() as records:
        records.enrol(ALICE, DEVICE.device_id, waiting, NOW + 5)
        records.enrol(ALICE, DEVICE.device_id, waiting, NOW + 6)
        assert records.enrolments(ALICE, NOW + 5) == [waiting]
        assert records.enrolments(ALICE, NOW + 6) == []
        assert records.enrolments(BOB, NOW) == []
        assert not records.end_enrolment(BOB, DEVICE.device_id)
        assert records.end_enrolment(ALICE, DEVICE.device_id)
        assert not records.end_enrolment(ALICE, DEVICE.device_id)


def test_key_packages_go_oldest_first_and_the_last_resort_stays(
    store: devices_store.DeviceStore,
) -> None:
    with store.begin() as records:
        records.add_key_packages(ALICE, DEVICE.device_id, [b"one", b"two"])
        records.add_key_packages(ALICE, DEVICE.device_id, [])
        records.set_last_resort(ALICE, DEVICE.device_id, b"older")
        records.set_last_resort(ALICE, DEVICE.device_id, b"last")
        assert records.count_key_packages(ALICE, DEVICE.device_id) == 2
        taken = [records.take_key_package(ALICE, DEVICE.device_id) for _ in range(4)]
        assert taken == [b"one", b"two", b"last", b"last"]
        assert records.take_key_package(BOB, DEVICE.device_id) is None


def test_a_nonce_is_used_once(store: devices_store.DeviceStore) -> None:
    with store.begin() as records:
        assert records.use_nonce(b"n" * 32, NOW)
        assert not records.use_nonce(b"n" * 32, NOW)


@pytest.mark.requirement("APP-18")
def test_erasing_an_owner_leaves_nothing_of_it_and_all_of_others(
    store: devices_store.DeviceStore, database: Database
) -> None:
    other = Hybrid.generate(ENTROPY)
    for owner, root, name in ((ALICE, ROOT, NAME), (BOB, other, DirectoryName(b"m" * 32))):
        chain = DeviceChain.empty(root.public)
        with store.begin() as records:
            records.begin_chain(owner, name, chain)
            records.add_entry(owner, 0, chain.by_root(Kind.CERTIFY, KEY, root, NOW))
            records.trust(owner, DEVICE, b"card")
            records.enrol(owner, device_id_of(b"w" * 32), Enrolment(KEY, NOW, b""), NOW + 5)
            records.add_key_packages(owner, DEVICE.device_id, [b"one"])
            records.set_last_resort(owner, DEVICE.device_id, b"last")
    with store.begin() as records:
        records.erase(ALICE)
        records.erase(ALICE)
    with database.read() as connection:
        for table in devices_store.metadata.sorted_tables:
            rows = connection.execute(table.select()).mappings().all()
            assert [row["owner"] for row in rows if "owner" in row] == [BOB] * len(rows)
