"""What the audit log keeps: commitments for ever, sealed records and their keys until their end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from enigm.domains.audit.model import Category, SealedRecord
from enigm.foundation.database import add_to_counter, insert_if_absent, store_metadata
from enigm.foundation.inventory import Category as Kind
from enigm.foundation.inventory import declares, until, until_column
from enigm.foundation.stores import StoreDesign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

metadata = store_metadata("audit")
_FOREVER = until("the deployment ends")
_END = until_column("ends_at")


def _lasting(purpose: str) -> dict[Any, Any]:
    return declares(Kind.TRANSPARENCY, purpose, _FOREVER)


def _ending(purpose: str) -> dict[Any, Any]:
    return declares(Kind.TRANSPARENCY, purpose, _END)


head = sa.Table(
    "head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, info=_lasting("there is one log")),
    sa.Column(
        "size", sa.BigInteger, nullable=False, info=_lasting("numbers the next entry without a gap")
    ),
    sa.Column(
        "policy_version",
        sa.BigInteger,
        nullable=False,
        server_default="0",
        info=_lasting("an older policy put back is noticed by it"),
    ),
    sa.Column(
        "trade_version",
        sa.BigInteger,
        nullable=False,
        server_default="0",
        info=_lasting("an older catalogue or trade rule put back is noticed by it"),
    ),
)

entry = sa.Table(
    "entry",
    metadata,
    sa.Column(
        "number",
        sa.BigInteger,
        primary_key=True,
        autoincrement=False,
        info=_lasting("the entry's place in the log"),
    ),
    sa.Column("category", sa.Integer, nullable=False, info=_lasting("whose key seals the record")),
    sa.Column(
        "period", sa.Integer, nullable=False, info=_lasting("which month's key seals the record")
    ),
    sa.Column(
        "commitment",
        sa.LargeBinary(32),
        nullable=False,
        info=_lasting("proves the record without showing it"),
    ),
    sa.Column(
        "payload", sa.LargeBinary, info=_ending("the record, sealed, for those who may read it")
    ),
    sa.Column(
        "ends_at", sa.BigInteger, nullable=False, info=_lasting("when the sealed record goes")
    ),
)

payload_key = sa.Table(
    "payload_key",
    metadata,
    sa.Column(
        "category",
        sa.Integer,
        primary_key=True,
        autoincrement=False,
        info=_ending("whose key this is"),
    ),
    sa.Column(
        "period",
        sa.Integer,
        primary_key=True,
        autoincrement=False,
        info=_ending("which month's key this is"),
    ),
    sa.Column(
        "wrapped",
        sa.LargeBinary,
        nullable=False,
        info=_ending("opens the records until it is destroyed"),
    ),
    sa.Column("ends_at", sa.BigInteger, nullable=False, info=_ending("when the key is destroyed")),
)

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")


def reserve_numbers(connection: sa.Connection, count: int) -> int:
    """Take the next numbers of the log; return the first. Other writers wait for the commit."""
    size_after = add_to_counter(connection, head, {"id": 1}, column="size", amount=count)
    return size_after - count


def keep_policy_version(connection: sa.Connection, newest: int) -> None:
    """Remember the newest policy version that a record names; it never goes down."""
    _keep_newest(connection, head.c.policy_version, newest)


def policy_version(connection: sa.Connection) -> int:
    """Return the newest policy version that a record named."""
    return connection.execute(sa.select(head.c.policy_version)).scalar() or 0


def keep_trade_version(connection: sa.Connection, newest: int) -> None:
    """Remember the newest change of a shop's rules that a record names; it never goes down."""
    _keep_newest(connection, head.c.trade_version, newest)


def trade_version(connection: sa.Connection) -> int:
    """Return the newest change of a shop's rules that a record named."""
    return connection.execute(sa.select(head.c.trade_version)).scalar() or 0


def _keep_newest(connection: sa.Connection, column: sa.Column[int], newest: int) -> None:
    connection.execute(head.update().where(column < newest).values({column: newest}))


def insert(connection: sa.Connection, records: Sequence[SealedRecord], ends: Sequence[int]) -> None:
    """Write records under numbers that were reserved in the same transaction."""
    rows = [
        {
            "number": record.number,
            "category": record.category,
            "period": record.period,
            "commitment": record.commitment,
            "payload": record.payload,
            "ends_at": end,
        }
        for record, end in zip(records, ends, strict=True)
    ]
    connection.execute(entry.insert(), rows)


def size(connection: sa.Connection) -> int:
    """Return how many entries the log has."""
    return connection.execute(sa.select(head.c.size)).scalar() or 0


def records_between(connection: sa.Connection, start: int, end: int) -> Iterator[SealedRecord]:
    """Yield records in the log's order."""
    wanted = sa.select(entry).where(entry.c.number >= start, entry.c.number < end)
    for row in connection.execute(wanted.order_by(entry.c.number)):
        yield SealedRecord(
            row.number, Category(row.category), row.period, row.commitment, row.payload
        )


def wrapped_key(connection: sa.Connection, category: Category, period: int) -> bytes | None:
    """Return the wrapped key of a category and period, unless it is destroyed or not made yet."""
    wanted = sa.select(payload_key.c.wrapped).where(
        payload_key.c.category == category, payload_key.c.period == period
    )
    return connection.execute(wanted).scalar()


def keep_key(
    connection: sa.Connection, category: Category, period: int, wrapped: bytes, ends_at: int
) -> bool:
    """Write a new key unless another process made one first; say whether it was written."""
    row = {"category": category, "period": period, "wrapped": wrapped, "ends_at": ends_at}
    return insert_if_absent(connection, payload_key, row)
