"""Whatever bytes a client sends, every request is answered and the service goes on."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enigm.domains.messaging.routes import delivery_app
from enigm.foundation.sqlcipher import open_sqlcipher
from enigm.wire import delivery
from tests.domains.messaging.running import Channel, Line, body_of, mint, running, with_tables
from tests.support.clock import FakeClock
from tests.wire.test_delivery import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.domains.messaging.actions.service import Delivery

NO_LIMITS = {"messaging.channel_posts": 10**9, "messaging.connection_requests": 10**9}
EXAMPLES = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LAST_REQUEST = 2**32 - 1


def with_a_service(tell: Callable[[asyncio.Runner, Delivery], None]) -> None:
    """Run a story over a fresh embedded service."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        path = Path(folder) / "messaging.db"
        database = with_tables(open_sqlcipher(path, bytes(32), domain="messaging"))
        context = running(database, FakeClock(), limits=NO_LIMITS)
        service = runner.run(context.__aenter__())
        try:
            tell(runner, service)
        finally:
            runner.run(context.__aexit__(None, None, None))
            database.close()


async def answered(service: Delivery, message: bytes, *, expected: set[int]) -> None:
    """Say a message and see that each request that must be answered is, or all is refused."""
    line = Line(service)
    line.session.receive(message)
    if line.session.is_broken:
        refused = await line.until(lambda a: a.request == 0)
        assert isinstance(refused, delivery.Refused)
        assert refused.status == 400
    else:
        for request in expected:
            await line.until(lambda a, r=request: a.request == r)
        line.say(delivery.Ping(LAST_REQUEST))
        await line.until(lambda a: a == delivery.Pong(LAST_REQUEST))
    assert not [a for a in line.heard if isinstance(a, delivery.Refused) and a.status >= 500]
    await line.close()


def must_answer(message: bytes) -> set[int]:
    """Return the requests that a message holds, less those that have no answer of their own."""
    try:
        frames = delivery.decode_requests(message)
    except delivery.FramingError:
        return set()
    silent = delivery.Credit | delivery.Close
    waiting = delivery.Fetch | delivery.FetchInbox
    return {
        frame.request
        for frame in frames
        if not isinstance(frame, silent) and not (isinstance(frame, waiting) and frame.wait_seconds)
    }


def test_well_formed_requests_from_strangers_are_each_answered() -> None:
    def tell(runner: asyncio.Runner, service: Delivery) -> None:
        @EXAMPLES
        @given(st.lists(REQUESTS, min_size=1, max_size=6, unique_by=lambda frame: frame.request))
        def barrage(frames: list[delivery.Request]) -> None:
            waiting = delivery.Fetch | delivery.FetchInbox
            frames = [f for f in frames if not isinstance(f, waiting) or f.wait_seconds == 0]
            message = delivery.encode_all(frames)
            runner.run(answered(service, message, expected=must_answer(message)))

        barrage()

    with_a_service(tell)


def test_a_member_s_mutated_requests_are_each_answered() -> None:
    def tell(runner: asyncio.Runner, service: Delivery) -> None:
        channel = Channel()
        whole = delivery.encode_all(
            [
                channel.create(1, mint()[0]),
                channel.post(2, body_of("post")),
                channel.open(3),
                channel.fetch(4),
                delivery.Credit(3, 100),
                channel.commit(5, body_of("commit")),
                delivery.Ping(6),
            ]
        )

        @EXAMPLES
        @given(
            st.lists(
                st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)),
                min_size=1,
                max_size=12,
            ),
            st.integers(0, 40),
        )
        def barrage(changes: list[tuple[int, int]], cut: int) -> None:
            message = bytearray(whole)
            for at, octet in changes:
                message[at] = octet
            mutated = bytes(message[: len(message) - cut])
            runner.run(answered(service, mutated, expected=must_answer(mutated)))

        barrage()

    with_a_service(tell)


def test_noise_is_refused_as_broken_framing() -> None:
    def tell(runner: asyncio.Runner, service: Delivery) -> None:
        @EXAMPLES
        @given(st.binary(min_size=1, max_size=400))
        def barrage(noise: bytes) -> None:
            runner.run(answered(service, noise, expected=must_answer(noise)))

        barrage()

    with_a_service(tell)


async def exchange(service: Delivery, body: bytes) -> tuple[int, bytes]:
    """Post to the exchange as a server would call it; return the status and what came back."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": delivery.EXCHANGE_PATH,
        "headers": [(b"content-type", delivery.MEDIA_TYPE.encode())],
    }
    sent: list[dict[str, Any]] = []
    asked = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        return await asyncio.get_running_loop().create_future()

    async def send(event: Any) -> None:
        sent.append(event)

    await delivery_app(service)(scope, receive, send)
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent[1:])


def test_every_exchange_is_answered_with_whole_frames() -> None:
    def tell(runner: asyncio.Runner, service: Delivery) -> None:
        @EXAMPLES
        @given(st.one_of(st.binary(max_size=300), st.lists(REQUESTS, max_size=5)))
        def barrage(asked: bytes | list[delivery.Request]) -> None:
            if isinstance(asked, list):
                waiting = delivery.Fetch | delivery.FetchInbox
                kept = [f for f in asked if not isinstance(f, waiting) or f.wait_seconds == 0]
                asked = delivery.encode_all(kept)
            status, answer = runner.run(exchange(service, asked))
            assert status == 200
            heard = delivery.decode_answers(answer)
            assert not [f for f in heard if isinstance(f, delivery.Unreadable)]
            assert must_answer(asked) <= {frame.request for frame in heard}

        barrage()

    with_a_service(tell)
