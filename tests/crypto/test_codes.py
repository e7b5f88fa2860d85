"""Code Coin's tags: signed blind, recognised by their key alone, and refused under another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enigm.crypto.codes import (
    BLIND_NONCE_BYTES,
    CodeIssuer,
    blind_nonces,
    finish_tags,
    printed_tag,
    same_tag,
)
from enigm.crypto.errors import MalformedTokenError, TokenRefusedError

pytestmark = pytest.mark.requirement("PAY-05")

ISSUER = CodeIssuer(b"\x05" * 32)
OTHER = CodeIssuer(b"\x06" * 32)
nonces = st.lists(st.binary(min_size=10, max_size=10), min_size=1, max_size=8, unique=True)


@settings(max_examples=25)
@given(nonces)
def test_the_issuer_knows_each_tag_that_it_signed_blind(chosen: list[bytes]) -> None:
    state, blinded = blind_nonces(chosen)
    tags = finish_tags(state, ISSUER.sign(blinded), ISSUER.public_key)
    assert tags == [ISSUER.tag(nonce) for nonce in chosen]
    assert all(tag < 2**60 for tag in tags)
    assert not any(same_tag(tag, OTHER.tag(nonce)) for tag, nonce in zip(tags, chosen, strict=True))


def test_an_issuer_that_signs_with_an_unlisted_key_is_found_out() -> None:
    state, blinded = blind_nonces([b"n" * BLIND_NONCE_BYTES])
    with pytest.raises(TokenRefusedError):
        finish_tags(state, OTHER.sign(blinded), ISSUER.public_key)


def test_what_the_issuer_signs_shares_nothing_with_what_is_spent() -> None:
    chosen = [bytes([number]) * BLIND_NONCE_BYTES for number in range(64)]
    state, blinded = blind_nonces(chosen)
    signed = ISSUER.sign(blinded)
    tags = finish_tags(state, signed, ISSUER.public_key)
    issue = b"".join([*blinded, *signed.elements, signed.proof])
    for nonce, tag in zip(chosen, tags, strict=True):
        assert nonce not in issue
        assert tag.to_bytes(8)[1:] not in issue


def test_the_same_nonce_is_blinded_differently_each_time() -> None:
    nonce = b"n" * BLIND_NONCE_BYTES
    assert blind_nonces([nonce])[1] != blind_nonces([nonce])[1]


@pytest.mark.parametrize("blinded", [[], [b""], [b"\xff" * 32], [bytes(31)], [bytes(32)] * 65])
def test_what_is_no_blinded_nonce_is_refused(blinded: list[bytes]) -> None:
    with pytest.raises(MalformedTokenError):
        ISSUER.sign(blinded)


def test_a_printed_tag_needs_its_batch_key() -> None:
    assert printed_tag(b"a" * 32, bytes(7)) != printed_tag(b"b" * 32, bytes(7))
    assert printed_tag(b"a" * 32, bytes(7)) < 2**40


def test_tags_are_pinned() -> None:
    """A change here would make every code in people's hands worthless."""
    assert ISSUER.tag(bytes(10)) == PINNED_BLIND
    assert printed_tag(b"\x05" * 32, bytes(7)) == PINNED_PRINTED


PINNED_BLIND = 0x13577BF11219DD8
PINNED_PRINTED = 0x1CACA154A0
