"""Reports are taken in once, fresh, from the right device, and no more is kept than was asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enigm.crypto.signatures import Ed25519
from enigm.domains.posture import rules, store
from enigm.domains.posture.actions.intake import LOOK_SECONDS, PostureIntake, PostureRecords
from enigm.domains.posture.actions.review import PostureReview
from enigm.domains.posture.errors import (
    ChallengeEndedError,
    ReportUnknownError,
    UnaskedSignalError,
)
from enigm.domains.posture.model import Challenge, PostureHandle, Reporter, Standing
from enigm.foundation.errors import UnavailableError
from enigm.foundation.retention import RetentionJob
from enigm.wire.posture_report import (
    AGE_SECONDS_MAX,
    PostureReport,
    ReportReason,
    ReportRefusedError,
    Signal,
    State,
    sign_report,
)
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy
from tests.support.migrations import assert_migrations_make

DEVICE = Ed25519.generate(FakeEntropy(b"device"))
OTHER = Ed25519.generate(FakeEntropy(b"other device"))
OWNER, DEVICE_ID, READER = b"o" * 32, b"d" * 16, b"r" * 20
ASKED: frozenset[Signal] = frozenset((Signal.DISK_ENCRYPTION, Signal.FIREWALL))
WELL: dict[Signal, State] = dict.fromkeys(ASKED, State.TRUE)
MONTH_SECONDS = 30 * 86_400
NEVER = 1 << 40


class OneReporter:
    """Knows one device."""

    def __init__(self, clock: FakeClock) -> None:
        self.known = Reporter(
            PostureHandle(b"h" * 20), clock.now_seconds() + MONTH_SECONDS, DEVICE.public, ASKED
        )

    def reporter(self, owner: bytes, device_id: bytes) -> Reporter:
        assert (owner, device_id) == (OWNER, DEVICE_ID)
        return self.known


class Readings:
    """Remembers who looked; refuses when the audit log is away."""

    def __init__(self) -> None:
        self.made: list[tuple[bytes, bytes | None]] = []
        self.is_away = False

    def record(self, reader: bytes, handle: PostureHandle | None) -> None:
        if self.is_away:
            raise UnavailableError("audit.unavailable", "The audit log is away.")
        self.made.append((reader, handle))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(open_database):
    return open_database("posture", store.metadata)


@pytest.fixture
def records(database, clock) -> PostureRecords:
    return PostureRecords(database, keys_of_tests(), clock, FakeEntropy())


@pytest.fixture
def reporters(clock) -> OneReporter:
    return OneReporter(clock)


@pytest.fixture
def intake(records, reporters) -> PostureIntake:
    return PostureIntake(records, reporters)


def challenged(intake: PostureIntake) -> Challenge:
    challenge = intake.challenge(OWNER, DEVICE_ID)
    assert challenge is not None
    return challenge


def answer(challenge: Challenge, clock: FakeClock, states=None, **changes) -> bytes:
    report = PostureReport(
        challenge.handle, challenge.nonce, clock.now_seconds(), WELL if states is None else states
    )
    return sign_report(replace(report, **changes), DEVICE)


def test_migrations_make_the_tables(open_database) -> None:
    assert_migrations_make(open_database("posture"), store.metadata, store.DESIGN.versions)


@pytest.mark.requirement("TSC-03")
def test_a_report_counts_once(intake, clock) -> None:
    report = answer(challenged(intake), clock)
    assert intake.take(OWNER, DEVICE_ID, report) is Standing.GOOD
    with pytest.raises(ChallengeEndedError):
        intake.take(OWNER, DEVICE_ID, report)
    challenged(intake)
    with pytest.raises(ReportRefusedError) as refused:
        intake.take(OWNER, DEVICE_ID, report)
    assert refused.value.reason is ReportReason.NONCE


@pytest.mark.requirement("TSC-03")
def test_a_challenge_that_is_old_or_was_never_given_answers_nothing(intake, clock) -> None:
    with pytest.raises(ChallengeEndedError):
        intake.take(OWNER, DEVICE_ID, bytes(112))
    challenge = challenged(intake)
    clock.advance(rules.CHALLENGE_SECONDS + 1)
    with pytest.raises(ChallengeEndedError):
        intake.take(OWNER, DEVICE_ID, answer(challenge, clock))


@pytest.mark.requirement("TSC-03")
def test_a_report_of_another_device_time_or_handle_is_refused_and_nothing_is_kept(
    intake, records, clock
) -> None:
    def by_other(challenge: Challenge) -> bytes:
        now = clock.now_seconds()
        return sign_report(PostureReport(challenge.handle, challenge.nonce, now, WELL), OTHER)

    def changed(challenge: Challenge) -> bytes:
        octets = answer(challenge, clock, dict.fromkeys(ASKED, State.FALSE))
        return octets.replace(bytes([1, 1, 6, 1]), bytes([1, 2, 6, 2]))

    old = clock.now_seconds() - AGE_SECONDS_MAX - 1
    cases = {
        ReportReason.SIGNATURE: (by_other, changed),
        ReportReason.HANDLE: (lambda c: answer(c, clock, handle=b"x" * 20),),
        ReportReason.STALE: (lambda c: answer(c, clock, taken_at=old),),
        ReportReason.AHEAD: (lambda c: answer(c, clock, taken_at=clock.now_seconds() + 61),),
        ReportReason.FORMAT: (lambda c: answer(c, clock)[:-1],),
    }
    for reason, makers in cases.items():
        for make in makers:
            with pytest.raises(ReportRefusedError) as refused:
                intake.take(OWNER, DEVICE_ID, make(challenged(intake)))
            assert refused.value.reason is reason
    assert records.latest(PostureHandle(b"h" * 20)) is None


def test_more_than_was_asked_is_refused_and_less_is_unknown(intake, records, clock) -> None:
    more = WELL | {Signal.SCREEN_LOCK: State.TRUE}
    with pytest.raises(UnaskedSignalError):
        intake.take(OWNER, DEVICE_ID, answer(challenged(intake), clock, more))
    less = {Signal.FIREWALL: State.TRUE}
    taken = intake.take(OWNER, DEVICE_ID, answer(challenged(intake), clock, less))
    assert taken is Standing.UNKNOWN
    kept = records.latest(PostureHandle(b"h" * 20))
    assert kept is not None
    assert kept.states == {Signal.DISK_ENCRYPTION: State.UNKNOWN, Signal.FIREWALL: State.TRUE}


def test_where_no_policy_asks_nothing_is_asked_and_nothing_can_be_sent(
    intake, reporters, clock
) -> None:
    challenge = challenged(intake)
    intake.take(OWNER, DEVICE_ID, answer(challenge, clock))
    reporters.known = replace(reporters.known, asked=frozenset())
    assert intake.challenge(OWNER, DEVICE_ID) is None
    assert intake.asked(OWNER, DEVICE_ID) == []
    with pytest.raises(ChallengeEndedError):
        intake.take(OWNER, DEVICE_ID, answer(challenge, clock))


@pytest.mark.requirement("TSC-03")
def test_a_report_goes_stale_and_a_worse_one_replaces_a_better(intake, records, clock) -> None:
    handle = PostureHandle(b"h" * 20)
    assert records.standing(handle)[0] is Standing.MISSING
    intake.take(OWNER, DEVICE_ID, answer(challenged(intake), clock))
    standing, words = records.standing(handle)
    assert (standing, words["firewall"], words["screen_lock"]) == (Standing.GOOD, "true", "unknown")
    bad = dict.fromkeys(ASKED, State.FALSE)
    intake.take(OWNER, DEVICE_ID, answer(challenged(intake), clock, bad))
    assert records.standing(handle)[0] is Standing.BAD
    clock.advance(rules.FRESH_SECONDS + 1)
    standing, words = records.standing(handle)
    assert standing is Standing.STALE
    assert set(words.values()) == {"stale"}


@pytest.mark.requirement("TSC-03", "POL-01")
def test_a_better_report_counts_at_once_and_a_worse_one_within_five_seconds_everywhere(
    database, reporters, clock
) -> None:
    keys, dice = keys_of_tests(), FakeEntropy()
    here, there = (PostureRecords(database, keys, clock, dice) for _ in range(2))
    handle = reporters.known.handle

    def told(states: dict[Signal, State]) -> None:
        here.keep(handle, rules.packed(clock.now_seconds(), states), NEVER)

    def standings() -> tuple[Standing, Standing]:
        return here.standing(handle)[0], there.standing(handle)[0]

    assert standings() == (Standing.MISSING, Standing.MISSING)
    told({Signal.FIREWALL: State.FALSE})
    assert standings() == (Standing.BAD, Standing.BAD)
    told({Signal.FIREWALL: State.TRUE})
    assert standings() == (Standing.GOOD, Standing.GOOD)
    told({Signal.FIREWALL: State.UNKNOWN})
    assert here.standing(handle)[0] is Standing.UNKNOWN
    clock.advance(LOOK_SECONDS)
    assert standings() == (Standing.UNKNOWN, Standing.UNKNOWN)
    told({Signal.FIREWALL: State.TRUE})
    assert standings() == (Standing.GOOD, Standing.GOOD)
    clock.advance(LOOK_SECONDS - 1)
    here.forget(handle)
    assert here.standing(handle)[0] is Standing.MISSING
    clock.advance(1)
    assert there.standing(handle)[0] is Standing.MISSING


@pytest.mark.requirement("TSC-03", "POL-01")
def test_a_report_that_is_remembered_is_stale_to_the_second(records, reporters, clock) -> None:
    handle = reporters.known.handle
    records.keep(handle, rules.packed(clock.now_seconds(), WELL), NEVER)
    clock.advance(rules.FRESH_SECONDS - 1)
    assert records.standing(handle)[0] is Standing.GOOD
    clock.advance(1)
    assert records.standing(handle)[0] is Standing.GOOD
    clock.advance(1)
    standing, words = records.standing(handle)
    assert standing is Standing.STALE
    assert set(words.values()) == {"stale"}


@pytest.mark.requirement("PRV-02")
def test_reports_and_challenges_end_with_their_time(intake, database, clock) -> None:
    intake.take(OWNER, DEVICE_ID, answer(challenged(intake), clock))
    challenged(intake)
    job = RetentionJob([(database, store.metadata)], clock)

    def kept() -> list[int]:
        with database.read() as connection:
            tables = (store.challenge, store.report)
            return [len(connection.execute(table.select()).all()) for table in tables]

    assert kept() == [1, 1]
    clock.advance(rules.CHALLENGE_SECONDS + rules.CHALLENGE_END_SECONDS)
    job.run()
    assert kept() == [0, 1]
    clock.advance(MONTH_SECONDS)
    job.run()
    assert kept() == [0, 0]


@pytest.mark.requirement("TRU-02")
def test_no_column_but_the_handle_tells_two_devices_apart(
    intake, reporters, database, clock
) -> None:
    for number, states in enumerate((WELL, dict.fromkeys(ASKED, State.FALSE), {})):
        reporters.known = replace(reporters.known, handle=PostureHandle(bytes([9 - number]) * 20))
        intake.take(OWNER, DEVICE_ID, answer(challenged(intake), clock, states))
        clock.advance(3600)
    with database.read() as connection:
        rows = connection.execute(store.report.select()).all()
    assert len({(len(row.sealed), row.ends_at) for row in rows}) == 1
    assert len({row.sealed for row in rows}) == 3
    if database.dialect == "sqlite":
        assert [row.handle[0] for row in rows] == [7, 8, 9], "the file keeps no order of arrival"


@pytest.mark.requirement("TSC-02")
def test_an_administrator_sees_counts_and_rows_under_handles_and_leaves_a_record(
    intake, records, clock
) -> None:
    readings = Readings()
    review = PostureReview(records, readings)
    states = {Signal.DISK_ENCRYPTION: State.TRUE, Signal.FIREWALL: State.FALSE}
    intake.take(OWNER, DEVICE_ID, answer(challenged(intake), clock, states))
    seen = review.overview(READER)
    assert seen.by_standing == {Standing.BAD: 1}
    assert seen.by_signal == {
        Signal.DISK_ENCRYPTION: {State.TRUE: 1},
        Signal.FIREWALL: {State.FALSE: 1},
    }
    assert review.show(READER, PostureHandle(b"h" * 20)) == seen.rows[0]
    with pytest.raises(ReportUnknownError):
        review.show(READER, PostureHandle(b"x" * 20))
    assert readings.made == [(READER, None), (READER, b"h" * 20), (READER, b"x" * 20)]
    readings.is_away = True
    with pytest.raises(UnavailableError):
        review.overview(READER)


def test_every_signal_fits_the_kept_form() -> None:
    every = {signal: State(number % 3) for number, signal in enumerate(Signal)}
    packed = rules.packed(7, every)
    assert rules.unpacked(packed).states == every
    assert len(packed) == len(rules.packed(2**40, {}))
    assert max(Signal) < rules.SIGNALS_MAX
