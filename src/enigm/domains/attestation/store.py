"""What attestation keeps: challenges, enrolled devices, trust anchors, reference values.

What is kept of a device is sealed, of one size, and lies in the order of the handles.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from enigm.domains.attestation.model import Anchor, AnchorKind, AttestationHandle, Step
from enigm.foundation.database import insert_or_replace, store_metadata
from enigm.foundation.inventory import Category, kept, until, until_column
from enigm.foundation.statements import Prepared
from enigm.foundation.stores import StoreDesign

if TYPE_CHECKING:
    from collections.abc import Iterator

metadata = store_metadata("attestation")
HANDLE_BYTES = 20
_of_device = partial(kept, Category.DEVICE)
_END = until_column("ends_at")
_REMOVED = until("the operator removes it")
_REPLACED = until("newer reference values are loaded")

challenge = sa.Table(
    "challenge",
    metadata,
    _of_device(
        "handle", sa.LargeBinary(HANDLE_BYTES), "whose evidence is awaited", _END, primary_key=True
    ),
    _of_device("step", sa.String(8), "what the challenge is for", _END, primary_key=True),
    _of_device("sealed", sa.LargeBinary, "what one answer has to match, once", _END),
    _of_device("ends_at", sa.BigInteger, "when it is forgotten, rounded", _END, index=True),
    sqlite_with_rowid=False,
)

device = sa.Table(
    "device",
    metadata,
    _of_device(
        "handle", sa.LargeBinary(HANDLE_BYTES), "whose machine it is", _END, primary_key=True
    ),
    _of_device("sealed", sa.LargeBinary, "the attestation key, counters and verdict", _END),
    _of_device(
        "ends_at", sa.BigInteger, "when it is forgotten, the same for all", _END, index=True
    ),
    sqlite_with_rowid=False,
)

anchor = sa.Table(
    "anchor",
    metadata,
    kept(
        Category.OPERATIONS,
        "anchor_id",
        sa.String(16),
        "names a trust anchor",
        _REMOVED,
        primary_key=True,
    ),
    kept(Category.OPERATIONS, "kind", sa.String(16), "about what it is believed", _REMOVED),
    kept(
        Category.OPERATIONS,
        "content",
        sa.LargeBinary,
        "the certificate or key that is believed",
        _REMOVED,
    ),
)

reference = sa.Table(
    "reference",
    metadata,
    kept(
        Category.OPERATIONS,
        "version",
        sa.BigInteger,
        "refuses older reference values",
        _REPLACED,
        primary_key=True,
        autoincrement=False,
    ),
    kept(
        Category.OPERATIONS,
        "signed",
        sa.LargeBinary,
        "which states of a machine are good",
        _REPLACED,
    ),
)

_WANTED = sa.select(device.c.sealed).where(device.c.handle == sa.bindparam("handle"))
_FIND, _FIND_TO_CHANGE = Prepared(_WANTED), Prepared(_WANTED.with_for_update())

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")


def keep_challenge(
    connection: sa.Connection, handle: AttestationHandle, step: Step, sealed: bytes, ends_at: int
) -> None:
    """Write a challenge, in place of an older one for the same step."""
    row = {"handle": handle, "step": step.value, "sealed": sealed, "ends_at": ends_at}
    insert_or_replace(connection, challenge, row, key=["handle", "step"])


def take_challenge(
    connection: sa.Connection, handle: AttestationHandle, step: Step
) -> bytes | None:
    """Return what is to be answered and delete it: one of two callers gets it."""
    gone = challenge.delete().where(challenge.c.handle == handle, challenge.c.step == step.value)
    return connection.execute(gone.returning(challenge.c.sealed)).scalar()


def keep_device(
    connection: sa.Connection, handle: AttestationHandle, sealed: bytes, ends_at: int
) -> None:
    """Write what is kept of a device."""
    row = {"handle": handle, "sealed": sealed, "ends_at": ends_at}
    insert_or_replace(connection, device, row, key=["handle"])


def replace_device(connection: sa.Connection, handle: AttestationHandle, sealed: bytes) -> None:
    """Write what is kept of a device that is there; its end stays."""
    connection.execute(device.update().where(device.c.handle == handle).values(sealed=sealed))


def find_device(
    connection: sa.Connection, handle: AttestationHandle, *, to_change: bool = False
) -> bytes | None:
    """Return what is kept of a device; ``to_change`` keeps others from it until the commit."""
    find = _FIND_TO_CHANGE if to_change else _FIND
    return find.scalar(connection, {"handle": handle})


def devices(
    connection: sa.Connection, now_seconds: int
) -> Iterator[tuple[AttestationHandle, bytes]]:
    """Yield what is kept of every device whose handle still stands, by handle."""
    wanted = device.select().where(device.c.ends_at > now_seconds).order_by(device.c.handle)
    for row in connection.execute(wanted):
        yield AttestationHandle(row.handle), row.sealed


def forget(connection: sa.Connection, handle: AttestationHandle) -> None:
    """Delete what is kept under a handle."""
    for table in (challenge, device):
        connection.execute(table.delete().where(table.c.handle == handle))


def keep_anchor(connection: sa.Connection, kept: Anchor) -> None:
    """Write a trust anchor."""
    row = {"anchor_id": kept.anchor_id, "kind": kept.kind.value, "content": kept.content}
    insert_or_replace(connection, anchor, row, key=["anchor_id"])


def remove_anchors(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> int:
    """Delete trust anchors; return how many went."""
    return connection.execute(anchor.delete().where(*conditions)).rowcount


def anchors(connection: sa.Connection) -> list[Anchor]:
    """Return every trust anchor."""
    rows = connection.execute(anchor.select().order_by(anchor.c.kind, anchor.c.anchor_id))
    return [Anchor(row.anchor_id, AnchorKind(row.kind), row.content) for row in rows]


def keep_reference(connection: sa.Connection, version: int, signed: bytes) -> None:
    """Write reference values in place of the older ones."""
    connection.execute(reference.delete())
    connection.execute(reference.insert().values(version=version, signed=signed))


def find_reference(connection: sa.Connection) -> tuple[int, bytes] | None:
    """Return the reference values that were loaded, and their version."""
    row = connection.execute(reference.select()).first()
    return (row.version, row.signed) if row else None
