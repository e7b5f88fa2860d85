"""The channel path: one WebSocket for every channel and the inbox, kept open as best it can."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from enigm.app.errors import OfflineError
from enigm.app.service.problems import refusal
from enigm.wire import delivery

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from websockets.asyncio.client import ClientConnection

    from enigm.foundation.entropy import Entropy

# Half a megabyte in flight per subscription: a screenful of long texts, and a bound on memory.
CREDIT_BYTES = 512 * 1024
RETRY_DELAY_SECONDS_MIN = 0.25
RETRY_DELAY_SECONDS_MAX = 30.0
ANSWER_SECONDS_MAX = 20.0
CONNECT_SECONDS_MAX = 10.0

Item = delivery.Record | delivery.Live | delivery.End


class Subscription:
    """What the service sends for one OPEN or READ_INBOX."""

    def __init__(self, path: ChannelPath, request: int) -> None:
        """Belong to a request of the path."""
        self._path = path
        self._request = request
        self._items: asyncio.Queue[Item | Exception] = asyncio.Queue()
        self._owed_bytes = 0
        self._kept: Item | Exception | None = None

    def put(self, item: Item | Exception) -> None:
        """Hand over what arrived."""
        self._items.put_nowait(item)

    async def next(self) -> Item:
        """Wait for the next item; raises OfflineError, or the service's refusal."""
        await self._give_credit()
        kept, self._kept = self._kept, None
        item = await self._items.get() if kept is None else kept
        if isinstance(item, Exception):
            raise item
        if isinstance(item, delivery.Record):
            self._owed_bytes += len(item.body)
        return item

    def ready_records(self, count_max: int) -> list[delivery.Record]:
        """Return records that are here already, without waiting."""
        records: list[delivery.Record] = []
        while len(records) < count_max and not self._items.empty():
            item = self._items.get_nowait()
            if not isinstance(item, delivery.Record):
                # It cannot go back to the front of the queue, so it is kept beside it.
                self._kept = item
                break
            records.append(item)
            self._owed_bytes += len(item.body)
        return records

    async def _give_credit(self) -> None:
        """Allow the service as much again as was taken since the last time."""
        if self._owed_bytes >= CREDIT_BYTES // 2:
            owed, self._owed_bytes = self._owed_bytes, 0
            await self._path.send(delivery.Credit(self._request, owed))


class ChannelPath:
    """A connection that nobody signed in to. Shares nothing with the account path."""

    def __init__(self, service: str, entropy: Entropy, on_change: Callable[[], None]) -> None:
        """Aim at a service; ``on_change`` is called when the connection comes or goes."""
        self._address = "ws" + service.removeprefix("http") + delivery.STREAM_PATH
        self._entropy = entropy
        self._on_change = on_change
        self._socket: ClientConnection | None = None
        self._online = asyncio.Event()
        self._requests = 0
        self._answers: dict[int, asyncio.Future[delivery.Ack]] = {}
        self._subscriptions: dict[int, Subscription] = {}
        self.is_tried = False

    @property
    def is_online(self) -> bool:
        """Tell whether the connection stands."""
        return self._online.is_set()

    async def wait_online(self) -> None:
        """Wait until the connection stands."""
        await self._online.wait()

    async def run(self) -> None:
        """Connect, read, and connect again with growing, jittered pauses; until cancelled."""
        delay = RETRY_DELAY_SECONDS_MIN
        while True:
            try:
                await self._connect_and_read()
                delay = RETRY_DELAY_SECONDS_MIN
            except (OSError, TimeoutError, InvalidHandshake, InvalidURI, delivery.FramingError):
                delay = min(delay * 2, RETRY_DELAY_SECONDS_MAX)
            finally:
                self._lose()
            # Half fixed, half drawn: clients that lost the same service do not return as one.
            draw = int.from_bytes(self._entropy.random_bytes(2), "big") / 0xFFFF
            await asyncio.sleep(delay / 2 + draw * delay / 2)

    async def ask(self, build: Callable[[int], delivery.Request]) -> delivery.Ack:
        """Send a request and wait for its ACK; raises OfflineError, or the service's refusal."""
        number = self._number()
        answer: asyncio.Future[delivery.Ack] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self.send(build(number))
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                return await answer
        except TimeoutError as error:
            raise OfflineError("no answer in time") from error
        finally:
            self._answers.pop(number, None)

    @contextlib.asynccontextmanager
    async def subscribed(
        self, build: Callable[[int], delivery.Request]
    ) -> AsyncGenerator[Subscription]:
        """Subscribe for the length of a block."""
        number = self._number()
        subscription = Subscription(self, number)
        self._subscriptions[number] = subscription
        try:
            await self.send(build(number))
            yield subscription
        finally:
            if self._subscriptions.pop(number, None) is not None and self.is_online:
                with contextlib.suppress(OfflineError):
                    await self.send(delivery.Close(number))

    async def send(self, frame: delivery.Request) -> None:
        """Send one frame; raises OfflineError."""
        socket = self._socket
        if socket is None:
            raise OfflineError("not connected")
        try:
            await socket.send(delivery.encode(frame))
        except ConnectionClosed as error:
            raise OfflineError("the connection closed") from error

    def _number(self) -> int:
        self._requests = self._requests % 0xFFFF_FFFF + 1
        return self._requests

    async def _connect_and_read(self) -> None:
        async with connect(
            self._address,
            subprotocols=[delivery.SUBPROTOCOL],  # pyright: ignore[reportArgumentType]
            compression=None,
            proxy=None,
            user_agent_header=None,
            open_timeout=CONNECT_SECONDS_MAX,
            max_size=delivery.MESSAGE_BYTES_MAX,
        ) as socket:
            self._socket = socket
            self._online.set()
            self.is_tried = True
            self._on_change()
            with contextlib.suppress(ConnectionClosed):
                async for message in socket:
                    if isinstance(message, str):
                        raise delivery.FramingError("Frames are binary.")
                    for frame in delivery.decode_answers(message):
                        self._dispatch(frame)

    def _dispatch(self, frame: delivery.Answer | delivery.Unreadable) -> None:
        answer = self._answers.get(frame.request)
        subscription = self._subscriptions.get(frame.request)
        if isinstance(frame, delivery.Refused):
            error = refusal(
                frame.status, frame.code, frame.detail, frame.retry_after_seconds or None
            )
            self._fail(answer, subscription, error)
        elif isinstance(frame, delivery.Unreadable):
            self._fail(answer, subscription, OfflineError("an unreadable frame"))
        elif isinstance(frame, delivery.Ack):
            if answer is not None and not answer.done():
                answer.set_result(frame)
        elif isinstance(frame, delivery.Pong):
            return
        elif subscription is not None:
            subscription.put(frame)

    def _fail(
        self,
        answer: asyncio.Future[delivery.Ack] | None,
        subscription: Subscription | None,
        error: Exception,
    ) -> None:
        if answer is not None and not answer.done():
            answer.set_exception(error)
        if subscription is not None:
            subscription.put(error)

    def _lose(self) -> None:
        was_online = self._online.is_set()
        self._socket = None
        self._online.clear()
        error = OfflineError("the connection closed")
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)
        for subscription in self._subscriptions.values():
            subscription.put(error)
        if was_online or not self.is_tried:
            self.is_tried = True
            self._on_change()
