"""Takes one path's POSTs, bounded, and answers with a status and nothing else."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A report has a few short fields; result data of a failed installation is the longest.
REPORT_BYTES_MAX: Final = 32 * 1024


def listener(
    path: str, hear: Callable[[bytes, Callable[[str], str]], None]
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return an ASGI application that hands each POST's content to ``hear``, in a thread.

    Args:
        path: the one path that is answered.
        hear: takes the content, and a function that returns a request header's value or "".
            A Refusal it raises becomes a bare status.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status = HTTPStatus.NOT_FOUND
        if (scope["method"], scope["path"]) == ("POST", path):
            content = await _content(receive)
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            if len(content) <= REPORT_BYTES_MAX:
                status = await asyncio.to_thread(_heard, hear, content, scope["headers"])
        await send({"type": "http.response.start", "status": status.value, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return application


def _heard(
    hear: Callable[[bytes, Callable[[str], str]], None],
    content: bytes,
    headers: list[tuple[bytes, bytes]],
) -> HTTPStatus:
    given = {name.lower(): value for name, value in headers}

    def header(name: str) -> str:
        return given.get(name.lower().encode(), b"").decode("latin-1")

    try:
        hear(content, header)
    except Refusal as refusal:
        return HTTPStatus(refusal.category.status)
    return HTTPStatus.NO_CONTENT


async def _content(receive: Receive) -> bytes:
    """Read the body, but never much above the limit, which is then refused."""
    content = b""
    while len(content) <= REPORT_BYTES_MAX:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            break
    return content
