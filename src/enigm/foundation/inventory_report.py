"""Shows the inventory: a table for people, JSON for programs, a record of processing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from rich.table import Table

from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from enigm.foundation.inventory import Entry

_COLUMNS: Final = ("domain", "kind", "place", "category", "purpose", "retention")


def inventory_table(entries: Iterable[Entry]) -> Table:
    """Return the inventory for a terminal."""
    table = Table(title="What Enigm keeps, why, and until when")
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for entry in entries:
        row = entry.as_row()
        table.add_row(*(row[name] for name in _COLUMNS))
    return table


def inventory_json(entries: Iterable[Entry]) -> bytes:
    """Return the inventory as one JSON array of objects."""
    rows = [entry.as_row() for entry in entries]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n"


def inventory_changes(reviewed: bytes, entries: Iterable[Entry]) -> list[str]:
    """Return what changed since a reviewed inventory, a line each: + new, - gone, ~ changed.

    Raises:
        SetupError: the reviewed inventory is not one that ``inventory_json`` wrote.
    """
    try:
        rows = msgspec.json.decode(reviewed, type=list[dict[str, str]])
        before = {_name(row): row for row in rows}
    except (msgspec.DecodeError, KeyError) as error:
        raise SetupError("The reviewed inventory is not one that enigm inventory wrote.") from error
    after = {_name(row): row for row in (entry.as_row() for entry in entries)}
    lines = [f"- {name}" for name in before if name not in after]
    for name, row in after.items():
        if name not in before:
            lines.append(f"+ {name}: {row['category']}, {row['purpose']}, {row['retention']}")
            continue
        lines += [
            f"~ {name}: {field} was {before[name].get(field, 'absent')!r}, is {value!r}"
            for field, value in row.items()
            if before[name].get(field) != value
        ]
    return sorted(lines, key=lambda line: line[2:])


def _name(row: dict[str, str]) -> str:
    return f"{row['domain']}: {row['place']} ({row['kind']})"


def record_of_processing(entries: Sequence[Entry]) -> str:
    """Return the record of processing (GDPR article 30) as Markdown, one table per domain."""
    lines = ["# Record of processing", "", "Generated from the inventory; not edited by hand.", ""]
    for domain in sorted({entry.domain for entry in entries}):
        lines += [f"## {domain}", "", "| category | purpose | kept | where |", "|---|---|---|---|"]
        rows = (entry.as_row() for entry in entries if entry.domain == domain)
        lines += [
            f"| {row['category']} | {row['purpose']} | {row['retention']} | "
            f"`{row['place']}` ({row['kind']}) |"
            for row in sorted(rows, key=lambda row: (row["category"], row["place"]))
        ]
        lines.append("")
    return "\n".join(lines)
