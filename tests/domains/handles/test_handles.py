"""A device has another name for every purpose, and nobody joins them but the Authority, audibly."""

from __future__ import annotations

import itertools

import pytest

from enigm.domains.handles import rules, store
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.handles.actions.resolving import ReverseLookups
from enigm.domains.handles.errors import (
    AlreadyApprovedError,
    ApprovalMissingError,
    HandleExpiredError,
    HandleUnknownError,
)
from enigm.domains.handles.model import PersonHandle, Purpose, SubjectId
from enigm.domains.handles.needs import LookupStep
from enigm.foundation.errors import UnavailableError
from enigm.foundation.retention import RetentionJob
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy
from tests.support.migrations import assert_migrations_make

DEVICE, OTHER = SubjectId(b"d" * 32), SubjectId(b"o" * 32)
ASKER, FIRST, SECOND = (PersonHandle(bytes([number]) * 20) for number in range(3))


class Records:
    """Remembers the steps; refuses when the audit log is away."""

    def __init__(self) -> None:
        self.steps: list[LookupStep] = []
        self.is_away = False

    def record(self, step, person, handle) -> None:
        if self.is_away:
            raise UnavailableError("audit.unavailable", "The audit log is away.")
        self.steps.append(step)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database):
    return open_database("handles", store.metadata)


@pytest.fixture
def authority(database, clock) -> HandleAuthority:
    return HandleAuthority(database, keys_of_tests(), clock, FakeEntropy())


def test_migrations_make_the_tables(open_database) -> None:
    assert_migrations_make(open_database("handles"), store.metadata, store.DESIGN.versions)


@pytest.mark.requirement("TRU-02")
def test_a_handle_is_stable_within_its_scope_and_different_everywhere_else(
    authority, clock
) -> None:
    first = authority.handle(DEVICE, Purpose.AUDIT, "acme")
    assert authority.handle(DEVICE, Purpose.AUDIT, "acme") == first
    others = {
        authority.handle(OTHER, Purpose.AUDIT, "acme"),
        authority.handle(DEVICE, Purpose.AUDIT, "other tenant"),
        *(
            authority.handle(DEVICE, purpose, "acme")
            for purpose in Purpose
            if purpose.value != "audit"
        ),
    }
    assert len(others) == 1 + len(Purpose)
    assert first not in others
    clock.advance(rules.EPOCH_SECONDS)
    assert authority.handle(DEVICE, Purpose.AUDIT, "acme") != first


def test_purposes_do_not_turn_their_epochs_together() -> None:
    day = range(0, rules.EPOCH_SECONDS, 3600)
    turns = {
        purpose: next(
            hour for hour in day if rules.epoch_of(purpose, hour) != rules.epoch_of(purpose, 0)
        )
        for purpose in Purpose
    }
    assert len(set(turns.values())) == len(Purpose)


@pytest.mark.requirement("TRU-02")
def test_a_revocation_reaches_every_live_purpose_and_does_not_join_them(authority) -> None:
    handles = {purpose: authority.handle(DEVICE, purpose) for purpose in Purpose}
    kept = authority.handle(OTHER, Purpose.AUDIT)
    authority.revoke(DEVICE)
    lists = []
    for purpose, handle in handles.items():
        scope = authority.scope(purpose)
        assert authority.is_revoked(scope, handle)
        lists.append(authority.revocation_list(scope))
        assert handle in lists[-1]
        assert lists[-1] == sorted(lists[-1])
        assert len(lists[-1]) == rules.REVOCATIONS_PER_BATCH
    assert not authority.is_revoked(authority.scope(Purpose.AUDIT), kept)
    for one, two in itertools.combinations(lists, 2):
        assert not set(one) & set(two)


@pytest.mark.requirement("TRU-02")
def test_destroying_an_epochs_key_makes_its_handles_mean_nothing(
    authority, database, clock
) -> None:
    records = Records()
    scope = authority.scope(Purpose.AUDIT)
    handle = authority.handle(DEVICE, Purpose.AUDIT)
    clock.advance(rules.key_ends_at(scope) + 1 - clock.now_seconds())
    RetentionJob([(database, store.metadata)], clock).run()
    lookups = ReverseLookups(authority, records)
    request = lookups.ask(scope, handle, ASKER)
    lookups.approve(request, FIRST)
    lookups.approve(request, SECOND)
    with pytest.raises(HandleExpiredError):
        lookups.resolve(request, ASKER)


@pytest.mark.requirement("TRU-02")
def test_a_look_up_takes_two_other_people_and_leaves_a_record(authority) -> None:
    records = Records()
    lookups = ReverseLookups(authority, records)
    handle = authority.handle(DEVICE, Purpose.MANAGEMENT)
    authority.handle(OTHER, Purpose.MANAGEMENT)
    request = lookups.ask(authority.scope(Purpose.MANAGEMENT), handle, ASKER)
    for person in (ASKER,):
        with pytest.raises(AlreadyApprovedError):
            lookups.approve(request, person)
    lookups.approve(request, FIRST)
    with pytest.raises(AlreadyApprovedError):
        lookups.approve(request, FIRST)
    with pytest.raises(ApprovalMissingError):
        lookups.resolve(request, ASKER)
    lookups.approve(request, SECOND)
    assert lookups.resolve(request, ASKER) == DEVICE
    assert records.steps == [
        LookupStep.ASKED,
        LookupStep.APPROVED,
        LookupStep.DENIED,
        LookupStep.APPROVED,
        LookupStep.RESOLVED,
    ]
    with pytest.raises(HandleUnknownError):
        lookups.resolve(request, ASKER)


@pytest.mark.requirement("AUD-03")
def test_without_the_audit_log_nothing_is_resolved(authority) -> None:
    records = Records()
    lookups = ReverseLookups(authority, records)
    handle = authority.handle(DEVICE, Purpose.MANAGEMENT)
    request = lookups.ask(authority.scope(Purpose.MANAGEMENT), handle, ASKER)
    lookups.approve(request, FIRST)
    lookups.approve(request, SECOND)
    records.is_away = True
    with pytest.raises(UnavailableError):
        lookups.resolve(request, ASKER)
    records.is_away = False
    assert lookups.resolve(request, ASKER) == DEVICE


def test_a_request_lapses(authority, database, clock) -> None:
    lookups = ReverseLookups(authority, Records())
    handle = authority.handle(DEVICE, Purpose.MANAGEMENT)
    request = lookups.ask(authority.scope(Purpose.MANAGEMENT), handle, ASKER)
    clock.advance(store.LOOKUP_SECONDS + 1)
    RetentionJob([(database, store.metadata)], clock).run()
    with pytest.raises(HandleUnknownError):
        lookups.approve(request, FIRST)


def test_a_forgotten_device_is_found_no_more(authority) -> None:
    lookups = ReverseLookups(authority, Records())
    handle = authority.handle(DEVICE, Purpose.MANAGEMENT)
    authority.forget(DEVICE)
    request = lookups.ask(authority.scope(Purpose.MANAGEMENT), handle, ASKER)
    lookups.approve(request, FIRST)
    lookups.approve(request, SECOND)
    with pytest.raises(HandleUnknownError):
        lookups.resolve(request, ASKER)
