"""Any sequence of requests, restarts and time: the service and a plain model of a log agree.

The model is written apart from the service: a list of records and what each epoch's token is.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from enigm.foundation.sqlcipher import open_sqlcipher
from enigm.wire import delivery
from tests.domains.messaging.running import Channel, Line, body_of, fresh, running, with_tables
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from enigm.domains.messaging.actions.service import Delivery
    from enigm.foundation.database import Database

HOUR_SECONDS = 3600


@dataclass
class LoggedRecord:
    """One record as the model remembers it."""

    seq: int
    epoch: int
    body: bytes
    is_commit: bool
    # A record may live a little longer than asked for, never shorter.
    lives_until: int
    gone_after: int


@dataclass
class Log:
    """The model: what the service must hold."""

    records: list[LoggedRecord] = field(default_factory=list)
    epoch: int = 0
    answers: dict[bytes, int] = field(default_factory=dict)


class Histories(RuleBasedStateMachine):
    """Two connections, one channel, an embedded store that is closed and opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.channel = Channel()
        self.log = Log()
        self.database: Database | None = None
        self.context: AbstractAsyncContextManager[Delivery] | None = None

    def ask(self, line: Line, make: object) -> delivery.Answer:
        return self.runner.run(line.ask(make))  # type: ignore[arg-type]

    @initialize()
    def begin(self) -> None:
        self._start()
        assert isinstance(self.ask(self.one, self.channel.create), delivery.Ack)

    def _start(self) -> None:
        path = Path(self.folder.name) / "messaging.db"
        self.database = with_tables(open_sqlcipher(path, bytes(32), domain="messaging"))
        self.context = running(self.database, self.clock)
        service = self.runner.run(self.context.__aenter__())
        self.one, self.two = self.runner.run(_two_lines(service))

    def _stop(self) -> None:
        if self.context is None or self.database is None:
            return
        self.runner.run(self.one.close())
        self.runner.run(self.two.close())
        self.runner.run(self.context.__aexit__(None, None, None))
        self.database.close()

    @rule()
    def restart(self) -> None:
        self._stop()
        self._start()

    @rule(
        lag=st.integers(-1, 2),
        hours=st.sampled_from([0, 1, 30]),
        is_commit=st.booleans(),
        is_retry=st.booleans(),
        knows_token=st.sampled_from([True, True, True, False]),
    )
    def write(
        self, *, lag: int, hours: int, is_commit: bool, is_retry: bool, knows_token: bool
    ) -> None:
        epoch = max(self.log.epoch - lag, 0)
        key = next(iter(self.log.answers)) if is_retry and self.log.answers else fresh()
        body = body_of(fresh(8).hex())
        token_epoch = epoch if knows_token else epoch + 1000
        token = self.channel.token(token_epoch)
        name, ttl = self.channel.name, hours * HOUR_SECONDS

        def make(request: int) -> delivery.Post | delivery.Commit:
            if is_commit:
                next_hash = self.channel.token_hash(epoch + 1)
                return delivery.Commit(request, name, epoch, token, key, ttl, next_hash, body)
            return delivery.Post(request, name, epoch, token, key, ttl, body)

        answer = self.ask(self.one, make)
        if not knows_token or epoch > self.log.epoch:
            assert _is_refused(answer, 404)
        elif key in self.log.answers:
            assert answer == delivery.Ack(answer.request, self.log.answers[key])
        elif epoch < self.log.epoch:
            assert _is_refused(answer, 409)
        else:
            self._expect_appended(answer, key, body, ttl, is_commit=is_commit)

    def _expect_appended(
        self, answer: delivery.Answer, key: bytes, body: bytes, ttl: int, *, is_commit: bool
    ) -> None:
        assert isinstance(answer, delivery.Ack)
        last = self.log.records[-1].seq if self.log.records else 0
        assert answer.seq > last
        lives_until = self.clock.now_seconds() + (ttl or 14 * 24 * HOUR_SECONDS)
        self.log.records.append(
            LoggedRecord(
                answer.seq, self.log.epoch, body, is_commit, lives_until, lives_until + HOUR_SECONDS
            )
        )
        self.log.answers[key] = answer.seq
        if is_commit:
            self.log.epoch += 1

    @rule(writers=st.integers(2, 5))
    def race(self, writers: int) -> None:
        """Of commits said at once, exactly one wins."""
        epoch = self.log.epoch
        keys = {}
        frames: list[delivery.Request] = []
        for number in range(writers):
            frame = self.channel.commit(
                self.one.next_request(), body_of(f"race {fresh(8).hex()} {number}"), epoch=epoch
            )
            keys[frame.request] = frame
            frames.append(frame)
        answers = self.runner.run(_say_all(self.one, frames))
        won = [answer for answer in answers if isinstance(answer, delivery.Ack)]
        assert len(won) == 1
        assert all(_is_refused(a, 409) for a in answers if a not in won)
        frame = keys[won[0].request]
        self._expect_appended(won[0], frame.idempotency, frame.body, 0, is_commit=True)

    @rule(hours=st.sampled_from([1, 12, 40]))
    def pass_time(self, hours: int) -> None:
        self.clock.advance(hours * HOUR_SECONDS)

    @rule(lag=st.integers(0, 2), skip=st.integers(0, 5))
    def read(self, lag: int, skip: int) -> None:
        epoch = max(self.log.epoch - lag, 0)
        mine = [record for record in self.log.records if record.epoch == epoch]
        after = mine[skip].seq if skip < len(mine) else 0
        answer = self.ask(self.two, lambda n: self.channel.fetch(n, epoch=epoch, after=after))
        reason = delivery.END_CAUGHT_UP if epoch == self.log.epoch else delivery.END_EPOCH
        # A fetch that brought records of an epoch that has ended says so with its last record.
        assert isinstance(answer, delivery.End)
        assert answer.reason == reason or epoch < self.log.epoch
        self._compare(self.two.records(answer.request), mine, after)

    def _compare(
        self, read: list[delivery.Record], expected: list[LoggedRecord], after: int
    ) -> None:
        now = self.clock.now_seconds()
        known = {record.seq: record for record in expected}
        assert [record.seq for record in read] == sorted({record.seq for record in read})
        for record in read:
            logged = known[record.seq]
            assert (record.body, record.epoch) == (logged.body, logged.epoch)
            assert record.is_commit == logged.is_commit
            assert record.seq > after
            assert logged.gone_after > now
        living = {r.seq for r in expected if r.lives_until > now and r.seq > after}
        assert living <= {record.seq for record in read}

    @invariant()
    def one_commit_per_epoch(self) -> None:
        commits = [record.epoch for record in self.log.records if record.is_commit]
        assert commits == list(range(self.log.epoch))

    def teardown(self) -> None:
        self._stop()
        self.runner.close()
        self.folder.cleanup()


async def _two_lines(service: Delivery) -> tuple[Line, Line]:
    return Line(service), Line(service)


async def _say_all(line: Line, frames: list[delivery.Request]) -> list[delivery.Answer]:
    line.say(*frames)
    return [await line.until(lambda a, r=frame.request: a.request == r) for frame in frames]


def _is_refused(answer: delivery.Answer, status: int) -> bool:
    return isinstance(answer, delivery.Refused) and answer.status == status


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
