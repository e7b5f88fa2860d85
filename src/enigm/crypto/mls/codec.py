"""The presentation language: fixed integers, variable-size vectors, optional values (§2.1)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeVar

from enigm.crypto.mls.errors import Rule, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Element = TypeVar("Element")

_ONE_OCTET_MAX = 0x3F
_FOUR_OCTETS_PREFIX = 0x80
_TWO_OCTETS_MAX = 0x3FFF
# RFC 9420 §2.1.2: prefix 3 is invalid, so no vector is longer than 30 bits can say.
_FOUR_OCTETS_MAX = 0x3FFF_FFFF

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")

u16 = _U16.pack
u32 = _U32.pack
u64 = _U64.pack
_ONE_OCTET = tuple(bytes((value,)) for value in range(256))


def u8(value: int) -> bytes:
    """Encode one octet."""
    return _ONE_OCTET[value]


def opaque(content: bytes) -> bytes:
    """Encode bytes as a variable-size vector (§2.1.2)."""
    return length_header(len(content)) + content


def length_header(length: int) -> bytes:
    """Encode a vector's length in its shortest form (§2.1.2)."""
    if length <= _ONE_OCTET_MAX:
        return _ONE_OCTET[length]
    if length <= _TWO_OCTETS_MAX:
        return _U16.pack(0x4000 | length)
    if length <= _FOUR_OCTETS_MAX:
        return _U32.pack(0x8000_0000 | length)
    message = "a vector cannot be longer than 2^30 - 1 bytes"
    raise ValueError(message)


def header_length(length: int) -> int:
    """Return how many octets a vector's length takes."""
    if length <= _ONE_OCTET_MAX:
        return 1
    return 2 if length <= _TWO_OCTETS_MAX else 4


def vector(parts: Iterable[bytes]) -> bytes:
    """Encode already encoded elements as a variable-size vector."""
    return opaque(b"".join(parts))


def optional(content: bytes | None) -> bytes:
    """Encode an already encoded value, or its absence (§2.1.1)."""
    return b"\x00" if content is None else b"\x01" + content


def u16_vector(values: Iterable[int]) -> bytes:
    """Encode 16-bit numbers as a variable-size vector."""
    numbers = tuple(values)
    return opaque(struct.pack(f">{len(numbers)}H", *numbers))


class Reader:
    """Reads a structure from bytes, front to back. Every read refuses to pass the end."""

    __slots__ = ("_encoded", "_end", "_position")

    def __init__(self, encoded: bytes, start: int = 0, end: int | None = None) -> None:
        """Read ``encoded`` from ``start`` up to ``end``."""
        self._encoded = encoded
        self._position = start
        self._end = len(encoded) if end is None else end

    @property
    def position(self) -> int:
        """How far the reader has come, for ``since``."""
        return self._position

    def since(self, position: int) -> bytes:
        """Return the bytes read since a position."""
        return self._encoded[position : self._position]

    def take(self, length: int) -> bytes:
        """Read this many bytes."""
        start = self._position
        end = start + length
        if end > self._end:
            raise refusal(Rule.CODEC_TRUNCATED)
        self._position = end
        return self._encoded[start:end]

    def u8(self) -> int:
        """Read one octet."""
        start = self._position
        if start >= self._end:
            raise refusal(Rule.CODEC_TRUNCATED)
        self._position = start + 1
        return self._encoded[start]

    def u16(self) -> int:
        """Read a 16-bit number."""
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        """Read a 32-bit number."""
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        """Read a 64-bit number."""
        return int.from_bytes(self.take(8), "big")

    def length(self) -> int:
        """Read a vector's length; only the shortest form is allowed (§2.1.2)."""
        first = self.u8()
        if first <= _ONE_OCTET_MAX:
            return first
        prefix = first >> 6
        if prefix == 1:
            length = (first & 0x3F) << 8 | self.u8()
            shortest = length > _ONE_OCTET_MAX
        elif prefix == 2:  # noqa: PLR2004 - the two-bit prefix itself
            length = (first & 0x3F) << 24 | int.from_bytes(self.take(3), "big")
            shortest = length > _TWO_OCTETS_MAX
        else:
            raise refusal(Rule.CODEC_LENGTH)
        if not shortest:
            raise refusal(Rule.CODEC_LENGTH)
        return length

    def opaque(self) -> bytes:
        """Read a variable-size vector of bytes."""
        start, encoded = self._position, self._encoded
        # The common cases, short forms that are whole, without further calls.
        if start + 1 < self._end:
            first = encoded[start]
            if first <= _ONE_OCTET_MAX:
                start, end = start + 1, start + 1 + first
            elif first < _FOUR_OCTETS_PREFIX:
                length = (first & 0x3F) << 8 | encoded[start + 1]
                start, end = start + 2, start + 2 + length
                if length <= _ONE_OCTET_MAX:
                    raise refusal(Rule.CODEC_LENGTH)
            else:
                return self.take(self.length())
            if end <= self._end:
                self._position = end
                return encoded[start:end]
        return self.take(self.length())

    def within(self) -> Reader:
        """Step over a variable-size vector and return a reader for its inside."""
        length = self.length()
        start = self._position
        end = start + length
        if end > self._end:
            raise refusal(Rule.CODEC_TRUNCATED)
        self._position = end
        return Reader(self._encoded, start, end)

    def each(self, read: Callable[[Reader], Element]) -> list[Element]:
        """Read a variable-size vector of elements."""
        inside = self.within()
        elements: list[Element] = []
        while inside.more():
            elements.append(read(inside))
        return elements

    def present(self) -> bool:
        """Read the presence octet of an optional value (§2.1.1)."""
        octet = self.u8()
        if octet > 1:
            raise refusal(Rule.CODEC_OPTIONAL)
        return octet == 1

    def u16_vector(self) -> tuple[int, ...]:
        """Read a variable-size vector of 16-bit numbers."""
        content = self.opaque()
        if len(content) % 2:
            raise refusal(Rule.CODEC_TRUNCATED)
        return struct.unpack(f">{len(content) // 2}H", content)

    def more(self) -> bool:
        """Tell whether anything is left."""
        return self._position < self._end

    def rest(self) -> bytes:
        """Read everything that is left."""
        return self.take(self._end - self._position)

    def finish(self) -> None:
        """Refuse whatever follows the structure."""
        if self._position != self._end:
            raise refusal(Rule.CODEC_TRAILING)


def read_whole(encoded: bytes, read: Callable[[Reader], Element]) -> Element:
    """Read one structure that fills the bytes exactly."""
    reader = Reader(encoded)
    element = read(reader)
    reader.finish()
    return element
