"""Two services over one PostgreSQL, joined by NATS: what one writes the other's readers hear."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from enigm.foundation.clock import SystemClock
from enigm.outside.nats import NatsFanout
from enigm.wire import delivery
from tests.domains.messaging.running import Channel, Line, body_of, running, with_tables
from tests.support.nats import NatsServer, running_nats

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.databases import OpenDatabase

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def two_services(
    open_database: OpenDatabase, server: NatsServer
) -> AsyncGenerator[tuple[Line, Line]]:
    """Yield a line to each of two services; each has its own pool and its own connection."""
    clock = SystemClock()
    one_store = with_tables(open_database("messaging"))
    two_store = open_database("messaging")
    async with (
        running(one_store, clock, fanout=NatsFanout(server.url)) as one,
        running(two_store, clock, fanout=NatsFanout(server.url)) as two,
    ):
        lines = Line(one), Line(two)
        yield lines
        for line in lines:
            await line.close()


async def test_a_reader_at_one_service_hears_what_is_written_at_the_other(
    open_postgres_database: OpenDatabase,
) -> None:
    with running_nats() as server:
        async with two_services(open_postgres_database, server) as (one, two):
            channel = Channel()
            await one.ask(channel.create)
            two.say(channel.open(7))
            await two.until(lambda a: isinstance(a, delivery.Live))
            for n in range(10):
                await one.ask(lambda r, n=n: channel.post(r, body_of(str(n))))
            await one.ask(lambda r: channel.commit(r, body_of("end")))
            assert await two.until(lambda a: isinstance(a, delivery.End)) == delivery.End(7, 1)
            assert [record.seq for record in two.records(7)] == list(range(1, 12))


async def test_what_is_written_while_nats_is_down_is_found_in_the_store(
    open_postgres_database: OpenDatabase,
) -> None:
    with running_nats() as server:
        async with two_services(open_postgres_database, server) as (one, two):
            channel = Channel()
            await one.ask(channel.create)
            two.say(channel.open(7))
            await two.until(lambda a: isinstance(a, delivery.Live))
            server.stop()
            await one.ask(lambda r: channel.post(r, body_of("in the dark", 4096)))
            server.start()
            heard = await two.until(lambda a: isinstance(a, delivery.Record))
            assert heard == delivery.Record(7, 1, 0, 0, body_of("in the dark", 4096))


async def test_of_commits_at_two_services_exactly_one_wins_each_epoch(
    open_postgres_database: OpenDatabase,
) -> None:
    with running_nats() as server:
        async with two_services(open_postgres_database, server) as lines:
            channel = Channel()
            await lines[0].ask(channel.create)
            for epoch in range(5):
                answers = await asyncio.gather(
                    *(
                        line.ask(
                            lambda r, epoch=epoch: channel.commit(r, body_of("c"), epoch=epoch)
                        )
                        for line in lines * 3
                    )
                )
                won = [answer for answer in answers if isinstance(answer, delivery.Ack)]
                assert len(won) == 1


async def test_a_retry_at_the_other_service_gets_the_first_answer(
    open_postgres_database: OpenDatabase,
) -> None:
    with running_nats() as server:
        async with two_services(open_postgres_database, server) as (one, two):
            channel = Channel()
            await one.ask(channel.create)
            for n in range(5):
                key = bytes([n]) * 16
                first, second = await asyncio.gather(
                    one.ask(lambda r, key=key: channel.post(r, body_of("same"), key=key)),
                    two.ask(lambda r, key=key: channel.post(r, body_of("same"), key=key)),
                )
                assert isinstance(first, delivery.Ack)
                assert isinstance(second, delivery.Ack)
                assert first.seq == second.seq
            end = await two.ask(channel.fetch)
            assert len(two.records(end.request)) == 5
