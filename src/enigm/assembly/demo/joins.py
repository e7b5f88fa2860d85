"""Looks for anything by which rows of one store could be matched with rows of another.

Four ways: the same bytes anywhere within two values, a common hash of one found in the other,
times fine enough to match, and two tables that both remember in which order rows came.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from enigm.assembly.demo.stores import Column, Table

# Shorter values meet by chance; identifiers, keys and hashes are all longer.
_WHOLE_BYTES_MIN: Final = 8
_PART_BYTES: Final = 16
# A window of zeros or of one repeated word says nothing about whose it is.
_DIFFERENT_BYTES_MIN: Final = 7
# Times rounded to the hour hold everyone of that hour.
_GRAIN_SECONDS: Final = 3600
# Unix seconds from 2020 to 2040: what else would be such a number is caught as a value.
_TIMES: Final = range(1_577_836_800, 2_208_988_800)
_HASHES: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda value: hashlib.sha256(value).digest(),
    lambda value: hashlib.sha512(value).digest(),
    lambda value: hashlib.sha1(value, usedforsecurity=False).digest(),
    lambda value: hashlib.sha3_256(value).digest(),
    lambda value: hashlib.blake2b(value, digest_size=32).digest(),
    lambda value: hashlib.blake2s(value).digest(),
    lambda value: hashlib.md5(value, usedforsecurity=False).digest(),
)
# The parts that protocols are made of: hash inputs are rarely any other slice.
_PART_SIZES: Final = (16, 32, 64)
# Chain entries and cards are taken apart everywhere; ciphertext of messages is no hash's input.
_ACCOUNT_INPUT_BYTES_MAX: Final = 4096
_CHANNEL_INPUT_BYTES_MAX: Final = 256
# Names, keys and hashes of one thing: a table with a column of them has a row per thing.
_NAME_BYTES: Final = range(16, 65)


@dataclass(frozen=True, order=True)
class Link:
    """One way in which two places could be joined."""

    by: str
    left: str
    right: str


def find_links(left: Iterable[Table], right: Iterable[Table]) -> list[Link]:
    """Return every way found to join a table of one side with a table of the other."""
    lefts, rights = list(left), list(right)
    found = {
        *_by_values(lefts, rights),
        *_by_hashes(lefts, rights, _ACCOUNT_INPUT_BYTES_MAX),
        *_by_hashes(rights, lefts, _CHANNEL_INPUT_BYTES_MAX),
        *_by_times(lefts, rights),
        *_by_order(lefts, rights),
    }
    return sorted(found)


def _columns(tables: Iterable[Table]) -> Iterator[Column]:
    return (column for table in tables for column in table.columns)


def _as_bytes(value: Any) -> bytes:
    match value:
        case bytes():
            return value
        case str():
            return value.encode()
        case int() if value >= 1 << 40:
            return value.to_bytes((value.bit_length() + 7) // 8, "big")
        case _:
            return b""


def _atoms(column: Column) -> set[bytes]:
    """Return whole values, and every window of 16 bytes within them."""
    atoms: set[bytes] = set()
    for value in map(_as_bytes, column.values):
        if len(value) >= _WHOLE_BYTES_MIN and _is_telling(value):
            atoms.add(value)
        windows = (value[at : at + _PART_BYTES] for at in range(len(value) - _PART_BYTES + 1))
        atoms.update(window for window in windows if _is_telling(window))
    return atoms


def _is_telling(value: bytes) -> bool:
    return len(set(value)) >= min(_DIFFERENT_BYTES_MIN, len(value) - 1)


def _by_values(lefts: list[Table], rights: list[Table]) -> Iterator[Link]:
    known = [(column.place, _atoms(column)) for column in _columns(lefts)]
    for column in _columns(rights):
        atoms = _atoms(column)
        yield from (
            Link("the same bytes", place, column.place)
            for place, theirs in known
            if not theirs.isdisjoint(atoms)
        )


def _parts(value: bytes, bytes_max: int) -> Iterator[bytes]:
    yield value
    for size in _PART_SIZES:
        if size < len(value) <= bytes_max:
            yield from (value[at : at + size] for at in range(len(value) - size + 1))


def _hashed(tables: list[Table], bytes_max: int) -> Iterator[tuple[str, bytes]]:
    for column in _columns(tables):
        for value in map(_as_bytes, column.values):
            if len(value) >= _WHOLE_BYTES_MIN:
                for part in _parts(value, bytes_max):
                    yield from ((column.place, digest(part)[:_PART_BYTES]) for digest in _HASHES)


def _by_hashes(sources: list[Table], targets: list[Table], bytes_max: int) -> Iterator[Link]:
    windows: dict[bytes, str] = {
        atom: column.place
        for column in _columns(targets)
        for atom in _atoms(column)
        if len(atom) == _PART_BYTES
    }
    for place, digest in _hashed(sources, bytes_max):
        if digest in windows:
            yield Link("a hash", place, windows[digest])


def _tells_fine_times(column: Column) -> bool:
    values = [value for value in column.values if value is not None]
    if not values or not all(isinstance(value, int) and value in _TIMES for value in values):
        return False
    return any(value % _GRAIN_SECONDS for value in values)


def _by_times(lefts: list[Table], rights: list[Table]) -> Iterator[Link]:
    fine = [column.place for column in _columns(lefts) if _tells_fine_times(column)]
    for column in _columns(rights):
        if _tells_fine_times(column):
            yield from (Link("fine times", place, column.place) for place in fine)


def _has_a_row_per_thing(table: Table) -> bool:
    return table.rows > 1 and any(
        len(set(column.values)) == table.rows
        and all(len(value) in _NAME_BYTES for value in map(_as_bytes, column.values))
        for column in table.columns
    )


def _by_order(lefts: list[Table], rights: list[Table]) -> Iterator[Link]:
    ordered = [f"{t.domain}.{t.name}" for t in lefts if t.keeps_order and _has_a_row_per_thing(t)]
    for table in rights:
        if table.keeps_order and _has_a_row_per_thing(table):
            place = f"{table.domain}.{table.name}"
            yield from (Link("order of coming", other, place) for other in ordered)
