"""What waits to be sent on one connection: whole frames, within bounds."""

from __future__ import annotations

import asyncio
from typing import Final

from enigm.wire.delivery import MESSAGE_BYTES_MAX

# A reader that leaves this much unread is served from the store from then on.
FULL_BYTES: Final = 512 * 1024
# Beyond this even short answers wait: the connection is not read until its client reads.
UNREAD_BYTES_MAX: Final = 2 * 1024 * 1024


class Outgoing:
    """A queue of frames that is emptied one message at a time."""

    __slots__ = ("_bytes", "_frames", "_is_read")

    def __init__(self) -> None:
        """Begin empty."""
        self._frames: list[bytes] = []
        self._bytes = 0
        self._is_read = asyncio.Event()
        self._is_read.set()

    def __bool__(self) -> bool:
        """Say whether anything waits."""
        return bool(self._frames)

    @property
    def is_full(self) -> bool:
        """Whether the reader is slower than what is written."""
        return self._bytes > FULL_BYTES

    def put(self, frame: bytes) -> None:
        """Queue one whole frame."""
        self._frames.append(frame)
        self._bytes += len(frame)
        if self._bytes > UNREAD_BYTES_MAX:
            self._is_read.clear()

    def take(self) -> bytes:
        """Return the next message: all that waits, where that is no more than one may hold."""
        if self._bytes <= MESSAGE_BYTES_MAX:
            message = b"".join(self._frames)
            self._frames.clear()
        else:
            message = self._take_some()
        self._bytes -= len(message)
        if self._bytes <= UNREAD_BYTES_MAX:
            self._is_read.set()
        return message

    def _take_some(self) -> bytes:
        count, length_bytes = 0, 0
        for frame in self._frames:
            if length_bytes + len(frame) > MESSAGE_BYTES_MAX:
                break
            count, length_bytes = count + 1, length_bytes + len(frame)
        message = b"".join(self._frames[:count])
        del self._frames[:count]
        return message

    async def room(self) -> None:
        """Wait until the reader has read enough for more requests to be taken."""
        await self._is_read.wait()

    def release(self) -> None:
        """Let go whoever waits: the connection is over."""
        self._is_read.set()
