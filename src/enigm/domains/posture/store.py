"""What posture keeps: the challenge under way and the latest report of each handle, both sealed.

No column tells two devices apart but the handle: bodies have one size, times stand inside them,
ends in the clear are those of all, and rows lie in the order of their handles.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from enigm.domains.posture.model import PostureHandle
from enigm.foundation.database import insert_or_replace, store_metadata
from enigm.foundation.inventory import Category, kept, until_column
from enigm.foundation.statements import Prepared
from enigm.foundation.stores import StoreDesign

if TYPE_CHECKING:
    from collections.abc import Iterator

metadata = store_metadata("posture")
HANDLE_BYTES = 20
_kept = partial(kept, Category.DEVICE)
_END = until_column("ends_at")


def _sealed_table(name: str, names_what: str, holds_what: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        _kept("handle", sa.LargeBinary(HANDLE_BYTES), names_what, _END, primary_key=True),
        _kept("sealed", sa.LargeBinary, holds_what, _END),
        _kept("ends_at", sa.BigInteger, "when it is forgotten, the same for all", _END, index=True),
        # Otherwise the file would keep in which order devices came.
        sqlite_with_rowid=False,
    )


challenge = _sealed_table(
    "challenge", "whose report is awaited", "what one report has to answer, once"
)
report = _sealed_table(
    "report", "whose posture it is", "the states a policy asked for, and when they were read"
)

_FIND_REPORT = Prepared(sa.select(report.c.sealed).where(report.c.handle == sa.bindparam("handle")))

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")


def keep(
    connection: sa.Connection, table: sa.Table, handle: PostureHandle, sealed: bytes, ends_at: int
) -> None:
    """Write a row, in place of an older one of the handle."""
    row = {"handle": handle, "sealed": sealed, "ends_at": ends_at}
    insert_or_replace(connection, table, row, key=["handle"])


def take_challenge(connection: sa.Connection, handle: PostureHandle) -> bytes | None:
    """Return what was to be answered and delete it: one of two callers gets it."""
    gone = challenge.delete().where(challenge.c.handle == handle).returning(challenge.c.sealed)
    return connection.execute(gone).scalar()


def find_report(connection: sa.Connection, handle: PostureHandle) -> bytes | None:
    """Return a handle's latest report."""
    return _FIND_REPORT.scalar(connection, {"handle": handle})


def reports(connection: sa.Connection, now_seconds: int) -> Iterator[tuple[PostureHandle, bytes]]:
    """Yield the latest report of every handle that still stands, by handle."""
    wanted = report.select().where(report.c.ends_at > now_seconds).order_by(report.c.handle)
    for row in connection.execute(wanted):
        yield PostureHandle(row.handle), row.sealed


def forget(connection: sa.Connection, handle: PostureHandle) -> None:
    """Delete what is kept under a handle."""
    for table in (challenge, report):
        connection.execute(table.delete().where(table.c.handle == handle))
