"""What is kept in memory of handles is older than no revocation here, nor by more than a second."""

from __future__ import annotations

import pytest

from enigm.domains.handles import rules, store
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.handles.actions.recalling import LOOK_SECONDS, RECALLED_MAX
from enigm.domains.handles.model import Purpose, SubjectId
from enigm.foundation.retention import RetentionJob
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

pytestmark = pytest.mark.requirement("TRU-02")
DEVICE, OTHER = SubjectId(b"d" * 32), SubjectId(b"o" * 32)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database):
    return open_database("handles", store.metadata)


@pytest.fixture
def processes(database, clock) -> tuple[HandleAuthority, HandleAuthority]:
    entropy = FakeEntropy()
    here, there = (HandleAuthority(database, keys_of_tests(), clock, entropy) for _ in range(2))
    return here, there


def is_revoked(authority: HandleAuthority, subject: SubjectId, purpose: Purpose) -> bool:
    handle = authority.handle(subject, purpose)
    return authority.is_revoked(authority.scope(purpose), handle)


def test_a_revocation_counts_at_once_here_and_within_a_second_in_another_process(
    processes, clock
) -> None:
    here, there = processes
    for each in processes:
        assert not is_revoked(each, DEVICE, Purpose.POSTURE)
        assert not is_revoked(each, OTHER, Purpose.POSTURE)
    here.revoke(DEVICE)
    assert is_revoked(here, DEVICE, Purpose.POSTURE)
    clock.advance(LOOK_SECONDS)
    assert is_revoked(there, DEVICE, Purpose.POSTURE)
    there.revoke_handle(Purpose.POSTURE, there.handle(OTHER, Purpose.POSTURE))
    assert is_revoked(there, OTHER, Purpose.POSTURE)
    clock.advance(LOOK_SECONDS)
    assert is_revoked(here, OTHER, Purpose.POSTURE)


def test_names_turn_with_their_epoch_and_not_a_look_later(processes, clock) -> None:
    here, _there = processes
    ends_at = here.epoch_ends_at(Purpose.POSTURE)
    clock.advance(ends_at - clock.now_seconds() - 0.5)
    before = here.handle(DEVICE, Purpose.POSTURE)
    clock.advance(0.5)
    after = here.handle(DEVICE, Purpose.POSTURE)
    assert after != before
    assert here.live_handles(DEVICE, Purpose.POSTURE) == [after], "that key ended with its epoch"


def test_a_key_that_ended_or_is_gone_from_the_store_names_nobody(
    processes, database, clock
) -> None:
    here, there = processes
    first = here.handle(DEVICE, Purpose.AUDIT)
    clock.advance(rules.EPOCH_SECONDS)
    assert here.live_handles(DEVICE, Purpose.AUDIT)[1:] == [first]
    assert there.live_handles(DEVICE, Purpose.AUDIT)[1:] == [first]
    with database.begin() as connection:
        connection.execute(store.epoch_key.delete())
    clock.advance(LOOK_SECONDS)
    for each in processes:
        assert first not in each.live_handles(DEVICE, Purpose.AUDIT)
    clock.advance(rules.KEY_RETENTION_SECONDS + 2 * rules.EPOCH_SECONDS)
    RetentionJob([(database, store.metadata)], clock).run()
    assert len(here.live_handles(DEVICE, Purpose.AUDIT)) == 1


def test_two_processes_give_one_device_one_name(processes) -> None:
    here, there = processes
    for purpose in Purpose:
        assert here.handle(DEVICE, purpose) == there.handle(DEVICE, purpose)


def test_a_device_that_another_process_forgot_is_kept_again_before_it_is_named(
    processes, database, clock
) -> None:
    here, there = processes
    here.handle(DEVICE, Purpose.AUDIT)
    there.forget(DEVICE)
    clock.advance(LOOK_SECONDS)
    here.handle(DEVICE, Purpose.AUDIT)
    with database.read() as connection:
        assert store.is_subject(connection, DEVICE), "else no look-up would find it"


def test_what_cannot_be_looked_at_is_not_answered_from_memory(processes, database, clock) -> None:
    here, _there = processes
    here.handle(DEVICE, Purpose.POSTURE)
    with database.begin() as connection:
        store.metadata.drop_all(connection)
    clock.advance(LOOK_SECONDS)
    with pytest.raises(Exception, match="revision"):
        here.handle(DEVICE, Purpose.POSTURE)


def test_no_more_is_remembered_than_the_bound(processes, clock, monkeypatch) -> None:
    assert RECALLED_MAX > 10_000
    monkeypatch.setattr("enigm.domains.handles.actions.recalling.RECALLED_MAX", 5)
    here, _there = processes
    named = {}
    for number in range(20):
        subject = SubjectId(bytes([number]) * 32)
        named[subject] = here.handle(subject, Purpose.POLICY)
        clock.advance(LOOK_SECONDS)
    assert {subject: here.handle(subject, Purpose.POLICY) for subject in named} == named
