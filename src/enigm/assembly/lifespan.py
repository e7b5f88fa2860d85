"""Starts and stops an application when its server says so (ASGI lifespan)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Living(Protocol):
    """What is started before the first request and stopped after the last."""

    async def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """Stop with everything written."""
        ...


async def live(living: Living, receive: Receive, send: Send) -> None:
    """Follow a server from its start to its stop."""
    await receive()
    await living.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await living.stop()
    await send({"type": "lifespan.shutdown.complete"})
