"""Ways to spoil a valid message that reach deep into a decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PLACE = st.integers(0, 2**20)
# Lengths at the edges of the variable-size form (RFC 9420 §2.1.2), and not in shortest form.
HEADERS = (b"\x00", b"\x3f", b"\x40\x00", b"\x40\x40", b"\x7f\xff", b"\x80\x00\x00\x00", b"\xff")


def _set(draw: Callable[..., int], message: bytearray) -> None:
    message[draw(PLACE) % len(message)] = draw(st.integers(0, 255))


def _flip(draw: Callable[..., int], message: bytearray) -> None:
    message[draw(PLACE) % len(message)] ^= 1 << draw(st.integers(0, 7))


def _cut(draw: Callable[..., int], message: bytearray) -> None:
    start = draw(PLACE) % len(message)
    del message[start : start + 1 + draw(st.integers(0, 64))]


def _repeat(draw: Callable[..., int], message: bytearray) -> None:
    start = draw(PLACE) % len(message)
    message[start:start] = message[start : start + 1 + draw(st.integers(0, 64))]


def _truncate(draw: Callable[..., int], message: bytearray) -> None:
    del message[draw(PLACE) % len(message) :]


def _length(draw: Callable[..., int], message: bytearray) -> None:
    start = draw(PLACE) % len(message)
    header = HEADERS[draw(st.integers(0, len(HEADERS) - 1))]
    message[start : start + len(header)] = header


MUTATIONS = (_set, _flip, _cut, _repeat, _truncate, _length)


@st.composite
def mutated(draw: Callable[..., int], seeds: Sequence[bytes]) -> bytes:
    """One of the seeds, spoiled one to four times, or two of them joined."""
    message = bytearray(seeds[draw(st.integers(0, len(seeds) - 1))])
    if draw(st.integers(0, 9)) == 0:
        other = seeds[draw(st.integers(0, len(seeds) - 1))]
        message = message[: draw(PLACE) % len(message)] + other[draw(PLACE) % len(other) :]
    for _ in range(draw(st.integers(1, 4))):
        if message:
            MUTATIONS[draw(st.integers(0, len(MUTATIONS) - 1))](draw, message)
    return bytes(message)
