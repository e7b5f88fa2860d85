"""Records are durable before they are acknowledged, sealed, role-scoped, and end on time."""

from __future__ import annotations

import threading

import msgspec
import pytest

from enigm.domains.audit import rules, store
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.errors import AuditRoleError, AuditUnavailableError
from enigm.domains.audit.model import Act, Category, Decision, Record, Role
from enigm.foundation.retention import RetentionJob
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy
from tests.support.migrations import assert_migrations_make

OWNER, DEVICE, AUDITOR = b"o" * 20, b"d" * 20, b"a" * 20
REVOKED = Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED, OWNER, DEVICE)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database):
    return open_database("audit", store.metadata)


@pytest.fixture
def log(database, clock) -> AuditLog:
    return AuditLog(database, keys_of_tests(), clock, FakeEntropy())


def test_migrations_make_the_tables(open_database) -> None:
    assert_migrations_make(open_database("audit"), store.metadata, store.DESIGN.versions)


@pytest.mark.requirement("AUD-01")
def test_records_are_numbered_without_a_gap_and_read_back(log, clock) -> None:
    assert log.record(REVOKED) == [0]
    assert log.record(REVOKED, REVOKED) == [1, 2]
    records = log.read(Role.AUDITOR, Category.DEVICE, 0, AUDITOR)
    assert msgspec.json.decode(records[0].payload) == {
        "at": clock.now_seconds(),
        "act": "device.revoked",
        "role": "owner",
        "decision": "allowed",
        "actor": OWNER.hex(),
        "subject": DEVICE.hex(),
        "reason": "requested",
        "policy_version": 0,
    }
    assert len(records) == 3
    for each, sealed in zip(records, log.sealed(0, 3), strict=True):
        assert rules.commitment(each.nonce, each.payload) == sealed.commitment


@pytest.mark.requirement("AUD-03")
def test_reading_is_role_scoped_and_itself_recorded(log) -> None:
    log.record(REVOKED)
    with pytest.raises(AuditRoleError):
        log.read(Role.OPERATOR, Category.ACCOUNT, 0, OWNER)
    with pytest.raises(AuditRoleError):
        log.read(Role.OWNER, Category.DEVICE, 0, OWNER)
    acts = [
        msgspec.json.decode(each.payload)
        for each in log.read(Role.AUDITOR, Category.AUDIT, 0, AUDITOR)
    ]
    assert [(each["actor"], each["decision"]) for each in acts] == [
        (OWNER.hex(), "denied"),
        (OWNER.hex(), "denied"),
        (AUDITOR.hex(), "allowed"),
    ]


@pytest.mark.requirement("AUD-03")
def test_when_nothing_can_be_recorded_the_caller_is_told_and_the_log_recovers(
    log, database
) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE entry RENAME TO away")
    with pytest.raises(AuditUnavailableError):
        log.record(REVOKED)
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO entry")
    assert log.record(REVOKED) == [0]


def test_callers_at_once_each_get_their_own_numbers(log) -> None:
    numbers: list[list[int]] = []
    ready = threading.Barrier(8)

    def call() -> None:
        ready.wait()
        numbers.append(log.record(REVOKED, REVOKED))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for pair in numbers for number in pair) == list(range(16))


@pytest.mark.requirement("AUD-02")
def test_nothing_readable_lies_in_the_store(log, database) -> None:
    log.record(REVOKED)
    with database.read() as connection:
        rows = [repr(row) for row in connection.execute(store.entry.select())]
    assert all("revoked" not in row and "ooooooo" not in row for row in rows)


def test_a_record_cannot_carry_free_text(log) -> None:
    for reason in ("", "because Bob said so", "x" * 65, "Ä"):
        with pytest.raises(RuntimeError):
            log.record(Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED, reason=reason))


@pytest.mark.requirement("AUD-03")
def test_a_category_ends_on_time_and_its_commitments_stay(log, database, clock) -> None:
    account = Record(Act.ACCOUNT_DELETED, Role.OWNER, Decision.ALLOWED, OWNER)
    log.record(REVOKED, account)
    before = [each.commitment for each in log.sealed(0, 2)]
    clock.advance(
        rules.ends_at(Category.ACCOUNT, rules.period_of(clock.now_seconds()))
        + 1
        - clock.now_seconds()
    )
    RetentionJob([(database, store.metadata)], clock).run()
    assert log.read(Role.AUDITOR, Category.ACCOUNT, 0, AUDITOR) == []
    assert len(log.read(Role.AUDITOR, Category.DEVICE, 0, AUDITOR)) == 1
    assert [each.commitment for each in log.sealed(0, 2)] == before
