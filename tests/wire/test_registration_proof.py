"""Proof of work: solved work passes, anything else does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.wire.registration_proof import (
    WorkRefusedError,
    WorkStoppedError,
    check,
    solve,
)


@given(st.binary(max_size=80), st.integers(min_value=0, max_value=9))
def test_what_is_solved_is_accepted(challenge: bytes, difficulty_bits: int) -> None:
    check(challenge, solve(challenge, difficulty_bits), difficulty_bits)


def test_work_for_another_challenge_is_refused() -> None:
    nonce = solve(b"mine", 12)
    with pytest.raises(WorkRefusedError):
        check(b"other", nonce, 12)


@pytest.mark.parametrize("nonce", [b"", b"\x00" * 7, b"\x00" * 9])
def test_a_nonce_of_another_length_is_refused(nonce: bytes) -> None:
    with pytest.raises(WorkRefusedError):
        check(b"challenge", nonce, 0)


@pytest.mark.parametrize("difficulty_bits", [-1, 29, 256])
def test_work_that_nobody_should_ask_is_not_begun(difficulty_bits: int) -> None:
    with pytest.raises(WorkRefusedError):
        solve(b"challenge", difficulty_bits)


def test_a_search_can_be_stopped() -> None:
    with pytest.raises(WorkStoppedError):
        solve(b"challenge", 28, should_stop=lambda: True)
