"""A cheap client for load: the WebSocket and delivery frames by hand, many frames per message."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from typing import TYPE_CHECKING, Final

from enigm.wire import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD: Final = delivery.HEAD
_ACK: Final = struct.Struct(">Q")
_RECORD_HEADER_BYTES: Final = delivery.RECORD_FIELDS.size
CREDIT_BYTES: Final = 2**31
MARK: Final = b"Zq7X"
Waiters = dict[int, "asyncio.Future[int]"]


class RefusedError(Exception):
    """The service said no."""


class LoadProtocol(asyncio.Protocol):
    """One connection. Each loop turn's frames leave as one WebSocket message.

    The mask is all zeros: legal to parse, and the generator then pays nothing for masking. The
    service unmasks as always.
    """

    def __init__(self, on_ids: Callable[[list[int]], None] | None = None) -> None:
        self.on_ids = on_ids
        self.cursor = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.live: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting: Waiters = {}
        self.is_closed = False
        self._buffer = b""
        self._parts: list[bytes] = []
        self._out: list[bytes] = []
        self._is_upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(  # type: ignore[attr-defined]
            f"GET {delivery.STREAM_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {delivery.SUBPROTOCOL}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.is_closed = True
        for future in (self.opened, self.live, *self.waiting.values()):
            if not future.done():
                future.set_exception(ConnectionError("closed"))
                future.exception()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._is_upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._buffer[:end]:
                self._transport.close()
                return
            self._is_upgraded = True
            self._buffer = self._buffer[end + 4 :]
            self.opened.set_result(None)
        self._read_messages()

    def _read_messages(self) -> None:
        buffer, at, end = self._buffer, 0, len(self._buffer)
        while end - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                if end < at + 4:
                    break
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                if end < at + 10:
                    break
                length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if end < start + length:
                break
            kind = buffer[at] & 15
            at = start + length
            if kind == 2:
                self._read_frames(buffer, start, at)
            elif kind == 9:
                self._send_message(0x8A, buffer[start:at])
        self._buffer = buffer[at:]

    def _read_frames(self, buffer: bytes, at: int, end: int) -> None:
        ids: list[int] = []
        while at < end:
            length, operation, request = _HEAD.unpack_from(buffer, at)
            start, at = at + 9, at + 4 + length
            if operation == delivery.ACK_OPERATION:
                future = self.waiting.pop(request, None)
                if future is not None and not future.done():
                    future.set_result(_ACK.unpack_from(buffer, start)[0])
            elif operation == delivery.RECORD_OPERATION:
                self.cursor = _ACK.unpack_from(buffer, start)[0]
                body = start + _RECORD_HEADER_BYTES
                if buffer[body : body + 4] == MARK:
                    ids.append(int(buffer[body + 4 : body + 16]))
            else:
                self._read_rare(buffer[start - 9 : at], request)
        if ids and self.on_ids is not None:
            self.on_ids(ids)

    def _read_rare(self, frame: bytes, request: int) -> None:
        (answer,) = delivery.decode_answers(frame)
        if isinstance(answer, delivery.Live):
            self.live.set_result(None)
        elif isinstance(answer, delivery.Refused):
            error = RefusedError(answer.status, answer.code)
            future = self.waiting.pop(request, self.live)
            if not future.done():
                future.set_exception(error)

    def queue(self, frame: bytes) -> None:
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(frame)

    def _flush(self) -> None:
        message = b"".join(self._out)
        self._out.clear()
        if not self.is_closed:
            self._send_message(0x82, message)

    def _send_message(self, first: int, message: bytes) -> None:
        length = len(message)
        if length < 126:
            head = bytes((first, 0x80 | length))
        elif length < 65536:
            head = bytes((first, 0x80 | 126)) + length.to_bytes(2, "big")
        else:
            head = bytes((first, 0x80 | 127)) + length.to_bytes(8, "big")
        self._transport.write(head + b"\0\0\0\0" + message)  # type: ignore[attr-defined]

    def ask(self, request: int, frame: bytes) -> asyncio.Future[int]:
        """Queue a request; the future holds the ACK's sequence number."""
        future = asyncio.get_running_loop().create_future()
        if self.is_closed:
            future.set_exception(ConnectionError("closed"))
            return future
        self.waiting[request] = future
        self.queue(frame)
        return future

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()  # type: ignore[attr-defined]
