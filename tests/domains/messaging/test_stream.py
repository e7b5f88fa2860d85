"""The stream and the exchange over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.foundation.clock import SystemClock
from enigm.wire import delivery
from tests.domains.messaging.running import (
    Channel,
    body_of,
    connected,
    listening,
    running,
    with_tables,
)

if TYPE_CHECKING:
    from tests.support.databases import OpenDatabase


@pytest.mark.asyncio
async def test_what_one_posts_the_other_reads_at_once(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    database = with_tables(open_sqlcipher_database("messaging"))
    channel = Channel()
    async with (
        running(database, SystemClock()) as service,
        listening(service) as port,
        connected(port) as writer,
        connected(port) as reader,
    ):
        assert isinstance(await writer.ask(channel.create), delivery.Ack)
        request = reader.state.follow_channel(channel.name, 0, channel.token(0), 0)
        await reader.flush()
        assert await reader.hear() == [delivery.Live(request)]
        answer = await writer.ask(lambda number: channel.post(number, body_of("hello")))
        assert isinstance(answer, delivery.Ack)
        assert await reader.hear() == [delivery.Record(request, 1, 0, 0, body_of("hello"))]
