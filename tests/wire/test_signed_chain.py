"""A list that can only grow: every change of its past is found, and named by its line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.crypto.signatures import Ed25519
from enigm.foundation.errors import InvalidError
from enigm.wire.signed_chain import (
    EMPTY,
    ChainBrokenError,
    ChainForkedError,
    ChainHead,
    ChainLine,
    check_chain,
    head_after,
    sign_line,
)

KEY = Ed25519.from_seed(b"\x07" * 32)
LABEL = "a list 1"


def chain(*texts: str, label: str = LABEL) -> list[ChainLine]:
    lines: list[ChainLine] = []
    head = EMPTY
    for text in texts:
        lines.append(sign_line(KEY.private, label, head, text))
        head = head_after(label, head, text)
    return lines


@given(st.lists(st.text(alphabet="abc ", max_size=8), max_size=6), st.data())
def test_every_earlier_head_is_in_a_whole_lists_past(texts: list[str], data: st.DataObject) -> None:
    lines = chain(*texts)
    shorter = lines[: data.draw(st.integers(0, len(lines)))]
    seen = check_chain(KEY.public, LABEL, shorter)
    assert check_chain(KEY.public, LABEL, lines, seen) == check_chain(KEY.public, LABEL, lines)


LINES = chain("one", "two", "three", "four")


@pytest.mark.parametrize(
    ("faulty", "position"),
    [
        ([*LINES[:1], replace(LINES[1], text="2"), *LINES[2:]], 1),
        ([LINES[0], *LINES[2:]], 1),
        ([LINES[1], LINES[0], *LINES[2:]], 0),
        ([*LINES[:3], LINES[2]], 3),
        ([*LINES[:3], replace(LINES[3], signature=bytes(64))], 3),
        ([*LINES[:3], replace(LINES[3], signature=b"")], 3),
        ([*LINES, replace(LINES[3], text="x" * 1025)], 4),
        (chain("one", label="another list 1"), 0),
    ],
)
def test_a_changed_past_is_found_by_its_first_line(faulty: list[ChainLine], position: int) -> None:
    with pytest.raises(ChainBrokenError) as broken:
        check_chain(KEY.public, LABEL, faulty)
    assert broken.value.position == position


def test_another_key_signs_no_line() -> None:
    with pytest.raises(ChainBrokenError):
        check_chain(Ed25519.from_seed(b"\x08" * 32).public, LABEL, LINES)


def test_a_list_for_one_person_is_found_by_whoever_remembers_the_other() -> None:
    seen = check_chain(KEY.public, LABEL, chain("one", "two"))
    for other in (chain("one"), chain("one", "2", "three"), []):
        with pytest.raises(ChainForkedError):
            check_chain(KEY.public, LABEL, other, seen)
    with pytest.raises(ChainForkedError):
        check_chain(KEY.public, LABEL, LINES, ChainHead(b"x" * 32))


def test_a_line_that_could_not_be_read_back_is_not_signed() -> None:
    for text in ("x" * 1025, "a\x00b"):
        with pytest.raises(InvalidError):
            sign_line(KEY.private, LABEL, EMPTY, text)
