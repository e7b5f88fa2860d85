"""Codes as people type them: one spelling that forgives, and a checksum that does not."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.wire.code_coin import (
    SYMBOLS,
    Code,
    CodeKind,
    CodeTypingError,
    KeyNumber,
    nonce_bytes,
    read_code,
    tag_bits,
    write_code,
)

pytestmark = pytest.mark.requirement("PAY-05")

# Made by an implementation that shares nothing with ours.
BLIND = "00R9D-B30ND-ZRJQC-J55VY-5E1ZH-ZHR66-YBNYA"
PRINTED = "00W5M-63XKH-6Y44X-BJVQH-Z4W8H"


@st.composite
def codes(draw: st.DrawFn) -> Code:
    kind = draw(st.sampled_from(CodeKind))
    nonce_bits = {CodeKind.BLIND: 80, CodeKind.PRINTED: 50}[kind]
    nonce = draw(st.integers(0, 2**nonce_bits - 1)).to_bytes(nonce_bytes(kind))
    key = KeyNumber(draw(st.integers(0, 2**20 - 1)))
    return Code(kind, key, nonce, draw(st.integers(0, 2 ** tag_bits(kind) - 1)))


def parts(code: Code) -> tuple[CodeKind, int, bytes, int]:
    return code.kind, code.key, code.nonce, code.tag


@pytest.mark.parametrize(("text", "kind", "key"), [(BLIND, 35, 777), (PRINTED, 25, 901)])
def test_codes_of_another_implementation_read_and_write_back(
    text: str, kind: int, key: int
) -> None:
    code = read_code(text)
    assert (code.kind, code.key) == (kind, key)
    assert write_code(code) == text


@given(codes())
def test_every_code_reads_back(code: Code) -> None:
    assert parts(read_code(write_code(code))) == parts(code)


@given(codes(), st.randoms(use_true_random=False))
def test_case_spaces_hyphens_and_lookalikes_do_not_matter(code: Code, dice: object) -> None:
    text = write_code(code)
    sloppy = text.replace("-", " ").lower().replace("0", "o").replace("1", "l")
    assert parts(read_code(f"  {sloppy} ")) == parts(code)
    assert parts(read_code("enigm:" + text.replace("1", "I"))) == parts(code)


@pytest.mark.parametrize("text", [BLIND, PRINTED])
def test_every_single_wrong_symbol_is_caught(text: str) -> None:
    plain = text.replace("-", "")
    for place, right in enumerate(plain):
        for wrong in SYMBOLS.replace(right, ""):
            with pytest.raises(CodeTypingError):
                read_code(plain[:place] + wrong + plain[place + 1 :])


@given(codes())
def test_every_swap_of_neighbours_is_caught(code: Code) -> None:
    plain = write_code(code).replace("-", "")
    for place, (left, right) in enumerate(itertools.pairwise(plain)):
        if left != right:
            with pytest.raises(CodeTypingError):
                read_code(plain[:place] + right + left + plain[place + 2 :])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "these are 0"),
        ("00R9D", "these are 5"),
        (BLIND + "A", "these are 36"),
        ("U" + BLIND[1:], "Symbol 1 "),
        (BLIND[:-1] + "\u0410", "Symbol 35 "),
        ("0" * 35, "mistyped"),
        ("0" * 25, "mistyped"),
        ("0" * 1000, "25 or 35"),
    ],
)
def test_what_is_no_code_is_refused_with_its_reason(text: str, says: str) -> None:
    with pytest.raises(CodeTypingError, match=says):
        read_code(text)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    try:
        read_code(text)
    except CodeTypingError:
        return


def test_a_code_does_not_print_what_can_be_spent() -> None:
    assert "nonce" not in repr(read_code(BLIND))
    assert "tag" not in repr(read_code(BLIND))
