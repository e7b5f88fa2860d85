"""Channels: who may write and read, in which order, and what a retry gets; on both engines."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from enigm.wire import delivery
from tests.domains.messaging.running import (
    Channel,
    Line,
    body_of,
    fresh,
    mint,
    running,
    with_tables,
)
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from enigm.foundation.database import Database
    from tests.support.databases import OpenDatabase

pytestmark = pytest.mark.asyncio


class Given:
    """A running service, two connections to it and an empty channel."""

    def __init__(self, one: Line, two: Line, clock: FakeClock, database: Database) -> None:
        self.database = database
        self.one = one
        self.two = two
        self.clock = clock
        self.channel = Channel()


@asynccontextmanager
async def an_empty_channel(
    open_database: OpenDatabase, limits: dict[str, int] | None = None
) -> AsyncGenerator[Given]:
    clock = FakeClock()
    database = with_tables(open_database("messaging"))
    async with running(database, clock, limits=limits) as service:
        given = Given(Line(service), Line(service), clock, database)
        assert await given.one.ask(given.channel.create) == delivery.Ack(1, 0)
        yield given
        await given.one.close()
        await given.two.close()


def seq_of(answer: delivery.Answer) -> int:
    assert isinstance(answer, delivery.Ack), answer
    return answer.seq


def code_of(answer: delivery.Answer) -> tuple[int, str]:
    assert isinstance(answer, delivery.Refused), answer
    return answer.status, answer.code


async def test_records_are_read_in_the_order_of_their_acknowledgements(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        posts = [given.channel.post(100 + n, body_of(str(n))) for n in range(20)]
        given.one.say(*posts)
        for n in range(20):
            answer = await given.one.until(lambda a, n=n: a.request == 100 + n)
            assert seq_of(answer) == n + 1
        assert await given.two.ask(given.channel.fetch) == delivery.End(1, 0)
        assert [record.body for record in given.two.records(1)] == [
            body_of(str(n)) for n in range(20)
        ]


async def test_a_live_reader_hears_backlog_then_live_then_news(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        await given.one.ask(lambda n: given.channel.post(n, body_of("before")))
        given.two.say(given.channel.open(7))
        await given.two.until(lambda a: isinstance(a, delivery.Live))
        await given.one.ask(lambda n: given.channel.post(n, body_of("after")))
        await given.two.until(lambda a: isinstance(a, delivery.Record) and a.seq == 2)
        assert given.two.heard == [
            delivery.Record(7, 1, 0, 0, body_of("before")),
            delivery.Live(7),
            delivery.Record(7, 2, 0, 0, body_of("after")),
        ]


async def test_a_reader_resumes_after_its_cursor(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        for text in "abc":
            await given.one.ask(lambda n, text=text: given.channel.post(n, body_of(text)))
        await given.two.ask(lambda n: given.channel.fetch(n, after=2))
        assert [record.seq for record in given.two.records(1)] == [3]


async def test_a_commit_ends_its_epoch_for_readers_and_writers(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        two.say(channel.open(7))
        await two.until(lambda a: isinstance(a, delivery.Live))
        assert seq_of(await one.ask(lambda n: channel.commit(n, body_of("commit")))) == 1
        assert await two.until(lambda a: isinstance(a, delivery.End)) == delivery.End(7, 1)
        assert [record.is_commit for record in two.records(7)] == [True]
        passed = await one.ask(lambda n: channel.post(n, body_of("late")))
        assert code_of(passed) == (409, "messaging.epoch_passed")
        assert seq_of(await one.ask(lambda n: channel.post(n, body_of("now"), epoch=1))) == 2
        await two.ask(lambda n: channel.fetch(n, epoch=1))
        assert [record.body for record in two.records(1)] == [body_of("now")]


async def test_a_removed_member_reads_up_to_the_commit_and_nothing_after(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        await one.ask(lambda n: channel.post(n, body_of("hello")))
        await one.ask(lambda n: channel.commit(n, body_of("you are out")))
        await one.ask(lambda n: channel.post(n, body_of("secret"), epoch=1))
        assert await two.ask(lambda n: channel.fetch(n, after=0)) == delivery.End(1, 1)
        assert [record.seq for record in two.records(1)] == [1, 2]
        wrong = delivery.Fetch(50, channel.name, 1, channel.token(0), 0, 4096, 0)
        two.say(wrong)
        refused = await two.until(lambda a: a.request == 50)
        assert code_of(refused) == (404, "messaging.unknown")


async def test_a_new_member_reads_from_its_epoch_on(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        await one.ask(lambda n: channel.post(n, body_of("before you")))
        await one.ask(lambda n: channel.commit(n, body_of("you are in")))
        await one.ask(lambda n: channel.post(n, body_of("welcome"), epoch=1))
        await two.ask(lambda n: channel.fetch(n, epoch=1, after=0))
        assert [record.seq for record in two.records(1)] == [3]


async def test_absent_and_hidden_are_the_same_bytes(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        channel, stranger = given.channel, given.two
        nowhere, wrong = Channel(), fresh(32)
        key, body = fresh(), body_of("x")
        asked: list[tuple[delivery.Request, delivery.Request]] = [
            (
                delivery.Post(1, channel.name, 0, wrong, key, 0, body),
                delivery.Post(1, nowhere.name, 0, wrong, key, 0, body),
            ),
            (
                delivery.Post(1, channel.name, 9, wrong, key, 0, body),
                delivery.Post(1, channel.name, 2**64 - 1, channel.token(0), key, 0, body),
            ),
            (
                delivery.Open(1, channel.name, 0, wrong, 0, 512),
                delivery.Open(1, nowhere.name, 0, wrong, 0, 512),
            ),
            (
                delivery.Fetch(1, channel.name, 2**64 - 1, wrong, 0, 512, 0),
                delivery.Fetch(1, nowhere.name, 0, wrong, 0, 512, 0),
            ),
        ]
        for hidden, absent in asked:
            answers: list[bytes] = []
            for frame in (hidden, absent):
                stranger.heard.clear()
                stranger.say(frame)
                answers.append(delivery.encode(await stranger.until(lambda a: a.request == 1)))
            assert answers[0] == answers[1]
            assert code_of(delivery.decode_answers(answers[0])[0]) == (404, "messaging.unknown")  # type: ignore[arg-type]


async def test_a_retry_gets_the_first_answer_and_stores_nothing(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        key = fresh()
        first = await one.ask(lambda n: channel.post(n, body_of("once"), key=key))
        again = await two.ask(lambda n: channel.post(n, body_of("once"), key=key))
        assert seq_of(first) == seq_of(again) == 1
        # Two at once in one batch, and one of them known already.
        other = fresh()
        frames = [
            channel.post(60, body_of("twice"), key=other),
            channel.post(61, body_of("twice"), key=other),
            channel.post(62, body_of("once"), key=key),
        ]
        one.say(*frames)
        seqs = [seq_of(await one.until(lambda a, r=r: a.request == r)) for r in (60, 61, 62)]
        assert seqs[0] == seqs[1]
        assert seqs[2] == 1
        await two.ask(channel.fetch)
        assert [r.body for r in two.records(2)] == [body_of("once"), body_of("twice")]


async def test_a_commit_that_is_said_again_after_its_epoch_gets_its_first_answer(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one = given.channel, given.one
        key = fresh()
        assert seq_of(await one.ask(lambda n: channel.commit(n, body_of("c"), key=key))) == 1
        assert seq_of(await one.ask(lambda n: channel.commit(n, body_of("c"), key=key))) == 1
        assert seq_of(await one.ask(lambda n: channel.post(n, body_of("p"), epoch=1))) == 2


async def test_a_key_used_for_a_post_does_not_move_the_epoch_when_a_commit_brings_it(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one = given.channel, given.one
        key = fresh()
        await one.ask(lambda n: channel.post(n, body_of("p"), key=key))
        assert seq_of(await one.ask(lambda n: channel.commit(n, body_of("c"), key=key))) == 1
        assert seq_of(await one.ask(lambda n: channel.post(n, body_of("p")))) == 2


async def test_of_many_commits_at_once_exactly_one_wins(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        channel = given.channel
        lines = [given.one, given.two]
        for epoch in range(4):
            answers = await asyncio.gather(
                *(
                    lines[i % 2].ask(
                        lambda n, i=i, epoch=epoch: channel.commit(
                            n, body_of(f"{epoch} {i}"), epoch=epoch
                        )
                    )
                    for i in range(6)
                )
            )
            won = [answer for answer in answers if isinstance(answer, delivery.Ack)]
            lost = [code_of(a) for a in answers if isinstance(a, delivery.Refused)]
            assert len(won) == 1
            assert lost == [(409, "messaging.epoch_passed")] * 5


async def test_credit_bounds_what_is_sent_and_more_credit_goes_on(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        for n in range(8):
            await one.ask(lambda request, n=n: channel.post(request, body_of(str(n), 1024)))
        two.say(channel.open(7, credit=2048))
        await two.until(lambda a: isinstance(a, delivery.Record) and a.seq == 2)
        # A ping is answered after everything that was to be sent before it.
        await two.ask(delivery.Ping)
        assert [record.seq for record in two.records(7)] == [1, 2]
        two.say(delivery.Credit(7, 3072))
        await two.until(lambda a: isinstance(a, delivery.Record) and a.seq == 5)
        await two.ask(delivery.Ping)
        assert [record.seq for record in two.records(7)] == [1, 2, 3, 4, 5]


async def test_a_closed_subscription_is_silent(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        two.say(channel.open(7), delivery.Close(7))
        assert await two.until(lambda a: isinstance(a, delivery.End)) == delivery.End(7, 2)
        two.say(channel.open(8))
        await two.until(lambda a: isinstance(a, delivery.Live))
        two.say(delivery.Close(8))
        await two.until(lambda a: a == delivery.End(8, 2))
        await one.ask(lambda n: channel.post(n, body_of("x")))
        assert two.records(7) + two.records(8) == []


async def test_a_waiting_fetch_ends_with_the_next_record(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        waiting = asyncio.ensure_future(two.ask(lambda n: channel.fetch(n, wait=20)))
        await two.ask(delivery.Ping)
        await one.ask(lambda n: channel.post(n, body_of("news")))
        end = await waiting
        assert end == delivery.End(end.request, delivery.END_CAUGHT_UP)
        assert [record.body for record in two.records(end.request)] == [body_of("news")]


async def test_a_fetch_stops_at_its_limit_and_always_brings_one(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        for n in range(4):
            await one.ask(lambda request, n=n: channel.post(request, body_of(str(n), 1024)))
        await two.ask(lambda n: channel.fetch(n, limit=2100))
        await two.ask(lambda n: channel.fetch(n, limit=1))
        assert [record.seq for record in two.records(1)] == [1, 2]
        assert [record.seq for record in two.records(2)] == [1]


async def test_what_has_ended_is_not_read(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        channel, one, two = given.channel, given.one, given.two
        await one.ask(lambda n: channel.post(n, body_of("short"), ttl=60))
        await one.ask(lambda n: channel.post(n, body_of("long"), ttl=86_400))
        given.clock.advance(121)
        await two.ask(channel.fetch)
        assert [record.seq for record in two.records(1)] == [2]
        given.clock.advance(2 * 86_400)
        assert await two.ask(channel.fetch) == delivery.End(2, 0)
        assert two.records(2) == []


async def test_creating_again_is_answered_again_and_a_taken_name_is_not_given(
    open_database: OpenDatabase,
) -> None:
    async with an_empty_channel(open_database) as given:
        token = mint()[0]
        other = Channel()
        assert seq_of(await given.one.ask(lambda n: other.create(n, token))) == 0
        assert seq_of(await given.one.ask(lambda n: other.create(n, token))) == 0
        thief = Channel()
        thief.name = other.name
        taken = await given.two.ask(thief.create)
        assert code_of(taken) == (409, "messaging.name_taken")


async def test_an_admission_token_opens_one_place_only(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        token = mint()[0]
        assert seq_of(await given.one.ask(lambda n: Channel().create(n, token))) == 0
        spent = await given.one.ask(lambda n: Channel().create(n, token))
        assert code_of(spent) == (409, "messaging.token_spent")
        forged = await given.one.ask(lambda n: Channel().create(n, token[:-1] + b"\0"))
        assert code_of(forged) == (422, "crypto.token")


async def test_one_channel_s_budget_leaves_others_alone(open_database: OpenDatabase) -> None:
    limits = {"messaging.channel_posts": 3}
    async with an_empty_channel(open_database, limits) as given:
        other = Channel()
        await given.one.ask(other.create)
        for n in range(3):
            seq_of(await given.one.ask(lambda r, n=n: given.channel.post(r, body_of(str(n)))))
        refused = await given.one.ask(lambda n: given.channel.post(n, body_of("more")))
        assert isinstance(refused, delivery.Refused)
        assert refused.status == 429
        assert refused.retry_after_seconds > 0
        seq_of(await given.one.ask(lambda n: other.post(n, body_of("fine"))))
        given.clock.advance(refused.retry_after_seconds)
        seq_of(await given.one.ask(lambda n: given.channel.post(n, body_of("more"))))


async def test_one_connection_s_budget_leaves_others_alone(open_database: OpenDatabase) -> None:
    limits = {"messaging.connection_requests": 5}
    async with an_empty_channel(open_database, limits) as given:
        answers = [await given.one.ask(delivery.Ping) for _ in range(6)]
        assert [type(answer) for answer in answers[:4]] == [delivery.Pong] * 4
        assert code_of(answers[-1])[0] == 429
        assert isinstance(await given.two.ask(delivery.Ping), delivery.Pong)
