"""The news stream: one WebSocket per open page, from the App to the page only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from enigm.app import views
    from enigm.app.app import App
    from enigm.app.loopback.asgi import Message, Receive, Send

EVENTS_PATH = "/api/events"
# The browser fails the connection unless one offered name is chosen; never the session's.
SUBPROTOCOL = "enigm.events"
# A page this far behind is asleep: it is cut off and reads everything anew when it wakes.
EVENTS_WAITING_MAX = 1000
# RFC 6455 registry: try again later.
_TOO_SLOW = 1013


async def stream(app: App, receive: Receive, send: Send) -> None:
    """Send every event until the page leaves; what the page sends is ignored."""
    waiting: asyncio.Queue[views.Event] = asyncio.Queue(EVENTS_WAITING_MAX)
    overflow = asyncio.Event()

    def keep(event: views.Event) -> None:
        try:
            waiting.put_nowait(event)
        except asyncio.QueueFull:
            overflow.set()

    unsubscribe = app.subscribe(keep)
    try:
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        code = await _until_first(
            _forward(waiting, send), _page_left(receive), _fell_behind(overflow)
        )
        if code is not None:
            await send({"type": "websocket.close", "code": code})
    finally:
        unsubscribe()


async def _until_first(*ways: Coroutine[None, None, int | None]) -> int | None:
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()


async def _forward(waiting: asyncio.Queue[views.Event], send: Send) -> int:
    while True:
        event = await waiting.get()
        await send({"type": "websocket.send", "text": msgspec.json.encode(event).decode()})


async def _page_left(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "websocket.disconnect":
        message = await receive()


async def _fell_behind(overflow: asyncio.Event) -> int:
    await overflow.wait()
    return _TOO_SLOW
