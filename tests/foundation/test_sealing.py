"""A sealed value opens in its own column and row, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from enigm.foundation.errors import UnverifiableError
from enigm.foundation.keyfile import Keys
from enigm.foundation.sealing import SEALED_EXTRA_BYTES, ColumnSeal
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

PLACE = "accounts.accounts.root_key"


def _seal(place: str = PLACE, keys: Keys | None = None) -> ColumnSeal:
    return ColumnSeal(keys or keys_of_tests(), place, FakeEntropy())


@given(some.binary(max_size=200), some.binary(max_size=40))
def test_what_is_sealed_opens_in_its_row(value: bytes, row: bytes) -> None:
    sealed = _seal().seal(value, row)
    assert len(sealed) == len(value) + SEALED_EXTRA_BYTES
    assert _seal().open(sealed, row) == value


@pytest.mark.requirement("PRV-03")
def test_it_opens_in_no_other_row_column_domain_or_service() -> None:
    sealed = _seal().seal(b"value", b"row")
    others = [
        (_seal(), b"other row"),
        (_seal("accounts.accounts.envelope"), b"row"),
        (_seal("devices.accounts.root_key"), b"row"),
        (_seal(keys=Keys(b"\x01" * 32)), b"row"),
    ]
    for seal, row in others:
        with pytest.raises(UnverifiableError):
            seal.open(sealed, row)


@pytest.mark.parametrize("length", [0, 5, 12, 27, 28])
def test_damaged_bytes_are_refused(length: int) -> None:
    with pytest.raises(UnverifiableError):
        _seal().open(_seal().seal(b"value", b"row")[:length], b"row")


def test_the_same_value_is_sealed_differently_each_time() -> None:
    seal = _seal()
    assert seal.seal(b"value", b"row") != seal.seal(b"value", b"row")
