"""NATS: how the server processes of one service tell each other of new records.

What goes there: a hash that names a log, and ciphertext as it is stored. Nothing is kept there;
whatever is lost on the way is found in the store.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import nats
from nats.errors import Error as NatsError

from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

    from enigm.domains.messaging.model import PlaceName

_SUBJECT_PREFIX: Final = "enigm.delivery."
# A broker that is away must not fill our memory: what does not fit is found in the store.
_QUEUE_MAX: Final = 4096
_CONNECT_SECONDS: Final = 5
_RECONNECT_SECONDS: Final = 1


class NatsFanout:
    """Delivery's fan-out over a NATS server (at most once, and it says when that was not)."""

    def __init__(self, url: str) -> None:
        """Keep the address: ``nats://host:4222``, with user and password where needed."""
        self._url = url
        self._client: Client | None = None
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_QUEUE_MAX)
        self._listening: dict[PlaceName, asyncio.Task[Subscription]] = {}
        self._sender: asyncio.Task[None] | None = None
        self._endings: set[asyncio.Task[None]] = set()
        self._heard: Callable[[PlaceName, bytes], None] | None = None
        self._uncertain: Callable[[], None] | None = None

    async def start(
        self, heard: Callable[[PlaceName, bytes], None], uncertain: Callable[[], None]
    ) -> None:
        """Connect; ``uncertain`` is called whenever notices may have been lost.

        Raises:
            SetupError: no server answers at the address.
        """
        self._heard, self._uncertain = heard, uncertain
        try:
            self._client = await nats.connect(  # pyright: ignore[reportUnknownMemberType]
                self._url,
                # A process has told its own listeners already.
                no_echo=True,
                connect_timeout=_CONNECT_SECONDS,
                reconnect_time_wait=_RECONNECT_SECONDS,
                max_reconnect_attempts=-1,
                error_cb=self._note_trouble,
                disconnected_cb=self._note_break,
                reconnected_cb=self._note_break,
            )
        except (OSError, NatsError) as error:
            msg = "No NATS server answers at ENIGM_NATS_URL: start it, or correct the address."
            raise SetupError(msg) from error
        self._sender = asyncio.get_running_loop().create_task(self._send())

    def tell(self, name: PlaceName, notice: bytes) -> None:
        """Send a notice about a place to every other process; never waits."""
        try:
            self._queue.put_nowait((_subject(name), notice))
        except asyncio.QueueFull:
            return

    async def listen(self, name: PlaceName) -> None:
        """Hear about a place from now on; returns when the server has confirmed it."""
        task = self._listening.get(name)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._subscribe(name))
            self._listening[name] = task
        try:
            await asyncio.shield(task)
        except NatsError:
            # The server is away: the store is asked until it is back, and the next who asks.
            if self._listening.get(name) is task:
                del self._listening[name]
            self._say_uncertain()

    def ignore(self, name: PlaceName) -> None:
        """Hear no more about a place."""
        task = self._listening.pop(name, None)
        if task is not None:
            ending = asyncio.get_running_loop().create_task(_unsubscribe(task))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def close(self) -> None:
        """Send what waits, then disconnect."""
        if self._client is None or self._sender is None:
            return
        self._sender.cancel()
        await asyncio.gather(self._sender, *self._endings, return_exceptions=True)
        # A connection that is lost already is as closed as it can be.
        with suppress(OSError, NatsError):
            await self._client.close()

    async def _subscribe(self, name: PlaceName) -> Subscription:
        client = self._connected()

        async def hear(message: Msg) -> None:
            if self._heard is not None:
                self._heard(name, message.data)

        subscription = await client.subscribe(  # pyright: ignore[reportUnknownMemberType]
            _subject(name), cb=hear
        )
        await client.flush(timeout=_CONNECT_SECONDS)
        return subscription

    async def _send(self) -> None:
        client = self._connected()
        while True:
            subject, notice = await self._queue.get()
            try:
                await client.publish(subject, notice)
            except NatsError:
                # Others look into the store; we only stop wondering.
                continue

    def _connected(self) -> Client:
        if self._client is None:
            raise RuntimeError("the fan-out was not started")
        return self._client

    async def _note_break(self) -> None:
        self._say_uncertain()

    async def _note_trouble(self, _error: Exception) -> None:
        self._say_uncertain()

    def _say_uncertain(self) -> None:
        if self._uncertain is not None:
            self._uncertain()


def _subject(name: PlaceName) -> str:
    return _SUBJECT_PREFIX + name.hex()


async def _unsubscribe(task: asyncio.Task[Subscription]) -> None:
    try:
        await (await task).unsubscribe()
    except NatsError:
        # Without a connection there is nothing to unsubscribe from.
        return
