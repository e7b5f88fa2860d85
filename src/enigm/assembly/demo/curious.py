"""The attack of a curious service: it opens all it has and tries to learn who talks to whom."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table as Shown

from enigm.assembly.demo.joins import Link, find_links
from enigm.assembly.demo.stores import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from enigm.assembly.demo.claims import Ledger

# Conversations on one side; on the other everything that may know an account or a device.
CHANNEL_SIDE: Final = frozenset({"messaging"})
_CONTROL: Final = "a word that was put there to be found"
_IDENTIFIER_BYTES: Final = range(16, 65)


def look_at_everything(
    ledger: Ledger, tables: Sequence[Table], files: Iterable[Path], secrets: dict[str, list[str]]
) -> None:
    """Show what is held, look for content, and try to join the two sides."""
    _show(ledger, tables)
    _look_for_content(ledger, tables, list(files), secrets)
    _try_to_join(ledger, tables)


def _show(ledger: Ledger, tables: Sequence[Table]) -> None:
    shown = Shown(title="All that the service holds, opened with its own keys")
    for title in ("store", "table", "rows", "bytes", "columns"):
        shown.add_column(
            title, overflow="fold", justify="right" if title in "rowsbytes" else "left"
        )
    for table in tables:
        names = ", ".join(column.name for column in table.columns)
        shown.add_row(table.domain, table.name, str(table.rows), str(table.bytes_held), names)
    ledger.console.print(shown)


def _look_for_content(
    ledger: Ledger, tables: Sequence[Table], files: list[Path], secrets: dict[str, list[str]]
) -> None:
    held = _all_bytes(tables)
    on_disk = b"\0".join(path.read_bytes() for path in files)
    for what, words in secrets.items():
        found = [word for word in words if _stands_in(word, held) or _stands_in(word, on_disk)]
        ledger.claim(
            f"The service holds no {what}",
            observed=f"{len(words) - len(found)} of {len(words)} are in no store, file or log",
            holds=not found and bool(words),
        )
    planted = _planted("accounts", note=(f"0123{_CONTROL}4567".encode(), b""))
    ledger.claim(
        "Control: the search does find what is there",
        observed="a planted word was found",
        holds=_stands_in(_CONTROL, _all_bytes([*tables, planted])),
    )
    _look_for_open_values(ledger, tables, files)


def _look_for_open_values(ledger: Ledger, tables: Sequence[Table], files: list[Path]) -> None:
    """Compare what was read with the key to what lies in the stores' files without it."""
    # The audit log is published: its commitments are for everybody.
    in_stores = b"\0".join(path.read_bytes() for path in files if ".db" in path.name)
    values = {
        value
        for table in tables
        for column in table.columns
        for value in column.values
        if isinstance(value, bytes) and len(value) in _IDENTIFIER_BYTES
    }
    found = sum(value in in_stores for value in values)
    ledger.claim(
        "Without the key, the stores' files show nothing of what they hold",
        observed=f"{found} of {len(values)} identifiers, hashes and keys stand open in them",
        holds=found == 0 and bool(values) and bool(in_stores),
    )


def _all_bytes(tables: Iterable[Table]) -> bytes:
    values = (v for table in tables for column in table.columns for v in column.values)
    return b"\0".join(v if isinstance(v, bytes) else str(v).encode() for v in values)


def _stands_in(word: str, where: bytes) -> bool:
    return word.encode().lower() in where.lower()


def _try_to_join(ledger: Ledger, tables: Sequence[Table]) -> None:
    accounts = [table for table in tables if table.domain not in CHANNEL_SIDE]
    channels = [table for table in tables if table.domain in CHANNEL_SIDE]
    links = find_links(accounts, channels)
    for by in ("the same bytes", "a hash", "fine times", "order of coming"):
        found = [link for link in links if link.by == by]
        ledger.claim(
            f"Accounts and conversations cannot be joined by {by}",
            observed=_summary(found, accounts, channels),
            holds=not found and bool(accounts) and bool(channels),
        )
    _control(ledger, channels)


def _summary(links: list[Link], accounts: list[Table], channels: list[Table]) -> str:
    if links:
        return "; ".join(f"{link.left} with {link.right}" for link in links[:3])
    columns = sum(len(table.columns) for table in accounts)
    others = sum(len(table.columns) for table in channels)
    return f"no match among {columns} x {others} columns"


def _control(ledger: Ledger, channels: list[Table]) -> None:
    """Plant one bridge of each kind in a copy of what was read; each must be found."""
    kinds = {link.by for link in find_links([_PLANTED_OWNERS], [*channels, _PLANTED_PLACES])}
    ledger.claim(
        "Control: the search for joins finds a planted one of each kind",
        observed=f"found by {', '.join(sorted(kinds))}",
        holds=len(kinds) == 4,  # noqa: PLR2004 - the four kinds above
    )


def _planted(domain: str, **columns: tuple[Any, ...]) -> Table:
    made = tuple(Column(domain, "planted", name, values) for name, values in columns.items())
    return Table(domain, "planted", 2, made, keeps_order=True)


_NAMES: Final = tuple(hashlib.sha256(text).digest() for text in (b"one account", b"another"))
_PLANTED_OWNERS: Final = _planted("accounts", owner=_NAMES, at=(1_795_000_001, 1_795_000_002))
_PLANTED_PLACES: Final = _planted(
    "messaging",
    member=tuple(name + b"inside a longer value" for name in _NAMES),
    tag=tuple(hashlib.sha256(name).digest() for name in _NAMES),
    at=(1_795_000_003, 1_795_000_004),
)
