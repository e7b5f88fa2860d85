"""The table of sizes is the one the protocol names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.wire import sizes


def test_the_table_begins_and_ends_as_the_protocol_says() -> None:
    assert sizes.SIZES[:7] == (512, 1024, 4096, 5120, 6400, 8000, 10048)
    assert sizes.SIZES[-1] == 2 * 1024 * 1024
    assert len(sizes.SIZES) < 40


@given(st.integers(0, sizes.BODY_BYTES_MAX))
def test_padding_is_the_smallest_size_that_fits(length_bytes: int) -> None:
    padded = sizes.padded_size(length_bytes)
    assert padded in sizes.ALLOWED
    assert padded >= length_bytes
    assert not [size for size in sizes.SIZES if length_bytes <= size < padded]


@given(st.integers(4096, sizes.BODY_BYTES_MAX))
def test_padding_above_a_chat_costs_at_most_a_quarter(length_bytes: int) -> None:
    assert sizes.padded_size(length_bytes) <= length_bytes * 1.25 + 64


@pytest.mark.parametrize("length_bytes", [-1, sizes.BODY_BYTES_MAX + 1])
def test_what_no_size_holds_is_an_error(length_bytes: int) -> None:
    with pytest.raises(ValueError, match="a body holds"):
        sizes.padded_size(length_bytes)
