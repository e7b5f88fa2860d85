"""Letters sealed to one reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.crypto import sealed
from enigm.crypto.errors import DecryptionFailedError, InvalidKeyError
from tests.support.entropy import FakeEntropy

READER = sealed.derive_key_pair(b"\x07" * 32)


@given(plaintext=st.binary(max_size=500), info=st.binary(max_size=50))
def test_a_letter_opens_for_its_reader(plaintext: bytes, info: bytes) -> None:
    letter = sealed.seal_to(READER.public, plaintext, info)
    assert len(letter) == len(plaintext) + sealed.SEAL_OVERHEAD_BYTES
    assert sealed.open_sealed(READER.private, letter, info) == plaintext


def test_a_letter_opens_for_nobody_else_and_in_no_other_context() -> None:
    letter = sealed.seal_to(READER.public, b"welcome", b"inbox")
    other = sealed.generate_key_pair(FakeEntropy())
    for private, info in [(other.private, b"inbox"), (READER.private, b"outbox")]:
        with pytest.raises(DecryptionFailedError):
            sealed.open_sealed(private, letter, info)


@given(position=st.integers(0, 1142), mask=st.integers(1, 255))
def test_a_letter_changed_anywhere_is_refused(position: int, mask: int) -> None:
    letter = bytearray(sealed.seal_to(READER.public, b"welcome", b"inbox"))
    letter[position] ^= mask
    with pytest.raises(DecryptionFailedError):
        sealed.open_sealed(READER.private, bytes(letter), b"inbox")


@given(st.binary(max_size=1300))
def test_arbitrary_bytes_are_no_letter(raw: bytes) -> None:
    with pytest.raises(DecryptionFailedError):
        sealed.open_sealed(READER.private, raw, b"inbox")


def test_the_same_letter_never_looks_the_same_twice() -> None:
    letters = {sealed.seal_to(READER.public, b"welcome", b"inbox") for _ in range(4)}
    assert len(letters) == 4


def test_bytes_that_are_no_key_cannot_be_sealed_to() -> None:
    with pytest.raises(InvalidKeyError):
        sealed.seal_to(READER.public[:-1], b"welcome", b"inbox")
