"""Frames of the delivery service survive the round trip, and nothing else is taken for one."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.wire import delivery, sizes

U8, U16, U32, U64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))
BODY = st.sampled_from(sizes.SIZES[:6]).flatmap(lambda size: st.just(b"\xa5" * size))


def exactly(length_bytes: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=length_bytes, max_size=length_bytes)


B16, B32, B96 = exactly(16), exactly(32), exactly(96)
REQUESTS: st.SearchStrategy[delivery.Request] = st.one_of(
    st.builds(delivery.CreateChannel, U32, B16, B32, B96),
    st.builds(delivery.Post, U32, B16, U64, B32, B16, U32, BODY),
    st.builds(delivery.Commit, U32, B16, U64, B32, B16, U32, B32, BODY),
    st.builds(delivery.Open, U32, B16, U64, B32, U64, U32),
    st.builds(delivery.Credit, U32, U32),
    st.builds(delivery.Close, U32),
    st.builds(delivery.Fetch, U32, B16, U64, B32, U64, U32, U8),
    st.builds(delivery.CreateInbox, U32, B16, B32, B96),
    st.builds(delivery.Drop, U32, B16, B96, B16, U32, BODY),
    st.builds(delivery.ReadInbox, U32, B16, B32, U64, U32),
    st.builds(delivery.FetchInbox, U32, B16, B32, U64, U32, U8),
    st.builds(delivery.ClearInbox, U32, B16, B32, U64),
    st.builds(delivery.DeleteInbox, U32, B16, B32),
    st.builds(delivery.Ping, U32),
)
CODE = st.text("abcdefghijklmnopqrstuvwxyz._", min_size=1, max_size=64)
ANSWERS: st.SearchStrategy[delivery.Answer] = st.one_of(
    st.builds(delivery.Ack, U32, U64),
    st.builds(delivery.Record, U32, U64, U64, U8, BODY),
    st.builds(delivery.End, U32, U8),
    st.builds(delivery.Refused, U32, U16, U32, CODE, st.text(max_size=60)),
    st.builds(delivery.Pong, U32),
    st.builds(delivery.Live, U32),
)


@given(st.lists(REQUESTS, max_size=4))
def test_what_a_client_says_arrives_as_it_was_said(frames: list[delivery.Request]) -> None:
    assert delivery.decode_requests(delivery.encode_all(frames)) == frames


@given(st.lists(ANSWERS, max_size=4))
def test_what_the_service_answers_arrives_as_it_was_said(frames: list[delivery.Answer]) -> None:
    assert delivery.decode_answers(delivery.encode_all(frames)) == frames


@given(st.binary(max_size=300))
def test_noise_is_refused_or_read_and_never_crashes(noise: bytes) -> None:
    for decode in (delivery.decode_requests, delivery.decode_answers):
        with suppress(delivery.FramingError):
            decode(noise)


@given(REQUESTS, st.integers(1, 40))
def test_a_frame_cut_short_breaks_the_framing(frame: delivery.Request, missing: int) -> None:
    whole = delivery.encode(frame)
    with pytest.raises(delivery.FramingError):
        delivery.decode_requests(whole[: -min(missing, len(whole) - 1)])


def test_an_unknown_operation_is_refused_alone() -> None:
    unknown = struct.pack(">IBI", 5, 0x7F, 9)
    ping = delivery.encode(delivery.Ping(10))
    first, second = delivery.decode_requests(unknown + ping)
    assert isinstance(first, delivery.Unreadable)
    assert first.request == 9
    assert second == delivery.Ping(10)


def test_a_body_of_another_size_is_refused() -> None:
    post = delivery.Post(3, b"c" * 16, 0, b"t" * 32, b"i" * 16, 60, b"x" * 512)
    message = bytearray(delivery.encode(post)) + b"y"
    message[:4] = struct.pack(">I", len(message) - 4)
    (frame,) = delivery.decode_requests(bytes(message))
    assert isinstance(frame, delivery.Unreadable)
    assert frame.request == 3


def test_our_own_code_cannot_send_an_unpadded_body() -> None:
    with pytest.raises(RuntimeError):
        delivery.encode(delivery.Record(1, 1, 0, 0, b"short"))


def test_a_shared_record_is_the_same_frame_for_each_reader() -> None:
    tail = delivery.record_tail(7, 2, delivery.FLAG_COMMIT, b"z" * 1024)
    for request in (1, 2):
        frame = delivery.record_head(request, tail) + tail
        expected = delivery.Record(request, 7, 2, delivery.FLAG_COMMIT, b"z" * 1024)
        assert delivery.decode_answers(frame) == [expected]
        assert expected.is_commit
