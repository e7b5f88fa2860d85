"""How delivery is reached: a WebSocket stream and a plain exchange, as raw ASGI."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from enigm.domains.messaging.actions.session import Session
from enigm.wire.delivery import (
    EXCHANGE_PATH,
    MEDIA_TYPE,
    MESSAGE_BYTES_MAX,
    STREAM_PATH,
    SUBPROTOCOL,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from enigm.domains.messaging.actions.service import Delivery

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

# RFC 6455 §7.4.1
_CLOSE_NORMAL: Final = 1000
_CLOSE_PROTOCOL_ERROR: Final = 1002
_OK, _NOT_FOUND, _NOT_ALLOWED, _TOO_LARGE, _WRONG_TYPE = 200, 404, 405, 413, 415


def delivery_app(service: Delivery) -> App:
    """Return the ASGI application for ``/delivery/v1/stream`` and ``/delivery/v1/exchange``."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _serve_stream(service, scope, receive, send)
        elif scope["type"] == "http":
            await _serve_exchange(service, scope, receive, send)

    return app


async def _serve_stream(service: Delivery, scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    if scope["path"] != STREAM_PATH or SUBPROTOCOL not in scope["subprotocols"]:
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
    session = Session(service, may_stay=True)
    sender = asyncio.get_running_loop().create_task(_send_outputs(session, send))
    try:
        while not session.is_broken:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                session.close()
                break
            # A text message holds no frame: it is refused as broken framing.
            session.receive(event.get("bytes") or b"\x00")
            await session.room()
        await sender
    finally:
        session.close()
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def _send_outputs(session: Session, send: Send) -> None:
    try:
        while (output := await session.next_output()) is not None:
            await send({"type": "websocket.send", "bytes": output})
        if session.is_broken:
            await send({"type": "websocket.close", "code": _CLOSE_PROTOCOL_ERROR})
    except OSError:
        # The client went away while we were sending; the receiving side hears of it too.
        session.close()


async def _serve_exchange(service: Delivery, scope: Scope, receive: Receive, send: Send) -> None:
    refused = _refuse_exchange(scope)
    if refused:
        await _answer(send, refused)
        return
    message = await _read_body(receive)
    if message is None:
        await _answer(send, _TOO_LARGE)
        return
    session = Session(service, may_stay=False)
    session.receive(message)
    watcher = asyncio.get_running_loop().create_task(_close_when_gone(session, receive))
    try:
        await send(_start(_OK))
        while (output := await session.next_output()) is not None:
            await send({"type": "http.response.body", "body": output, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        session.close()
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


def _refuse_exchange(scope: Scope) -> int | None:
    if scope["path"] != EXCHANGE_PATH:
        return _NOT_FOUND
    if scope["method"] != "POST":
        return _NOT_ALLOWED
    media_type = dict(scope["headers"]).get(b"content-type", b"")
    return None if media_type == MEDIA_TYPE.encode() else _WRONG_TYPE


async def _read_body(receive: Receive) -> bytes | None:
    """Return the request's body; None where it is larger than a message may be."""
    parts: list[bytes] = []
    length_bytes = 0
    while True:
        event = await receive()
        part = event.get("body", b"")
        parts.append(part)
        length_bytes += len(part)
        if length_bytes > MESSAGE_BYTES_MAX:
            return None
        if not event.get("more_body"):
            return b"".join(parts)


async def _close_when_gone(session: Session, receive: Receive) -> None:
    await receive()
    session.close()


def _start(status: int) -> dict[str, Any]:
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"cache-control", b"no-store")]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _answer(send: Send, status: int) -> None:
    await send(_start(status))
    await send({"type": "http.response.body", "body": b""})
