"""The news stream: every event in order, a slow page is cut off, a closed page is forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from enigm.app.loopback.events import EVENTS_WAITING_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.loopback import Loopback

_SECONDS_MAX = 10


async def test_events_arrive_in_order_and_in_the_shape_of_the_contract(
    loopback: Loopback,
) -> None:
    async with _stream(loopback) as stream:
        await _until(lambda: loopback.app.subscribers() == 1)
        sent = [loopback.app.receive("chat-elif", "elif", f"line {i}") for i in range(3)]
        kinds: list[str] = []
        texts: list[str] = []
        for _ in range(6):
            event = msgspec.json.decode(await stream.recv())
            kinds.append(event["type"])
            if event["type"] == "message":
                texts.append(event["value"]["text"])
    assert kinds == ["message", "conversation"] * 3
    assert texts == [message.text for message in sent]


async def test_the_session_is_never_echoed(loopback: Loopback) -> None:
    async with _stream(loopback) as stream:
        assert stream.subprotocol == "enigm.events"


async def test_a_page_that_leaves_is_forgotten(loopback: Loopback) -> None:
    async with _stream(loopback):
        await _until(lambda: loopback.app.subscribers() == 1)
    await _until(lambda: loopback.app.subscribers() == 0)


async def test_what_a_page_sends_is_ignored(loopback: Loopback) -> None:
    async with _stream(loopback) as stream:
        await stream.send('{"type": "message"}')
        await _until(lambda: loopback.app.subscribers() == 1)
        loopback.app.set_connection("offline")
        assert msgspec.json.decode(await stream.recv())["type"] == "state"


async def test_a_page_that_falls_behind_is_cut_off_and_may_come_back(loopback: Loopback) -> None:
    async with _stream(loopback) as stream:
        await _until(lambda: loopback.app.subscribers() == 1)
        # In one breath: the stream gets no turn to send any of it.
        for _ in range(EVENTS_WAITING_MAX + 1):
            loopback.app.set_connection("offline")
        with pytest.raises(ConnectionClosed) as cut_off:
            await _read_to_the_end(stream)
        assert cut_off.value.rcvd is not None
        assert cut_off.value.rcvd.code == 1013
    async with _stream(loopback):
        await _until(lambda: loopback.app.subscribers() == 1)


async def _read_to_the_end(stream: ClientConnection) -> None:
    while True:
        await stream.recv()


def _stream(loopback: Loopback) -> connect:
    return connect(
        f"ws://127.0.0.1:{loopback.daemon.port}/api/events",
        origin=loopback.origin,  # type: ignore[arg-type]
        subprotocols=["enigm.events", f"enigm.session.{loopback.session}"],  # type: ignore[list-item]
        proxy=None,
    )


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_SECONDS_MAX):
        while not condition():
            await asyncio.sleep(0)
