"""User names: one spelling each, and keys that differ with the name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.wire.user_name import (
    CARD_KEY_BYTES,
    LOOKUP_ID_BYTES,
    InvalidUserNameError,
    name_keys,
    normalise,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("alice", "alice"),
        ("  Alice ", "alice"),
        ("ALICE.B_c-9", "alice.b_c-9"),
        ("\uff21lice", "alice"),
        ("9lives", "9lives"),
        ("a" * 32, "a" * 32),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert normalise(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ab",
        "a" * 33,
        ".alice",
        "-alice",
        "al ice",
        "alice@example.org",
        "\u00e5lice",
        "\u0430" * 5,
        "alice\n\x00",
        "a" * 10_000,
        "al/ice",
        "\u0661\u0662\u0663",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidUserNameError):
        normalise(text)


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    try:
        name = normalise(text)
    except InvalidUserNameError:
        return
    assert normalise(name) == name


def test_keys_belong_to_one_name_and_are_the_same_every_time() -> None:
    alice = name_keys(normalise("alice"))
    assert alice == name_keys(normalise("Alice"))
    assert (len(alice.lookup_id), len(alice.card_key)) == (LOOKUP_ID_BYTES, CARD_KEY_BYTES)
    other = name_keys(normalise("alicf"))
    assert alice.lookup_id != other.lookup_id
    assert alice.card_key != other.card_key
    assert alice.lookup_id.hex() not in repr(alice)


def test_the_keys_never_change_between_releases() -> None:
    # A different value here means that no existing account can be found any more.
    keys = name_keys(normalise("alice"))
    assert keys.lookup_id.hex() == LOOKUP_ID_OF_ALICE


LOOKUP_ID_OF_ALICE = "ec509e206a2fdc921a53bdcbf91a07080cacfce083b25d28dafcd5dfb60f2ec0"
