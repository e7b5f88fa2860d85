"""The demo's search for joins finds what is there, and nothing where nothing is."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from enigm.assembly.demo.joins import find_links
from enigm.assembly.demo.stores import Column, Table

ONE, TWO = (hashlib.sha256(bytes([n])).digest() for n in range(2))
OTHER = tuple(hashlib.sha256(bytes([n])).digest() for n in range(10, 12))


def table(domain: str, *, keeps_order: bool = False, **columns: tuple[Any, ...]) -> Table:
    made = tuple(Column(domain, "things", name, values) for name, values in columns.items())
    return Table(domain, "things", len(next(iter(columns.values()))), made, keeps_order=keeps_order)


def ways(left: Table, right: Table) -> set[str]:
    return {link.by for link in find_links([left], [right])}


ACCOUNTS = table("accounts", key=(ONE, TWO), at=(1_795_000_001, 1_795_000_050))


def test_strangers_are_not_joined() -> None:
    hour = 3600 * 498_612
    stranger = table("messaging", name=OTHER, ends_at=(hour, hour), epoch=(0, 1))
    assert ways(ACCOUNTS, stranger) == set()


@pytest.mark.parametrize(
    "value", [ONE, b"x" + ONE[:16] + b"y", ONE[8:24]], ids=["whole", "beginning", "middle"]
)
def test_the_same_bytes_are_found_anywhere_in_a_value(value: bytes) -> None:
    assert ways(ACCOUNTS, table("messaging", owner=(value, OTHER[0]))) == {"the same bytes"}


@pytest.mark.parametrize("name", ["sha256", "sha512", "sha1", "sha3_256", "blake2s", "md5"])
def test_a_common_hash_is_found_in_both_directions(name: str) -> None:
    hashed = hashlib.new(name, ONE).digest()
    assert ways(ACCOUNTS, table("messaging", tag=(hashed, OTHER[0]))) == {"a hash"}
    assert ways(table("accounts", tag=(hashed, OTHER[0])), table("messaging", key=(ONE, TWO))) == {
        "a hash"
    }


def test_a_hash_of_a_part_is_found() -> None:
    entry = table("accounts", entry=(b"version" + ONE + b"tail", b"version" + TWO + b"tail"))
    tag = hashlib.sha256(ONE).digest()[:16]
    assert ways(entry, table("messaging", tag=(tag, OTHER[0]))) == {"a hash"}


def test_times_to_the_second_are_found_and_hours_are_not() -> None:
    fine = table("messaging", name=OTHER, at=(1_795_000_003, 1_795_000_051))
    assert ways(ACCOUNTS, fine) == {"fine times"}
    coarse = table("messaging", name=OTHER, at=(1_794_999_600, 1_795_003_200))
    assert ways(ACCOUNTS, coarse) == set()


def test_two_orders_of_coming_are_found() -> None:
    accounts = table("accounts", keeps_order=True, key=(ONE, TWO))
    assert ways(accounts, table("messaging", keeps_order=True, name=OTHER)) == {"order of coming"}
    assert ways(accounts, table("messaging", keeps_order=False, name=OTHER)) == set()
