"""The witness's HTTP face: one path, as C2SP tlog-witness has it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from enigm.gateways.witness.cosigning import NOT_FOUND, REQUEST_BYTES_MAX, Answer, Witness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]


def witness_app(witness: Witness) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return an ASGI application that answers ``POST /add-checkpoint``."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if (scope["method"], scope["path"]) != ("POST", "/add-checkpoint"):
            await _answer(send, Answer(NOT_FOUND, b"A witness answers POST /add-checkpoint."))
            return
        content = await _content(receive)
        # Signing and forcing the state to disk must not hold up other logs.
        await _answer(send, await asyncio.to_thread(witness.add_checkpoint, content))

    return application


async def _content(receive: Receive) -> bytes:
    """Read the body, but never more than one byte above the limit, which is then refused."""
    content = b""
    while len(content) <= REQUEST_BYTES_MAX:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            break
    return content


async def _answer(send: Send, answer: Answer) -> None:
    headers = [(b"content-type", answer.content_type.encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})
