"""The stream and the exchange over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
import websockets

from enigm.foundation.clock import SystemClock
from enigm.wire import delivery
from tests.domains.messaging.running import (
    ANSWER_SECONDS_MAX,
    Channel,
    Client,
    body_of,
    connected,
    listening,
    running,
    with_tables,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.databases import OpenDatabase

LIFTED = {"messaging.channel_posts": 10**9, "messaging.connection_requests": 10**9}


@asynccontextmanager
async def a_server(open_sqlcipher_database: OpenDatabase) -> AsyncGenerator[int]:
    database = with_tables(open_sqlcipher_database("messaging"))
    async with (
        running(database, SystemClock(), limits=LIFTED) as service,
        listening(service) as port,
    ):
        yield port


async def test_what_one_posts_the_other_reads_at_once(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    channel = Channel()
    async with (
        a_server(open_sqlcipher_database) as port,
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


async def test_broken_framing_is_refused_and_then_closed(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    async with a_server(open_sqlcipher_database) as port:
        for message in (b"\x00\x00\x00\xff\x02", "text is no frame"):
            async with connected(port) as client:
                await client.connection.send(message)
                (refused,) = await client.hear()
                assert isinstance(refused, delivery.Refused)
                assert (refused.request, refused.status) == (0, 400)
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await client.connection.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1002


async def test_a_client_of_another_protocol_is_turned_away(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    async with a_server(open_sqlcipher_database) as port:
        for path, protocols in (
            (delivery.STREAM_PATH, ["enigm.delivery.v0"]),
            ("/delivery/v1/other", [delivery.SUBPROTOCOL]),
        ):
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(
                    f"ws://127.0.0.1:{port}{path}",
                    subprotocols=[websockets.Subprotocol(name) for name in protocols],
                )


async def test_the_exchange_answers_what_the_stream_answers(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    channel = Channel()
    async with (
        a_server(open_sqlcipher_database) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):

        async def exchange(*frames: delivery.Request) -> list[delivery.Answer]:
            answer = await client.post(
                delivery.EXCHANGE_PATH,
                content=delivery.encode_all(frames),
                headers={"content-type": delivery.MEDIA_TYPE},
            )
            assert answer.status_code == 200
            heard = delivery.decode_answers(answer.content)
            return [frame for frame in heard if not isinstance(frame, delivery.Unreadable)]

        assert await exchange(channel.create(1)) == [delivery.Ack(1, 0)]
        posted = await exchange(channel.post(1, body_of("a")), channel.post(2, body_of("b")))
        assert posted == [delivery.Ack(1, 1), delivery.Ack(2, 2)]
        assert await exchange(channel.fetch(9), delivery.Ping(10)) == [
            delivery.Pong(10),
            delivery.Record(9, 1, 0, 0, body_of("a")),
            delivery.Record(9, 2, 0, 0, body_of("b")),
            delivery.End(9, delivery.END_CAUGHT_UP),
        ]
        (refused,) = await exchange(channel.open(3))
        assert isinstance(refused, delivery.Refused)
        assert (refused.request, refused.status) == (3, 400)


@pytest.mark.parametrize(
    ("method", "path", "media_type", "status"),
    [
        ("POST", delivery.EXCHANGE_PATH, "application/json", 415),
        ("GET", delivery.EXCHANGE_PATH, delivery.MEDIA_TYPE, 405),
        ("POST", "/delivery/v1/nothing", delivery.MEDIA_TYPE, 404),
    ],
)
async def test_what_is_no_exchange_is_refused_as_http_does(
    open_sqlcipher_database: OpenDatabase, method: str, path: str, media_type: str, status: int
) -> None:
    async with (
        a_server(open_sqlcipher_database) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        answer = await client.request(method, path, headers={"content-type": media_type})
        assert answer.status_code == status


async def test_an_exchange_larger_than_a_message_is_refused(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    async with (
        a_server(open_sqlcipher_database) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        answer = await client.post(
            delivery.EXCHANGE_PATH,
            content=bytes(delivery.MESSAGE_BYTES_MAX + 1),
            headers={"content-type": delivery.MEDIA_TYPE},
        )
        assert answer.status_code == 413


async def test_a_reader_that_reads_slowly_gets_everything_in_order(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    channel, count, size = Channel(), 600, 4096
    async with (
        a_server(open_sqlcipher_database) as port,
        connected(port) as writer,
        connected(port) as reader,
    ):
        await writer.ask(channel.create)
        reader.state = type(reader.state)(credit_bytes=2**30)
        reader.state.follow_channel(channel.name, 0, channel.token(0), 0)
        await reader.flush()
        # Far more than sockets and the service's memory for one reader hold is written unread.
        for number in range(count):
            writer.state.ask(lambda r, n=number: channel.post(r, body_of(str(n), size)))
        await writer.flush()
        while writer.state.unanswered:
            await writer.hear()
        bodies = await _hear_records(reader, count)
        assert bodies == [body_of(str(number), size) for number in range(count)]


async def _hear_records(reader: Client, count: int) -> list[bytes]:
    bodies: list[bytes] = []
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        while len(bodies) < count:
            bodies += [e.body for e in await reader.hear() if isinstance(e, delivery.Record)]
    return bodies


async def test_the_largest_body_travels_and_a_larger_one_has_no_size(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    channel = Channel()
    async with a_server(open_sqlcipher_database) as port, connected(port) as client:
        await client.ask(channel.create)
        largest = body_of("largest", 2 * 1024 * 1024)
        assert isinstance(await client.ask(lambda r: channel.post(r, largest)), delivery.Ack)
        request = client.state.follow_channel(channel.name, 0, channel.token(0), 0)
        await client.flush()
        heard = await client.hear()
        assert heard[0] == delivery.Record(request, 1, 0, 0, largest)
