"""A delivery service inside the test, and clients that speak to it with and without sockets."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

import uvicorn
import websockets

from enigm.crypto import tokens
from enigm.domains.messaging.actions.service import Delivery
from enigm.domains.messaging.actions.session import Session
from enigm.domains.messaging.routes import delivery_app
from enigm.domains.messaging.store import DESIGN
from enigm.foundation.migrations import migrate
from enigm.wire import delivery
from tests.support.delivery_client import DeliveryClient
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from enigm.domains.messaging.needs import Fanout
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from tests.support.delivery_client import Once

ISSUER = tokens.TokenIssuer.from_seed(bytes(range(32)))
ANSWER_SECONDS_MAX = 20
Frame = TypeVar("Frame", bound=delivery.Answer)

_entropy = FakeEntropy()


def fresh(length_bytes: int = 16) -> bytes:
    """Return bytes that no other test has."""
    return _entropy.random_bytes(length_bytes)


def mint(count: int = 1) -> list[bytes]:
    """Return admission tokens, issued as an account would get them."""
    state, blinded = tokens.blind(count, _entropy)
    answer = ISSUER.evaluate(blinded)
    return list(tokens.finalize(state, answer.elements, answer.proof, ISSUER.public_key))


def with_tables(database: Database) -> Database:
    """Bring a new store to what the code expects."""
    migrate(database, DESIGN.metadata, DESIGN.versions)
    return database


@asynccontextmanager
async def running(
    database: Database,
    clock: Clock,
    *,
    fanout: Fanout | None = None,
    limits: dict[str, int] | None = None,
    on_trouble: Callable[[Exception], None] = lambda _error: None,
) -> AsyncGenerator[Delivery]:
    """Run delivery over a store, without any server around it."""
    service = Delivery(
        database=database,
        clock=clock,
        entropy=_entropy,
        admission=ISSUER,
        fanout=fanout,
        limits=limits,
        on_trouble=on_trouble,
    )
    await service.start()
    try:
        yield service
    finally:
        await service.close()


@asynccontextmanager
async def listening(service: Delivery) -> AsyncGenerator[int]:
    """Serve delivery on a port of the loopback interface, as assembly does."""
    config = uvicorn.Config(
        delivery_app(service),
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=delivery.MESSAGE_BYTES_MAX,
        lifespan="off",
        log_level="warning",
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


class Line:
    """A connection without sockets: frames go to a session, answers come from it."""

    def __init__(self, service: Delivery, *, may_stay: bool = True) -> None:
        self.session = Session(service, may_stay=may_stay)
        self.heard: list[delivery.Answer] = []
        self._requests = 0
        self._news = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while (output := await self.session.next_output()) is not None:
            self.heard += [
                frame
                for frame in delivery.decode_answers(output)
                if not isinstance(frame, delivery.Unreadable)
            ]
            self._news.set()

    def next_request(self) -> int:
        self._requests += 1
        return self._requests

    def say(self, *frames: delivery.Request) -> None:
        self.session.receive(delivery.encode_all(frames))

    async def ask(self, make: Callable[[int], delivery.Request]) -> delivery.Answer:
        """Ask once and return the last answer: an ACK, END, PONG or refusal."""
        frame = make(self.next_request())
        self.say(frame)
        return await self.until(
            lambda answer: (
                answer.request == frame.request
                and not isinstance(answer, delivery.Record | delivery.Live)
            )
        )

    async def until(self, is_it: Callable[[delivery.Answer], bool]) -> delivery.Answer:
        """Wait until something was said, and return the first of it."""
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            while True:
                for answer in self.heard:
                    if is_it(answer):
                        return answer
                self._news.clear()
                await self._news.wait()

    def records(self, request: int) -> list[delivery.Record]:
        return [
            answer
            for answer in self.heard
            if isinstance(answer, delivery.Record) and answer.request == request
        ]

    async def close(self) -> None:
        self.session.close()
        await self._task


class Client:
    """A client on a real WebSocket."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection
        self.state = DeliveryClient()

    async def flush(self) -> None:
        if message := self.state.outgoing():
            await self.connection.send(message)

    async def hear(self) -> list[delivery.Answer]:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            message = await self.connection.recv()
        assert isinstance(message, bytes)
        events = self.state.receive(message)
        await self.flush()
        return events

    async def ask(self, make: Callable[[int], Once]) -> delivery.Answer:
        request = self.state.ask(make)
        await self.flush()
        while True:
            for event in await self.hear():
                if event.request == request:
                    return event


@asynccontextmanager
async def connected(port: int) -> AsyncGenerator[Client]:
    """Connect a client."""
    url = f"ws://127.0.0.1:{port}{delivery.STREAM_PATH}"
    async with websockets.connect(
        url,
        subprotocols=[websockets.Subprotocol(delivery.SUBPROTOCOL)],
        compression=None,
        max_size=delivery.MESSAGE_BYTES_MAX,
    ) as connection:
        yield Client(connection)


class Channel:
    """A conversation as its members know it: its name and each epoch's token."""

    def __init__(self) -> None:
        self.name = fresh()
        self._secret = fresh(32)

    def token(self, epoch: int) -> bytes:
        return bytes(a ^ b for a, b in zip(self._secret, epoch.to_bytes(32, "big"), strict=True))

    def token_hash(self, epoch: int) -> bytes:
        return sha256(self.token(epoch)).digest()

    def create(self, request: int, admission: bytes | None = None) -> delivery.CreateChannel:
        return delivery.CreateChannel(
            request, self.name, self.token_hash(0), admission or mint()[0]
        )

    def post(
        self, request: int, body: bytes, *, epoch: int = 0, key: bytes | None = None, ttl: int = 0
    ) -> delivery.Post:
        return delivery.Post(
            request, self.name, epoch, self.token(epoch), key or fresh(), ttl, body
        )

    def commit(
        self, request: int, body: bytes, *, epoch: int = 0, key: bytes | None = None
    ) -> delivery.Commit:
        return delivery.Commit(
            request,
            self.name,
            epoch,
            self.token(epoch),
            key or fresh(),
            0,
            self.token_hash(epoch + 1),
            body,
        )

    def open(
        self, request: int, *, epoch: int = 0, after: int = 0, credit: int = 2**20
    ) -> delivery.Open:
        return delivery.Open(request, self.name, epoch, self.token(epoch), after, credit)

    def fetch(
        self, request: int, *, epoch: int = 0, after: int = 0, limit: int = 2**20, wait: int = 0
    ) -> delivery.Fetch:
        return delivery.Fetch(request, self.name, epoch, self.token(epoch), after, limit, wait)


def body_of(text: str, size: int = 512) -> bytes:
    """Return a body of an allowed size that begins with this text."""
    return text.encode().ljust(size, b"\0")
