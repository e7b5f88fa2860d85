"""Debian's order of versions (deb-version(7)), as a key to sort by."""

from __future__ import annotations

import re

_PIECES = re.compile(r"(\D*)(\d*)")
_BEFORE_END, _END = -1, 0
# Letters come before all other signs.
_AFTER_LETTERS = 256

VersionKey = tuple[
    int, tuple[tuple[tuple[int, ...], int], ...], tuple[tuple[tuple[int, ...], int], ...]
]


def version_key(version: str) -> VersionKey:
    """Return a key by which versions sort as dpkg sorts them."""
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdecimal():
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        # No revision is the same as revision 0.
        upstream, revision = rest, "0"
    return int(epoch), _pieces(upstream), _pieces(revision)


def _pieces(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Cut into signs and numbers in turn; the last, empty piece stands for the end."""
    return tuple((_signs(signs), int(number or 0)) for signs, number in _PIECES.findall(text))


def _signs(signs: str) -> tuple[int, ...]:
    return (*map(_order, signs), _END)


def _order(sign: str) -> int:
    if sign == "~":
        return _BEFORE_END
    return ord(sign) if sign.isalpha() else ord(sign) + _AFTER_LETTERS
