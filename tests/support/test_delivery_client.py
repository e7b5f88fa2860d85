"""A client's state loses nothing between connections and tells each record once."""

from __future__ import annotations

import pytest

from enigm.wire import delivery
from tests.support.delivery_client import DeliveryClient

CHANNEL, TOKEN = b"c" * 16, b"t" * 32


def body(text: str) -> bytes:
    return text.encode().ljust(512, b"\0")


def post(request: int) -> delivery.Post:
    return delivery.Post(request, CHANNEL, 0, TOKEN, b"i" * 16, 60, body("hello"))


def record(request: int, seq: int) -> delivery.Record:
    return delivery.Record(request, seq, 0, 0, body(str(seq)))


def test_what_was_not_answered_is_said_again_in_the_same_words() -> None:
    client = DeliveryClient()
    client.ask(post)
    first = client.outgoing()
    assert client.outgoing() == b""
    client.reconnected()
    assert client.outgoing() == first
    client.receive(delivery.encode(delivery.Ack(1, 7)))
    client.reconnected()
    assert client.outgoing() == b""


def test_a_subscription_resumes_after_the_last_record_it_told() -> None:
    client = DeliveryClient()
    request = client.follow_channel(CHANNEL, 3, TOKEN, 10)
    client.receive(delivery.encode_all([record(request, 11), record(request, 12)]))
    client.outgoing()
    client.reconnected()
    (frame,) = delivery.decode_requests(client.outgoing())
    assert isinstance(frame, delivery.Open)
    assert (frame.epoch, frame.after_seq) == (3, 12)


def test_a_record_that_comes_twice_is_told_once() -> None:
    client = DeliveryClient()
    request = client.follow_inbox(CHANNEL, TOKEN, 0)
    frames = delivery.encode_all([record(request, 1), record(request, 1), record(request, 2)])
    assert client.receive(frames) == [record(request, 1), record(request, 2)]
    assert client.receive(frames) == []


def test_credit_is_topped_up_when_half_is_used() -> None:
    client = DeliveryClient(credit_bytes=2048)
    request = client.follow_channel(CHANNEL, 0, TOKEN, 0)
    client.outgoing()
    client.receive(delivery.encode_all([record(request, 1), record(request, 2)]))
    assert client.outgoing() == b""
    client.receive(delivery.encode(record(request, 3)))
    assert delivery.decode_requests(client.outgoing()) == [delivery.Credit(request, 1536)]


def test_after_its_end_a_subscription_is_not_resumed() -> None:
    client = DeliveryClient()
    for last in (delivery.End(1, delivery.END_EPOCH), delivery.Refused(2, 404, 0, "a.b", "no")):
        client.follow_channel(CHANNEL, 0, TOKEN, 0)
        assert client.receive(delivery.encode(last)) == [last]
    client.reconnected()
    assert client.outgoing() == b""


def test_what_comes_for_a_stopped_subscription_is_dropped() -> None:
    client = DeliveryClient()
    request = client.follow_channel(CHANNEL, 0, TOKEN, 0)
    client.outgoing()
    client.stop(request)
    client.stop(request)
    assert delivery.decode_requests(client.outgoing()) == [delivery.Close(request)]
    late = delivery.encode_all([record(request, 1), delivery.Live(request), delivery.End(1, 2)])
    assert client.receive(late) == []


def test_records_of_a_fetch_are_told_until_its_end() -> None:
    client = DeliveryClient()
    request = client.ask(lambda n: delivery.Fetch(n, CHANNEL, 0, TOKEN, 0, 4096, 0))
    end = delivery.End(request, delivery.END_CAUGHT_UP)
    assert client.receive(delivery.encode_all([record(request, 1), end])) == [
        record(request, 1),
        end,
    ]
    assert client.receive(delivery.encode(record(request, 2))) == []
    assert client.unanswered == 0


def test_a_refusal_of_the_framing_itself_is_told() -> None:
    refused = delivery.Refused(0, 400, 0, "delivery.framing", "no")
    assert DeliveryClient().receive(delivery.encode(refused)) == [refused]


def test_what_is_no_answer_breaks_the_connection() -> None:
    with pytest.raises(delivery.FramingError):
        DeliveryClient().receive(delivery.encode(delivery.Ping(1)))


def test_a_forgotten_request_is_not_said_again() -> None:
    client = DeliveryClient()
    client.forget(client.ask(post))
    client.reconnected()
    assert client.outgoing() == b""
