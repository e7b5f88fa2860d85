"""When storage fails, time passes or others are faster: refused plainly, forgotten in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.domains.messaging.actions.read import Chunk, Reader
from enigm.domains.messaging.errors import TokenSpentError
from enigm.domains.messaging.store import DESIGN
from enigm.foundation.retention import RetentionJob
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
from tests.domains.messaging.test_channels import an_empty_channel, code_of, seq_of
from tests.support.clock import FakeClock
from tests.support.migrations import assert_migrations_make

if TYPE_CHECKING:
    from enigm.domains.messaging.model import Epoch, PlaceName
    from enigm.foundation.database import Database
    from tests.support.databases import OpenDatabase

DAY_SECONDS = 86_400


def rename(database: Database, old: str, new: str) -> None:
    with database.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))


def count_rows(database: Database, table: str) -> int:
    with database.read() as connection:
        return connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_the_migrations_make_the_tables_the_code_expects(open_database: OpenDatabase) -> None:
    assert_migrations_make(open_database("messaging"), DESIGN.metadata, DESIGN.versions)


async def test_a_write_that_storage_refuses_may_be_said_again(open_database: OpenDatabase) -> None:
    database = with_tables(open_database("messaging"))
    channel, key = Channel(), fresh()
    troubles: list[Exception] = []
    async with running(database, FakeClock(), on_trouble=troubles.append) as service:
        line = Line(service)
        await line.ask(channel.create)
        rename(database, "records", "records_away")
        failed = await line.ask(lambda n: channel.post(n, body_of("x"), key=key))
        assert code_of(failed) == (503, "messaging.unavailable")
        read = await line.ask(channel.fetch)
        assert code_of(read) == (503, "messaging.unavailable")
        assert len(troubles) == 2
        rename(database, "records_away", "records")
        assert seq_of(await line.ask(lambda n: channel.post(n, body_of("x"), key=key))) == 1
        end = await line.ask(channel.fetch)
        assert len(line.records(end.request)) == 1
        await line.close()


class OvertakenReader(Reader):
    """Between the reading of records and that of their epoch, somebody else writes."""

    def overtaken_by(self, writer: Line, channel: Channel) -> None:
        self.writer, self.channel, self.was_overtaken = writer, channel, False

    async def read(
        self, name: PlaceName, epoch: Epoch, after_seq: int, limit_bytes: int
    ) -> Chunk | None:
        chunk = await super().read(name, epoch, after_seq, limit_bytes)
        if chunk is None or self.was_overtaken:
            return chunk
        self.was_overtaken = True
        await self.writer.ask(lambda n: self.channel.post(n, body_of("hidden")))
        await self.writer.ask(lambda n: self.channel.commit(n, body_of("commit")))
        later = await self.find_epoch(name, epoch.number, epoch.token_hash)
        return Chunk(later, chunk.records)


@pytest.mark.parametrize("ask", ["open", "fetch", "wait"])
async def test_an_epoch_that_ends_while_it_is_read_is_read_to_its_end(
    open_sqlcipher_database: OpenDatabase, ask: str
) -> None:
    database, clock, channel = (
        with_tables(open_sqlcipher_database("messaging")),
        FakeClock(),
        Channel(),
    )
    async with running(database, clock) as service:
        writer = Line(service)
        await writer.ask(channel.create)
        overtaken = OvertakenReader(database, clock)
        overtaken.overtaken_by(writer, channel)
        service.reader = overtaken
        reader = Line(service)
        makes = {
            "open": channel.open,
            "fetch": channel.fetch,
            "wait": lambda n: channel.fetch(n, wait=30),
        }
        end = await reader.ask(makes[ask])
        assert end == delivery.End(1, delivery.END_EPOCH)
        assert [record.body for record in reader.records(1)] == [
            body_of("hidden"),
            body_of("commit"),
        ]
        await reader.close()
        await writer.close()


async def test_a_token_is_spent_once_for_one_use_whoever_is_first(
    open_database: OpenDatabase,
) -> None:
    database = with_tables(open_database("messaging"))
    async with running(database, FakeClock()) as service:
        token = mint()[0]
        outcomes = await asyncio.gather(
            *(service.spend_token(token, "directory lookup", bytes([n])) for n in range(6)),
            return_exceptions=True,
        )
        assert outcomes.count(None) == 1
        assert sum(isinstance(outcome, TokenSpentError) for outcome in outcomes) == 5
        first = outcomes.index(None)
        await service.spend_token(token, "directory lookup", bytes([first]))
        with pytest.raises(TokenSpentError):
            await service.spend_token(token, "another purpose", bytes([first]))


async def test_what_has_ended_is_erased_and_what_has_not_is_kept(
    open_database: OpenDatabase,
) -> None:
    database, clock = with_tables(open_database("messaging")), FakeClock()
    job = RetentionJob([(database, DESIGN.metadata)], clock)
    channel = Channel()
    async with running(database, clock) as service:
        line = Line(service)
        await line.ask(channel.create)
        await line.ask(lambda n: channel.post(n, body_of("hour"), ttl=3600))
        await line.ask(lambda n: channel.post(n, body_of("month"), ttl=30 * DAY_SECONDS))
        clock.advance(2 * 3600)
        job.run()
        assert count_rows(database, "records") == 1
        end = await line.ask(channel.fetch)
        assert [record.body for record in line.records(end.request)] == [body_of("month")]
        clock.advance(40 * DAY_SECONDS)
        job.run()
        assert count_rows(database, "records") == count_rows(database, "acknowledgements") == 0
        # The log goes on where it was: a number is never given twice.
        assert seq_of(await line.ask(lambda n: channel.post(n, body_of("later")))) == 3
        clock.advance(181 * DAY_SECONDS)
        job.run()
        assert count_rows(database, "places") == 0
        gone = await line.ask(lambda n: channel.post(n, body_of("too late")))
        assert code_of(gone) == (404, "messaging.unknown")
        await line.close()


async def test_a_channel_that_is_only_read_is_not_forgotten(open_database: OpenDatabase) -> None:
    async with an_empty_channel(open_database) as given:
        given.clock.advance(100 * DAY_SECONDS)
        await given.one.ask(given.channel.fetch)
        # Its use is noted by the next commit; this one waits for that.
        await given.two.ask(lambda n: delivery.DeleteInbox(n, fresh(), fresh(32)))
        given.clock.advance(100 * DAY_SECONDS)
        database = given.database
        RetentionJob([(database, DESIGN.metadata)], given.clock).run()
        assert seq_of(await given.one.ask(lambda n: given.channel.post(n, body_of("x")))) == 1
