"""What the Handle Authority keeps: epoch keys, the fleet, revocations, and look-ups under way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from enigm.domains.handles.model import (
    Handle,
    Lookup,
    LookupId,
    PersonHandle,
    Purpose,
    Scope,
    SubjectId,
)
from enigm.foundation.database import add_to_counter, insert_if_absent, store_metadata
from enigm.foundation.inventory import Category, declares, seconds_after, until, until_column
from enigm.foundation.statements import Prepared
from enigm.foundation.stores import StoreDesign

if TYPE_CHECKING:
    from collections.abc import Iterator

metadata = store_metadata("handles")
LOOKUP_SECONDS = 7 * 86_400
_KEY_END = until_column("ends_at")
_DEVICE_END = until("the device is deleted")
_SERVICE_END = until("the service is taken down")
_LOOKUP_END = seconds_after("asked_at", LOOKUP_SECONDS)


def _of_key(purpose: str) -> dict[Any, Any]:
    return declares(Category.DEVICE, purpose, _KEY_END)


def _of_device(purpose: str) -> dict[Any, Any]:
    return declares(Category.DEVICE, purpose, _DEVICE_END)


def _of_lookup(purpose: str) -> dict[Any, Any]:
    return declares(Category.OPERATIONS, purpose, _LOOKUP_END)


def _of_service(purpose: str) -> dict[Any, Any]:
    return declares(Category.OPERATIONS, purpose, _SERVICE_END)


def _scope_columns(purpose: str, retention: Any) -> list[sa.Column[Any]]:
    """Return the three columns that say where a handle means something."""
    declared = declares(Category.DEVICE, purpose, retention)
    return [
        sa.Column("purpose", sa.String(32), primary_key=True, info=declared),
        sa.Column("tenant", sa.String(255), primary_key=True, info=declared),
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False, info=declared),
    ]


epoch_key = sa.Table(
    "epoch_key",
    metadata,
    *_scope_columns("says which handles this key makes", _KEY_END),
    sa.Column(
        "wrapped", sa.LargeBinary, nullable=False, info=_of_key("makes the handles of one scope")
    ),
    sa.Column("ends_at", sa.BigInteger, nullable=False, info=_of_key("when the key is destroyed")),
)

subject = sa.Table(
    "subject",
    metadata,
    sa.Column(
        "subject_id",
        sa.LargeBinary(32),
        primary_key=True,
        info=_of_device("who has handles; look-ups scan it"),
    ),
)

revoked = sa.Table(
    "revoked",
    metadata,
    *_scope_columns("where the handle was revoked", _KEY_END),
    sa.Column(
        "handle",
        sa.LargeBinary(20),
        primary_key=True,
        info=_of_key("refuses a revoked device under this purpose"),
    ),
    sa.Column("ends_at", sa.BigInteger, nullable=False, info=_of_key("when its key is destroyed")),
)

lookup = sa.Table(
    "lookup",
    metadata,
    sa.Column(
        "lookup_id",
        sa.LargeBinary(16),
        primary_key=True,
        info=_of_lookup("names a look-up under way"),
    ),
    sa.Column(
        "purpose",
        sa.String(32),
        nullable=False,
        info=_of_lookup("where the handle means something"),
    ),
    sa.Column(
        "tenant",
        sa.String(255),
        nullable=False,
        info=_of_lookup("where the handle means something"),
    ),
    sa.Column(
        "epoch", sa.BigInteger, nullable=False, info=_of_lookup("where the handle means something")
    ),
    sa.Column(
        "handle", sa.LargeBinary(20), nullable=False, info=_of_lookup("what is to be resolved")
    ),
    sa.Column(
        "asker", sa.LargeBinary(20), nullable=False, info=_of_lookup("who may not approve it")
    ),
    sa.Column(
        "asked_at", sa.BigInteger, nullable=False, info=_of_lookup("when the request lapses")
    ),
)

approval = sa.Table(
    "approval",
    metadata,
    sa.Column(
        "lookup_id", sa.LargeBinary(16), primary_key=True, info=_of_lookup("what was approved")
    ),
    sa.Column(
        "approver",
        sa.LargeBinary(20),
        primary_key=True,
        info=_of_lookup("each person approves once"),
    ),
    sa.Column(
        "asked_at", sa.BigInteger, nullable=False, info=_of_lookup("when the request lapses")
    ),
)

revision = sa.Table(
    "revision",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, info=_of_service("there is one number")),
    sa.Column(
        "number",
        sa.BigInteger,
        nullable=False,
        info=_of_service("other processes notice by it that somebody was revoked or forgotten"),
    ),
)

# Asked whenever a device comes that this process has not met yet.
_FIND_SUBJECT = Prepared(
    sa.select(subject.c.subject_id).where(subject.c.subject_id == sa.bindparam("subject_id"))
)
_FIND_REVOKED = Prepared(
    sa.select(revoked.c.handle).where(
        *(
            revoked.c[name] == sa.bindparam(name)
            for name in ("purpose", "tenant", "epoch", "handle")
        )
    )
)

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")


def wrapped_key(connection: sa.Connection, scope: Scope) -> bytes | None:
    """Return the wrapped key of a scope, unless it is destroyed or not made yet."""
    wanted = sa.select(epoch_key.c.wrapped).where(*_in_scope(epoch_key, scope))
    return connection.execute(wanted).scalar()


def keep_key(connection: sa.Connection, scope: Scope, wrapped: bytes, ends_at: int) -> None:
    """Write a new key unless another process made one first."""
    row = {**_scope_row(scope), "wrapped": wrapped, "ends_at": ends_at}
    insert_if_absent(connection, epoch_key, row)


def wrapped_keys(connection: sa.Connection) -> dict[Scope, bytes]:
    """Return the wrapped key of every scope whose key still stands, by epoch."""
    rows = connection.execute(sa.select(epoch_key).order_by(*epoch_key.primary_key))
    return {Scope(Purpose(row.purpose), row.tenant, row.epoch): row.wrapped for row in rows}


def revision_number(connection: sa.Connection) -> int:
    """Return a number that grows whenever somebody is revoked or forgotten."""
    return connection.execute(sa.select(revision.c.number)).scalar() or 0


def grow_revision(connection: sa.Connection) -> None:
    """Let every process forget what it remembers, once this transaction commits."""
    add_to_counter(connection, revision, {"id": 1}, column="number", amount=1)


def keep_subject(connection: sa.Connection, subject_id: SubjectId) -> None:
    """Remember that this device has handles."""
    insert_if_absent(connection, subject, {"subject_id": subject_id})


def is_subject(connection: sa.Connection, subject_id: SubjectId) -> bool:
    """Say whether this device has handles."""
    return _FIND_SUBJECT.first(connection, {"subject_id": subject_id}) is not None


def forget_subject(connection: sa.Connection, subject_id: SubjectId) -> None:
    """Forget a device: its old handles can be resolved no more."""
    connection.execute(subject.delete().where(subject.c.subject_id == subject_id))


def subjects(connection: sa.Connection) -> Iterator[SubjectId]:
    """Yield every device that has handles."""
    for row in connection.execute(sa.select(subject.c.subject_id)):
        yield SubjectId(row.subject_id)


def keep_revoked(connection: sa.Connection, scope: Scope, handle: Handle, ends_at: int) -> None:
    """Mark a handle as revoked in its scope."""
    row = {**_scope_row(scope), "handle": handle, "ends_at": ends_at}
    insert_if_absent(connection, revoked, row)


def is_revoked(connection: sa.Connection, scope: Scope, handle: Handle) -> bool:
    """Say whether a handle of a scope is revoked."""
    wanted = {**_scope_row(scope), "handle": handle}
    return _FIND_REVOKED.first(connection, wanted) is not None


def revoked_in(connection: sa.Connection, scope: Scope) -> list[Handle]:
    """Return the revoked handles of a scope, in an order that says nothing about time."""
    wanted = sa.select(revoked.c.handle).where(*_in_scope(revoked, scope))
    return [Handle(row.handle) for row in connection.execute(wanted.order_by(revoked.c.handle))]


def keep_lookup(connection: sa.Connection, asked: Lookup, now_seconds: int) -> None:
    """Remember a request to resolve a handle."""
    connection.execute(
        lookup.insert().values(
            **_scope_row(asked.scope),
            lookup_id=asked.lookup_id,
            handle=asked.handle,
            asker=asked.asker,
            asked_at=now_seconds,
        )
    )


def keep_approval(
    connection: sa.Connection, lookup_id: LookupId, approver: PersonHandle, now_seconds: int
) -> None:
    """Remember one person's approval."""
    row = {"lookup_id": lookup_id, "approver": approver, "asked_at": now_seconds}
    insert_if_absent(connection, approval, row)


def find_lookup(connection: sa.Connection, lookup_id: LookupId) -> Lookup | None:
    """Return a request and who approved it."""
    row = connection.execute(lookup.select().where(lookup.c.lookup_id == lookup_id)).first()
    if row is None:
        return None
    wanted = sa.select(approval.c.approver).where(approval.c.lookup_id == lookup_id)
    approvers = tuple(PersonHandle(each.approver) for each in connection.execute(wanted))
    scope = Scope(Purpose(row.purpose), row.tenant, row.epoch)
    return Lookup(lookup_id, scope, Handle(row.handle), PersonHandle(row.asker), approvers)


def forget_lookup(connection: sa.Connection, lookup_id: LookupId) -> None:
    """Forget a request that was answered: one approval opens one handle, once."""
    connection.execute(approval.delete().where(approval.c.lookup_id == lookup_id))
    connection.execute(lookup.delete().where(lookup.c.lookup_id == lookup_id))


def _scope_row(scope: Scope) -> dict[str, Any]:
    return {"purpose": scope.purpose.value, "tenant": scope.tenant, "epoch": scope.epoch}


def _in_scope(table: sa.Table, scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in _scope_row(scope).items()]
