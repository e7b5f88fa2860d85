"""The few sizes ciphertext may have on the wire, so that length says almost nothing."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import Final

# Chat fits the first three: 0.04 bits of length leak for a measured mix of messages.
SMALL_SIZES: Final = (512, 1024, 4096)
# Above 4096, steps of a quarter: about 13 % more bytes, under 4 bits of leak for media.
GROWTH_NUMERATOR: Final = 5
GROWTH_DENOMINATOR: Final = 4
ALIGNMENT_BYTES: Final = 64
# Larger content travels as attachments; one frame must never hold up a connection for long.
BODY_BYTES_MAX: Final = 2 * 1024 * 1024


def _table() -> tuple[int, ...]:
    sizes: list[int] = list(SMALL_SIZES)
    while sizes[-1] < BODY_BYTES_MAX:
        grown = -(-sizes[-1] * GROWTH_NUMERATOR // GROWTH_DENOMINATOR)
        aligned = -(-grown // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
        sizes.append(min(aligned, BODY_BYTES_MAX))
    return tuple(sizes)


SIZES: Final[tuple[int, ...]] = _table()
"""Every size a body may have, ascending; the last is 2 MiB."""

ALLOWED: Final[frozenset[int]] = frozenset(SIZES)
"""The same sizes, for membership tests."""

if any(larger <= smaller for smaller, larger in pairwise(SIZES)):
    raise RuntimeError("the table of sizes must ascend")


def padded_size(length_bytes: int) -> int:
    """Return the smallest allowed size that holds this many bytes; ValueError above 2 MiB."""
    if not 0 <= length_bytes <= BODY_BYTES_MAX:
        raise ValueError(f"a body holds 0 to {BODY_BYTES_MAX} bytes")
    return SIZES[bisect_left(SIZES, length_bytes)]
