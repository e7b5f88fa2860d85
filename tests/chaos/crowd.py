"""People who write and read while servers die under them, and what they saw in the end."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import websockets

from enigm.foundation.entropy import SystemEntropy
from enigm.wire import delivery
from tests.support.delivery_client import DeliveryClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.domains.messaging.running import Channel

CONNECT_AGAIN_SECONDS = 0.02
COMMIT_AGAIN_SECONDS = 0.1
IN_FLIGHT = 8
Writing = delivery.Post | delivery.Commit | delivery.CreateChannel
_entropy = SystemEntropy()


class Person:
    """A client that always comes back, to any of the servers in turn."""

    def __init__(self, ports: list[int]) -> None:
        self.state = DeliveryClient()
        self.reconnects = 0
        self._ports = itertools.cycle(ports)
        self._connection: websockets.ClientConnection | None = None
        self._answers: dict[int, asyncio.Future[delivery.Answer]] = {}
        self.on_event: Callable[[delivery.Answer], None] = lambda _event: None
        self._task = asyncio.get_running_loop().create_task(self._live())

    async def _live(self) -> None:
        while True:
            url = f"ws://127.0.0.1:{next(self._ports)}{delivery.STREAM_PATH}"
            try:
                async with websockets.connect(
                    url,
                    subprotocols=[websockets.Subprotocol(delivery.SUBPROTOCOL)],
                    compression=None,
                    max_size=delivery.MESSAGE_BYTES_MAX,
                ) as connection:
                    self._connection = connection
                    self.state.reconnected()
                    await self.flush()
                    async for message in connection:
                        assert isinstance(message, bytes)
                        self._take(message)
                        await self.flush()
            except (OSError, websockets.WebSocketException):
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
            finally:
                self._connection = None
                self.reconnects += 1

    def _take(self, message: bytes) -> None:
        for event in self.state.receive(message):
            future = self._answers.pop(event.request, None)
            if future is not None:
                future.set_result(event)
            else:
                self.on_event(event)

    async def flush(self) -> None:
        if self._connection is None:
            return
        message = self.state.outgoing()
        if message:
            try:
                await self._connection.send(message)
            except websockets.ConnectionClosed:
                # What was not answered is said again after the reconnect.
                return

    async def ask(self, make: Callable[[int], Writing]) -> delivery.Answer:
        """Ask until there is an answer, however many servers die meanwhile."""
        request = self.state.ask(make)
        future = asyncio.get_running_loop().create_future()
        self._answers[request] = future
        await self.flush()
        return await future

    async def check(self) -> None:
        """Raise what ended this person's life, if anything did."""
        if self._task.done():
            await self._task

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@dataclass
class Tally:
    """What was promised, and what came."""

    acknowledged: dict[bytes, int] = field(default_factory=dict)
    delivered: list[list[tuple[int, bytes]]] = field(default_factory=list)
    commits_won: dict[int, int] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Acknowledged records that some reader never got."""
        return sum(len(self.acknowledged.keys() - {b for _, b in seen}) for seen in self.delivered)

    @property
    def duplicated(self) -> int:
        """Records that some reader's application was given twice."""
        return sum(len(seen) - len({body for _, body in seen}) for seen in self.delivered)

    def in_one_order(self) -> bool:
        """Whether every reader saw the same records under the same numbers, ascending."""
        return all(seen == sorted(seen) == self.delivered[0] for seen in self.delivered)


class Story:
    """A channel whose members write, commit and read until told to stop."""

    def __init__(self, channel: Channel, ports: list[int]) -> None:
        self.channel = channel
        self.tally = Tally()
        self._ports = ports
        self._epoch = 0
        self._is_over = False
        self._people: list[Person] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()

    async def begin(self, token: bytes, *, writers: int, readers: int, committers: int) -> None:
        founder = self._person()
        assert isinstance(
            await founder.ask(lambda request: self.channel.create(request, token)), delivery.Ack
        )
        for _ in range(readers):
            self._follow(self._person())
        loop = asyncio.get_running_loop()
        for number in range(writers):
            person = self._person()
            for lane in range(IN_FLIGHT):
                name = f"{number}.{lane}"
                self._tasks.append(loop.create_task(self._write(person, name)))
        for number in range(committers):
            self._tasks.append(loop.create_task(self._commit(self._person(), number)))

    async def end(self) -> Tally:
        """Let everybody finish what they began, and wait until the readers have it all."""
        self._is_over = True
        await asyncio.gather(*self._tasks, *(person.check() for person in self._people))
        while self.tally.lost:
            self._news.clear()
            await asyncio.gather(*(person.check() for person in self._people))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 1)
        for person in self._people:
            await person.leave()
        return self.tally

    def _person(self) -> Person:
        offset = len(self._people) % len(self._ports)
        person = Person(self._ports[offset:] + self._ports[:offset])
        self._people.append(person)
        return person

    def _follow(self, reader: Person) -> None:
        seen: list[tuple[int, bytes]] = []
        self.tally.delivered.append(seen)
        epoch = 0

        def follow() -> None:
            after = seen[-1][0] if seen else 0
            token = self.channel.token(epoch)
            reader.state.follow_channel(self.channel.name, epoch, token, after)

        def take(event: delivery.Answer) -> None:
            nonlocal epoch
            match event:
                case delivery.Record():
                    seen.append((event.seq, event.body))
                    self._news.set()
                case delivery.End(reason=delivery.END_EPOCH):
                    epoch += 1
                    follow()
                case delivery.Refused(status=503):
                    follow()
                case delivery.Live():
                    pass
                case _:
                    raise AssertionError(event)

        reader.on_event = take
        follow()

    async def _write(self, person: Person, name: str) -> None:
        for count in itertools.count():
            if self._is_over:
                return
            body = f"{name}.{count}".encode().ljust(512, b"\0")
            while not await self._post(person, body):
                continue

    async def _post(self, person: Person, body: bytes) -> bool:
        """Post in the epoch this member knows; after a conflict, catch up and post anew."""
        epoch, key = self._epoch, _entropy.random_bytes(16)
        answer = await self._insist(
            person, lambda r: self.channel.post(r, body, epoch=epoch, key=key)
        )
        if isinstance(answer, delivery.Ack):
            assert body not in self.tally.acknowledged
            self.tally.acknowledged[body] = answer.seq
            return True
        self._epoch = max(self._epoch, epoch + 1)
        return False

    async def _insist(self, person: Person, make: Callable[[int], Writing]) -> delivery.Answer:
        """Ask with the same key until storage answers: an ACK, or that the epoch has passed."""
        while True:
            answer = await person.ask(make)
            if isinstance(answer, delivery.Ack):
                return answer
            assert isinstance(answer, delivery.Refused), answer
            if answer.status != 503:
                assert answer.code == "messaging.epoch_passed", answer
                return answer
            await asyncio.sleep(CONNECT_AGAIN_SECONDS)

    async def _commit(self, person: Person, number: int) -> None:
        while not self._is_over:
            epoch, key = self._epoch, _entropy.random_bytes(16)
            body = f"commit {number} {epoch}".encode().ljust(512, b"\0")
            answer = await self._insist(
                person,
                lambda r, b=body, e=epoch, k=key: self.channel.commit(r, b, epoch=e, key=k),
            )
            self._epoch = max(self._epoch, epoch + 1)
            if isinstance(answer, delivery.Ack):
                self.tally.acknowledged[body] = answer.seq
                self.tally.commits_won[epoch] = self.tally.commits_won.get(epoch, 0) + 1
            # Committers race for every epoch, but not without a pause: people commit rarely.
            await asyncio.sleep(COMMIT_AGAIN_SECONDS)
