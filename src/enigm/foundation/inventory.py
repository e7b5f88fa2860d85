"""What Enigm keeps: every column, log field and metric label, its purpose and its end.

A column is declared where it stands::

    kept(Category.ABUSE_PREVENTION, "expires_at", BigInteger(), "ends the proof",
         until_column("expires_at"))

A row ends when its primary key ends; a column that is declared to end earlier is set to NULL
then, so it must be nullable. ``foundation/retention.py`` enforces exactly what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from enigm.foundation.database import VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.types import TypeEngine

    _Kind = TypeEngine[Any] | type[TypeEngine[Any]]

_INFO_KEY: Final = "enigm inventory"
SECONDS_PER_DAY: Final = 86_400


class Category(Enum):
    """The closed list of kinds of data. A new kind is a reviewed change of this file (PRV-05)."""

    ACCOUNT = "account"
    AUTHENTICATION = "authentication"
    DEVICE = "device"
    DELIVERY = "delivery"
    COMMERCE = "commerce"
    CONTENT_SEALED = "sealed content"
    TRANSPARENCY = "transparency"
    CONNECTIVITY = "connectivity"
    ABUSE_PREVENTION = "abuse prevention"
    OPERATIONS = "operations"


class Kind(Enum):
    """Where a declared value stands."""

    COLUMN = "column"
    LOG_FIELD = "log field"
    METRIC_LABEL = "metric label"
    FILE = "file"


class End(Enum):
    """How the end of a value is found."""

    EVENT = "event"
    SECONDS_AFTER_COLUMN = "seconds after column"
    AT_COLUMN = "at column"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class Retention:
    """When a value ends: at an event, at a time in its own row, or with the deployment's logs."""

    end: End
    event: str = ""
    column: str = ""
    seconds: int = 0

    def __str__(self) -> str:
        """Say it as an auditor would read it."""
        match self.end:
            case End.EVENT:
                return f"until {self.event}"
            case End.SECONDS_AFTER_COLUMN:
                return f"{_duration(self.seconds)} after {self.column}"
            case End.AT_COLUMN:
                return f"until {self.column}"
            case End.DEPLOYMENT:
                return f"at most {_duration(self.seconds)}, by the operator's log rotation"


def until(event: str) -> Retention:
    """Keep until something happens that deletes the row: ``until("the account is deleted")``."""
    return Retention(End.EVENT, event=event)


ACCOUNT_DELETION: Final = until("the account is deleted")


def seconds_after(column: str, seconds: int) -> Retention:
    """Keep for a time after the Unix second in a column of the same row."""
    return Retention(End.SECONDS_AFTER_COLUMN, column=column, seconds=seconds)


def until_column(column: str) -> Retention:
    """Keep until the Unix second in a column of the same row; NULL there means no end yet."""
    return Retention(End.AT_COLUMN, column=column)


def in_logs(days: int) -> Retention:
    """Keep no longer than the operator keeps logs and metrics."""
    return Retention(End.DEPLOYMENT, seconds=days * SECONDS_PER_DAY)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a declared value is, why it is kept and when it ends."""

    category: Category
    purpose: str
    retention: Retention


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the inventory."""

    kind: Kind
    domain: str
    place: str
    declaration: Declaration

    def as_row(self) -> dict[str, str]:
        """Return the line as plain text fields, the same for people, JSON and documents."""
        return {
            "kind": self.kind.value,
            "domain": self.domain,
            "place": self.place,
            "category": self.declaration.category.value,
            "purpose": self.declaration.purpose,
            "retention": str(self.declaration.retention),
        }


_VERSION: Final = Declaration(
    Category.OPERATIONS, "which migrations the store has had", until("the store is deleted")
)


class UndeclaredError(Exception):
    """Something would be kept that nobody declared, or that is declared in a broken way."""


def declares(category: Category, purpose: str, retention: Retention) -> dict[Any, Any]:
    """Return the ``info`` of a column: what it is, why it is kept, when it ends."""
    return {_INFO_KEY: Declaration(category, purpose, retention)}


def kept(
    category: Category,
    name: str,
    kind: _Kind,
    purpose: str,
    end: Retention,
    **options: Any,
) -> sa.Column[Any]:
    """Return a column that declares what it is; it holds NULL only where that is said."""
    options.setdefault("nullable", False)
    return sa.Column(name, kind, info=declares(category, purpose, end), **options)


def declaration_of(column: sa.Column[Any]) -> Declaration:
    """Return what a column declares.

    Raises:
        UndeclaredError: it declares nothing.
    """
    declared = column.info.get(_INFO_KEY)
    if not isinstance(declared, Declaration):
        msg = f"{column.table.name}.{column.name} declares no category, purpose and retention"
        raise UndeclaredError(msg)
    return declared


def collect(stores: Iterable[sa.MetaData]) -> tuple[Entry, ...]:
    """Return one entry per column of every domain's store, the migrations' own included.

    Raises:
        UndeclaredError: a store names no domain, or a column is undeclared, without a purpose,
            or ends by a column that its row does not have.
    """
    return tuple(entry for metadata in stores for entry in _columns(metadata))


def collect_fields(
    kind: Kind, domain: str, declared: Mapping[str, Declaration]
) -> tuple[Entry, ...]:
    """Return one entry per declared log field or metric label."""
    return tuple(Entry(kind, domain, name, declared[name]) for name in sorted(declared))


def row_retention(table: sa.Table) -> Retention:
    """Return when a row ends: what its primary key declares.

    Raises:
        UndeclaredError: there is no primary key, or its columns disagree.
    """
    ends = {declaration_of(column).retention for column in table.primary_key}
    if len(ends) != 1:
        msg = f"the primary key of {table.name} must declare one retention, not {len(ends)}"
        raise UndeclaredError(msg)
    return ends.pop()


def _columns(metadata: sa.MetaData) -> Iterator[Entry]:
    domain = metadata.info.get("domain")
    if not isinstance(domain, str):
        msg = "a store's metadata names no domain: make it with store_metadata()"
        raise UndeclaredError(msg)
    for table in metadata.sorted_tables:
        whole = row_retention(table)
        for column in table.columns:
            declaration = declaration_of(column)
            _check(table, column, declaration, whole)
            yield Entry(Kind.COLUMN, domain, f"{table.name}.{column.name}", declaration)
    # Alembic makes this table itself, so it stands in no domain's metadata.
    yield Entry(Kind.COLUMN, domain, f"{VERSION_TABLE}.version_num", _VERSION)


def _check(
    table: sa.Table, column: sa.Column[Any], declaration: Declaration, whole: Retention
) -> None:
    place = f"{table.name}.{column.name}"
    retention = declaration.retention
    if not declaration.purpose.strip():
        msg = f"{place} declares no purpose"
        raise UndeclaredError(msg)
    if retention.column and retention.column not in table.columns:
        msg = f"{place} ends by a column {retention.column} that its row does not have"
        raise UndeclaredError(msg)
    if retention.end is End.DEPLOYMENT:
        msg = f"{place} is a column, but declares the end of a log field"
        raise UndeclaredError(msg)
    if retention.end is not End.EVENT and retention != whole and not column.nullable:
        msg = f"{place} ends apart from its row, so it must be nullable"
        raise UndeclaredError(msg)


def _duration(seconds: int) -> str:
    for name, length in (("day", SECONDS_PER_DAY), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{count} {name}" + ("" if count == 1 else "s")
    return f"{seconds} seconds"
