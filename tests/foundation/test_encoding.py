"""Bytes have exactly one spelling as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from enigm.foundation.encoding import (
    base32_decode,
    base32_encode,
    base64url_decode,
    base64url_encode,
)
from enigm.foundation.errors import InvalidError
from enigm.foundation.ids import new_fact_id, new_request_reference, random_id
from tests.support.entropy import FakeEntropy


@given(some.binary(max_size=100))
def test_what_is_encoded_is_decoded(octets: bytes) -> None:
    assert base64url_decode(base64url_encode(octets)) == octets
    assert base32_decode(base32_encode(octets)) == octets


@given(some.text(max_size=20) | some.text("ABab27-_=", max_size=20))
def test_text_is_refused_or_is_the_one_spelling_of_its_bytes(text: str) -> None:
    for decode, encode in (
        (base64url_decode, base64url_encode),
        (base32_decode, base32_encode),
    ):
        try:
            octets = decode(text)
        except InvalidError:
            continue
        assert encode(octets) == text


@pytest.mark.parametrize("text", ["A", "AA=", "AA==", "AB", "A+", "A/", "A A", "AA\n", "\u0100A"])
def test_other_spellings_of_base64url_are_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        base64url_decode(text)


@pytest.mark.parametrize("text", ["a", "AA", "aa======", "ab", "a1", "a0", "aa\n"])
def test_other_spellings_of_base32_are_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        base32_decode(text)


def test_random_ids_are_128_bits_and_never_the_same() -> None:
    entropy = FakeEntropy()
    ids = {random_id(entropy) for _ in range(100)} | {new_fact_id(entropy)}
    assert len(ids) == 101
    assert {len(one) for one in ids} == {16}
    assert len(base64url_decode(new_request_reference(entropy))) == 16
