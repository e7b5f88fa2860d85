"""One identifier has a name of its own for each purpose, which nobody can join without the key."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from enigm.foundation.pseudonyms import pseudonym
from tests.support.databases import keys_of_tests

KEY = keys_of_tests().derive("pseudonyms", "accounts to devices")


def test_a_pseudonym_is_the_hmac_of_the_labelled_fields() -> None:
    message = b"enigm-handle-v1" + b"\x00\x01p" + b"\x00\x02id"
    assert pseudonym(KEY, "p", b"id") == hmac.digest(KEY, message, hashlib.sha256)


def test_purposes_identifiers_and_keys_each_make_another_name() -> None:
    other_key = keys_of_tests().derive("pseudonyms", "accounts to messaging")
    cases = [(KEY, "p", b"id"), (KEY, "q", b"id"), (KEY, "p", b"ie"), (other_key, "p", b"id")]
    cases += [(KEY, "pi", b"d"), (KEY, "", b"pid")]
    names = {pseudonym(*case) for case in cases}
    assert len(names) == len(cases)
    assert {len(name) for name in names} == {32}


def test_a_short_key_is_our_own_mistake() -> None:
    with pytest.raises(RuntimeError):
        pseudonym(b"short", "p", b"id")
