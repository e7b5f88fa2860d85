"""Everything that the service's stores hold, opened with the service's own keys."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlcipher3 import dbapi2 as sqlcipher

from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import UnverifiableError
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.sealing import SEALED_EXTRA_BYTES, ColumnSeal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from enigm.foundation.keyfile import Keys
    from enigm.foundation.stores import StoreDesign


@dataclass(frozen=True)
class Column:
    """One column of one table: its values, in the order that the table keeps."""

    domain: str
    table: str
    name: str
    values: tuple[Any, ...] = field(repr=False)

    @property
    def place(self) -> str:
        """Where it stands: ``domain.table.column``."""
        return f"{self.domain}.{self.table}.{self.name}"


@dataclass(frozen=True)
class Table:
    """One table; ``keeps_order`` where the engine remembers in which order rows came."""

    domain: str
    name: str
    rows: int
    columns: tuple[Column, ...]
    keeps_order: bool

    @property
    def bytes_held(self) -> int:
        """How many bytes of values it holds."""
        values = chain.from_iterable(column.values for column in self.columns)
        return sum(len(value) if isinstance(value, (bytes, str)) else 8 for value in values)


def read_stores(folder: Path, key_file: Path, designs: Mapping[str, StoreDesign]) -> list[Table]:
    """Open every store that there is and read every row, opening sealed columns as well."""
    keys = load_or_create_keys(key_file, SystemEntropy())
    tables: list[Table] = []
    for domain, design in sorted(designs.items()):
        path = folder / f"{domain}.db"
        if not path.exists():
            # Nothing that ran keeps anything of this domain.
            continue
        with closing(_open(path, keys, design)) as connection:
            names = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            tables += [_read(connection, domain, name, keys) for (name,) in sorted(names)]
    return tables


def _open(path: Path, keys: Keys, design: StoreDesign) -> sqlcipher.Connection:
    connection = sqlcipher.connect(f"file:{path}?mode=ro", uri=True)
    connection.execute(f"PRAGMA key = \"x'{keys.derive(design.domain, 'store').hex()}'\"")
    connection.execute(f"PRAGMA cipher_page_size = {design.page_bytes}")
    return connection


def _read(connection: sqlcipher.Connection, domain: str, name: str, keys: Keys) -> Table:
    found = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - the store's own name
    titles = [column[0] for column in found.description]
    rows = [dict(zip(titles, row, strict=True)) for row in found]
    columns = tuple(
        Column(domain, name, title, tuple(_opened(row, title, domain, name, keys) for row in rows))
        for title in titles
    )
    return Table(domain, name, len(rows), columns, _keeps_order(connection, name, columns))


def _keeps_order(connection: sqlcipher.Connection, name: str, columns: tuple[Column, ...]) -> bool:
    try:
        numbers = [row[0] for row in connection.execute(f'SELECT rowid FROM "{name}"')]  # noqa: S608
    except sqlcipher.OperationalError:
        # WITHOUT ROWID: rows lie in the order of their key, which is random.
        return any(_counts_up(column.values) for column in columns)
    return _counts_up(tuple(numbers))


def _counts_up(values: tuple[Any, ...]) -> bool:
    """Tell whether these are numbers given out one after the other."""
    numbers = [value for value in values if isinstance(value, int)]
    if len(set(numbers)) != len(values) or len(numbers) < 2:  # noqa: PLR2004 - one has no order
        return False
    return max(numbers) - min(numbers) < 4 * len(numbers)


def _opened(row: dict[str, Any], title: str, domain: str, table: str, keys: Keys) -> Any:
    """Return a value, opened where it was sealed to its row under a key of the service."""
    value = row[title]
    if not isinstance(value, bytes) or len(value) <= SEALED_EXTRA_BYTES:
        return value
    seal = ColumnSeal(keys, f"{domain}.{table}.{title}", SystemEntropy())
    for row_key in _row_keys(row, title):
        try:
            return seal.open(value, row_key)
        except UnverifiableError:
            continue
    return value


def _row_keys(row: dict[str, Any], title: str) -> Iterator[bytes]:
    return (value for name, value in row.items() if name != title and isinstance(value, bytes))
