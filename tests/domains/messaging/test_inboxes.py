"""Inboxes: strangers may drop with a one-use token, only the owner reads and erases."""

from __future__ import annotations

from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from enigm.wire import delivery
from tests.domains.messaging.running import Line, body_of, fresh, mint, running, with_tables
from tests.domains.messaging.test_channels import code_of, seq_of
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.databases import OpenDatabase

pytestmark = pytest.mark.asyncio


class Inbox:
    """An inbox as its owner knows it, and a line to the service."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.name = fresh()
        self.secret = fresh(32)

    async def drop(
        self, text: str, token: bytes | None = None, key: bytes | None = None
    ) -> delivery.Answer:
        admission, idempotency = token or mint()[0], key or fresh()
        return await self.line.ask(
            lambda n: delivery.Drop(n, self.name, admission, idempotency, 0, body_of(text))
        )

    async def fetch(self, secret: bytes | None = None) -> delivery.Answer:
        return await self.line.ask(
            lambda n: delivery.FetchInbox(n, self.name, secret or self.secret, 0, 2**20, 0)
        )


@asynccontextmanager
async def an_inbox(open_database: OpenDatabase) -> AsyncGenerator[Inbox]:
    database = with_tables(open_database("messaging"))
    async with running(database, FakeClock()) as service:
        inbox = Inbox(Line(service))
        read_hash = sha256(inbox.secret).digest()
        token = mint()[0]
        made = await inbox.line.ask(lambda n: delivery.CreateInbox(n, inbox.name, read_hash, token))
        assert seq_of(made) == 0
        yield inbox
        await inbox.line.close()


async def test_the_owner_reads_what_strangers_dropped(open_database: OpenDatabase) -> None:
    async with an_inbox(open_database) as inbox:
        assert [seq_of(await inbox.drop(text)) for text in "ab"] == [1, 2]
        end = await inbox.fetch()
        assert isinstance(end, delivery.End)
        bodies = [record.body for record in inbox.line.records(end.request)]
        assert bodies == [body_of("a"), body_of("b")]


async def test_an_open_inbox_hears_letters_as_they_come(open_database: OpenDatabase) -> None:
    async with an_inbox(open_database) as inbox:
        inbox.line.say(delivery.ReadInbox(70, inbox.name, inbox.secret, 0, 2**20))
        await inbox.line.until(lambda a: isinstance(a, delivery.Live))
        await inbox.drop("hello")
        heard = await inbox.line.until(lambda a: isinstance(a, delivery.Record))
        assert heard == delivery.Record(70, 1, 0, 0, body_of("hello"))


async def test_nobody_else_reads_clears_or_deletes(open_database: OpenDatabase) -> None:
    async with an_inbox(open_database) as inbox:
        await inbox.drop("for you")
        wrong = fresh(32)
        answers = [
            await inbox.fetch(wrong),
            await inbox.line.ask(lambda n: delivery.ClearInbox(n, inbox.name, wrong, 9)),
            await inbox.line.ask(lambda n: delivery.DeleteInbox(n, inbox.name, wrong)),
        ]
        assert {code_of(answer) for answer in answers} == {(404, "messaging.unknown")}
        end = await inbox.fetch()
        assert len(inbox.line.records(end.request)) == 1


async def test_a_token_drops_one_letter_and_a_retry_is_the_same_letter(
    open_database: OpenDatabase,
) -> None:
    async with an_inbox(open_database) as inbox:
        token, key = mint()[0], fresh()
        assert seq_of(await inbox.drop("once", token, key)) == 1
        assert seq_of(await inbox.drop("once", token, key)) == 1
        assert code_of(await inbox.drop("again", token)) == (409, "messaging.token_spent")
        end = await inbox.fetch()
        assert len(inbox.line.records(end.request)) == 1


async def test_a_letter_for_nobody_is_refused_and_its_token_is_not_spent(
    open_database: OpenDatabase,
) -> None:
    async with an_inbox(open_database) as inbox:
        token = mint()[0]
        nowhere = Inbox(inbox.line)
        assert code_of(await nowhere.drop("x", token)) == (404, "messaging.unknown")
        assert seq_of(await inbox.drop("x", token)) == 1


async def test_cleared_letters_are_gone_and_a_late_retry_does_not_bring_one_back(
    open_database: OpenDatabase,
) -> None:
    async with an_inbox(open_database) as inbox:
        token, key = mint()[0], fresh()
        await inbox.drop("a", token, key)
        await inbox.drop("b")
        cleared = await inbox.line.ask(
            lambda n: delivery.ClearInbox(n, inbox.name, inbox.secret, 1)
        )
        assert seq_of(cleared) == 0
        assert seq_of(await inbox.drop("a", token, key)) == 1
        end = await inbox.fetch()
        assert [record.seq for record in inbox.line.records(end.request)] == [2]
        seq_of(await inbox.drop("c"))
        end = await inbox.fetch()
        assert [record.seq for record in inbox.line.records(end.request)] == [2, 3]


async def test_a_deleted_inbox_ends_its_readers_and_is_unknown(
    open_database: OpenDatabase,
) -> None:
    async with an_inbox(open_database) as inbox:
        inbox.line.say(delivery.ReadInbox(70, inbox.name, inbox.secret, 0, 2**20))
        await inbox.line.until(lambda a: isinstance(a, delivery.Live))
        deleted = await inbox.line.ask(lambda n: delivery.DeleteInbox(n, inbox.name, inbox.secret))
        assert seq_of(deleted) == 0
        assert await inbox.line.until(lambda a: isinstance(a, delivery.End)) == delivery.End(70, 2)
        assert code_of(await inbox.drop("late")) == (404, "messaging.unknown")


async def test_a_channel_is_no_inbox_even_under_the_same_name(
    open_database: OpenDatabase,
) -> None:
    async with an_inbox(open_database) as inbox:
        post = delivery.Post(90, inbox.name, 0, inbox.secret, fresh(), 0, body_of("x"))
        inbox.line.say(post)
        refused = await inbox.line.until(lambda a: a.request == 90)
        assert code_of(refused) == (404, "messaging.unknown")
