"""Frames of the delivery service, both directions: bytes to values and back (protocol.md §5).

``length u32 | operation u8 | request u32 | fields``, big-endian. A WebSocket message or an HTTP
body holds one or more whole frames. A frame that is delimited but wrong inside becomes
``Unreadable``, so that it can be refused alone; broken delimiting raises ``FramingError``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

import msgspec

from enigm.foundation.errors import InvalidError
from enigm.wire import sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SUBPROTOCOL: Final = "enigm.delivery.v1"
MEDIA_TYPE: Final = "application/vnd.enigm.delivery"
STREAM_PATH: Final = "/delivery/v1/stream"
EXCHANGE_PATH: Final = "/delivery/v1/exchange"

# Two of the largest frames: what one message or one exchange may make the other side hold.
MESSAGE_BYTES_MAX: Final = 2 * sizes.BODY_BYTES_MAX + 4096
# Keeps a refusal below the smallest body and its two lengths within one and two bytes.
CODE_BYTES_MAX: Final = 64
DETAIL_BYTES_MAX: Final = 256

CHANNEL_BYTES: Final = 16
INBOX_BYTES: Final = 16
CHANNEL_TOKEN_BYTES: Final = 32
SECRET_BYTES: Final = 32
HASH_BYTES: Final = 32
ADMISSION_BYTES: Final = 96
IDEMPOTENCY_BYTES: Final = 16

FLAG_COMMIT: Final = 1

END_CAUGHT_UP: Final = 0
END_EPOCH: Final = 1
END_CLOSED: Final = 2

HEAD: Final = struct.Struct(">IBI")
RECORD_FIELDS: Final = struct.Struct(">QQB")
ACK_OPERATION: Final = 0x81
RECORD_OPERATION: Final = 0x82
REFUSED_OPERATION: Final = 0x84


class FramingError(InvalidError):
    """The lengths of the frames do not fit the bytes: nothing after them can be trusted."""

    def __init__(self, detail: str) -> None:
        """Say which rule of the framing is broken."""
        super().__init__("delivery.framing", detail)


class _Frame(msgspec.Struct, frozen=True, gc=False):
    """What every frame carries: the number that ties an answer to its request."""

    request: int


class CreateChannel(_Frame, frozen=True, gc=False):
    """Open a channel at epoch 0; admission is a one-use token."""

    channel: bytes
    token_hash: bytes
    admission: bytes


class Post(_Frame, frozen=True, gc=False):
    """Append one ciphertext to a channel."""

    channel: bytes
    epoch: int
    token: bytes
    idempotency: bytes
    ttl_seconds: int
    body: bytes


class Commit(_Frame, frozen=True, gc=False):
    """Append a ciphertext that moves the channel to its next epoch."""

    channel: bytes
    epoch: int
    token: bytes
    idempotency: bytes
    ttl_seconds: int
    next_token_hash: bytes
    body: bytes


class Open(_Frame, frozen=True, gc=False):
    """Read one epoch of a channel from a cursor and stay."""

    channel: bytes
    epoch: int
    token: bytes
    after_seq: int
    credit_bytes: int


class Credit(_Frame, frozen=True, gc=False):
    """Allow the service to send this many more body bytes."""

    credit_bytes: int


class Close(_Frame, frozen=True, gc=False):
    """End the subscription with this request number."""


class Fetch(_Frame, frozen=True, gc=False):
    """Read one epoch of a channel once, waiting for something new if asked."""

    channel: bytes
    epoch: int
    token: bytes
    after_seq: int
    limit_bytes: int
    wait_seconds: int


class CreateInbox(_Frame, frozen=True, gc=False):
    """Open a sealed inbox; admission is a one-use token."""

    inbox: bytes
    read_hash: bytes
    admission: bytes


class Drop(_Frame, frozen=True, gc=False):
    """Leave one sealed letter in an inbox; admission is a one-use token."""

    inbox: bytes
    admission: bytes
    idempotency: bytes
    ttl_seconds: int
    body: bytes


class ReadInbox(_Frame, frozen=True, gc=False):
    """Read an inbox from a cursor and stay."""

    inbox: bytes
    secret: bytes
    after_seq: int
    credit_bytes: int


class FetchInbox(_Frame, frozen=True, gc=False):
    """Read an inbox once, waiting for something new if asked."""

    inbox: bytes
    secret: bytes
    after_seq: int
    limit_bytes: int
    wait_seconds: int


class ClearInbox(_Frame, frozen=True, gc=False):
    """Erase the letters up to and with this one."""

    inbox: bytes
    secret: bytes
    up_to_seq: int


class DeleteInbox(_Frame, frozen=True, gc=False):
    """Erase an inbox and what it holds."""

    inbox: bytes
    secret: bytes


class Ping(_Frame, frozen=True, gc=False):
    """Ask whether the other side is there."""


class Unreadable(_Frame, frozen=True, gc=False):
    """A delimited frame that is wrong inside; never encoded."""

    detail: str


class Ack(_Frame, frozen=True, gc=False):
    """It is on stable storage, as this sequence number."""

    seq: int


class Record(_Frame, frozen=True, gc=False):
    """One ciphertext of a channel or an inbox."""

    seq: int
    epoch: int
    flags: int
    body: bytes

    @property
    def is_commit(self) -> bool:
        """Tell whether this record ends its epoch."""
        return bool(self.flags & FLAG_COMMIT)


class End(_Frame, frozen=True, gc=False):
    """Nothing more comes for this request; the reason is one of END_…."""

    reason: int


class Refused(_Frame, frozen=True, gc=False):
    """No, and why, in the words of the nine categories."""

    status: int
    retry_after_seconds: int
    code: str
    detail: str


class Pong(_Frame, frozen=True, gc=False):
    """The answer to a ping."""


class Live(_Frame, frozen=True, gc=False):
    """The backlog ends here; what follows happens now."""


Request = (
    CreateChannel
    | Post
    | Commit
    | Open
    | Credit
    | Close
    | Fetch
    | CreateInbox
    | Drop
    | ReadInbox
    | FetchInbox
    | ClearInbox
    | DeleteInbox
    | Ping
)
Answer = Ack | Record | End | Refused | Pong | Live
Frame = TypeVar("Frame")


class _Layout(NamedTuple, Generic[Frame]):
    """How one operation's fixed fields lie, and whether a body follows them."""

    operation: int
    fields: struct.Struct
    has_body: bool
    build: Callable[..., Frame]


def _layout(
    operation: int, fields: str, build: Callable[..., Frame], *, has_body: bool = False
) -> _Layout[Frame]:
    return _Layout(operation, struct.Struct(">" + fields), has_body, build)


_REQUESTS: Final[tuple[_Layout[Request], ...]] = (
    _layout(0x01, "16s32s96s", CreateChannel),
    _layout(0x02, "16sQ32s16sI", Post, has_body=True),
    _layout(0x03, "16sQ32s16sI32s", Commit, has_body=True),
    _layout(0x04, "16sQ32sQI", Open),
    _layout(0x05, "I", Credit),
    _layout(0x06, "", Close),
    _layout(0x07, "16sQ32sQIB", Fetch),
    _layout(0x10, "16s32s96s", CreateInbox),
    _layout(0x11, "16s96s16sI", Drop, has_body=True),
    _layout(0x12, "16s32sQI", ReadInbox),
    _layout(0x13, "16s32sQIB", FetchInbox),
    _layout(0x14, "16s32sQ", ClearInbox),
    _layout(0x15, "16s32s", DeleteInbox),
    _layout(0x20, "", Ping),
)
_ANSWERS: Final[tuple[_Layout[Answer], ...]] = (
    _layout(ACK_OPERATION, "Q", Ack),
    _layout(RECORD_OPERATION, "QQB", Record, has_body=True),
    _layout(0x83, "B", End),
    _layout(0x85, "", Pong),
    _layout(0x86, "", Live),
)
_REFUSED_FIELDS: Final = struct.Struct(">HIB")
_BY_TYPE: Final = {layout.build: layout for layout in (*_REQUESTS, *_ANSWERS)}


def encode(frame: Request | Answer) -> bytes:
    """Return one frame's bytes; a body of a size outside the table is a RuntimeError."""
    if isinstance(frame, Refused):
        return _encode_refused(frame)
    layout = _BY_TYPE[type(frame)]
    request, *fields = msgspec.structs.astuple(frame)
    body = b""
    if layout.has_body:
        body = fields.pop()
        if len(body) not in sizes.ALLOWED:
            raise RuntimeError("a body must be padded to a size of the table")
    head = HEAD.pack(5 + layout.fields.size + len(body), layout.operation, request)
    return head + layout.fields.pack(*fields) + body


def encode_all(frames: Iterable[Request | Answer]) -> bytes:
    """Return the bytes of one message that holds these frames."""
    return b"".join(map(encode, frames))


def record_tail(seq: int, epoch: int, flags: int, body: bytes) -> bytes:
    """Return what all readers of a record share: everything after the request number."""
    return RECORD_FIELDS.pack(seq, epoch, flags) + body


def record_head(request: int, tail: bytes) -> bytes:
    """Return the nine bytes that make a shared tail one reader's frame."""
    return HEAD.pack(5 + len(tail), RECORD_OPERATION, request)


def decode_requests(message: bytes) -> list[Request | Unreadable]:
    """Read what a client sent; raises FramingError."""
    return _decode(message, _BY_REQUEST)


def decode_answers(message: bytes) -> list[Answer | Unreadable]:
    """Read what the service sent; raises FramingError."""
    return _decode(message, _BY_ANSWER)


def _decode(
    message: bytes, layouts: Mapping[int, Callable[[int, bytes, int, int], Frame | Unreadable]]
) -> list[Frame | Unreadable]:
    frames: list[Frame | Unreadable] = []
    at, end = 0, len(message)
    while at < end:
        if end - at < HEAD.size:
            raise FramingError("The last frame is shorter than a frame's head.")
        length, operation, request = HEAD.unpack_from(message, at)
        start, at = at + HEAD.size, at + 4 + length
        if at < start or at > end:
            raise FramingError("A frame's length does not fit the message.")
        read = layouts.get(operation)
        if read is None:
            frames.append(Unreadable(request, "The operation is unknown."))
        else:
            frames.append(read(request, message, start, at))
    return frames


def _reader(layout: _Layout[Frame]) -> Callable[[int, bytes, int, int], Frame | Unreadable]:
    """Return the function that reads one operation's fields between two offsets."""
    unpack, size, build = layout.fields.unpack_from, layout.fields.size, layout.build

    def read_fields(request: int, message: bytes, start: int, stop: int) -> Frame | Unreadable:
        if stop - start != size:
            return Unreadable(request, "The frame has the wrong length for its operation.")
        return build(request, *unpack(message, start))

    def read_body(request: int, message: bytes, start: int, stop: int) -> Frame | Unreadable:
        body_at = start + size
        if stop - body_at not in sizes.ALLOWED:
            return Unreadable(request, "The body's size is not in the table of sizes.")
        return build(request, *unpack(message, start), message[body_at:stop])

    return read_body if layout.has_body else read_fields


def _encode_refused(frame: Refused) -> bytes:
    code = frame.code.encode("ascii")[:CODE_BYTES_MAX]
    detail = frame.detail.encode()[:DETAIL_BYTES_MAX].decode(errors="ignore").encode()
    fields = _REFUSED_FIELDS.pack(frame.status, frame.retry_after_seconds, len(code))
    rest = fields + code + len(detail).to_bytes(2, "big") + detail
    return HEAD.pack(5 + len(rest), REFUSED_OPERATION, frame.request) + rest


def _read_refused(request: int, message: bytes, start: int, stop: int) -> Refused | Unreadable:
    unreadable = Unreadable(request, "The refusal does not fit its frame.")
    if stop - start < _REFUSED_FIELDS.size:
        return unreadable
    status, retry_after_seconds, code_bytes = _REFUSED_FIELDS.unpack_from(message, start)
    detail_at = start + _REFUSED_FIELDS.size + code_bytes + 2
    if detail_at > stop or stop - detail_at != int.from_bytes(message[detail_at - 2 : detail_at]):
        return unreadable
    try:
        code = message[start + _REFUSED_FIELDS.size : detail_at - 2].decode("ascii")
        detail = message[detail_at:stop].decode()
    except UnicodeDecodeError:
        return unreadable
    return Refused(request, status, retry_after_seconds, code, detail)


_BY_REQUEST: Final = {layout.operation: _reader(layout) for layout in _REQUESTS}
_BY_ANSWER: Final[dict[int, Callable[[int, bytes, int, int], Answer | Unreadable]]] = {
    **{layout.operation: _reader(layout) for layout in _ANSWERS},
    REFUSED_OPERATION: _read_refused,
}
