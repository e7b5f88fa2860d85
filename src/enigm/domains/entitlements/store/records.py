"""Entitlements and the links that may still take them back, as rows."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from enigm.domains.entitlements.model import (
    Entitlement,
    EntitlementId,
    EntitlementState,
    Holder,
    Told,
)
from enigm.domains.entitlements.store.tables import entitlement, handover
from enigm.foundation.database import insert_if_absent


@dataclass(frozen=True, slots=True)
class Link:
    """What stands between a token and an entitlement until the payment is final."""

    token_hash: bytes
    entitlement_id: EntitlementId | None
    told: Told
    number: int
    dies_at: int


def add(connection: sa.Connection, holder: Holder, held: Entitlement) -> None:
    """Write a new entitlement."""
    connection.execute(
        entitlement.insert().values(
            entitlement_id=held.entitlement_id,
            holder=holder,
            product=held.product,
            state=held.state,
            starts_at=held.starts_at,
            ends_at=held.ends_at,
        )
    )


def of_holder(connection: sa.Connection, holder: Holder) -> list[Entitlement]:
    """Return what somebody holds, the soonest to end first."""
    linked = sa.exists().where(handover.c.entitlement_id == entitlement.c.entitlement_id)
    wanted = sa.select(entitlement, linked.label("is_linked")).where(entitlement.c.holder == holder)
    rows = connection.execute(wanted.order_by(entitlement.c.ends_at, entitlement.c.product))
    return [
        Entitlement(
            row.entitlement_id,
            row.product,
            EntitlementState(row.state),
            row.starts_at,
            row.ends_at,
            bool(row.is_linked),
        )
        for row in rows
    ]


def set_state(
    connection: sa.Connection, entitlement_id: EntitlementId, state: EntitlementState
) -> None:
    """Change how it stands."""
    this = entitlement.c.entitlement_id == entitlement_id
    connection.execute(entitlement.update().where(this).values(state=state))


def find_link(connection: sa.Connection, token_hash: bytes) -> Link | None:
    """Return the link of a token, to be changed."""
    wanted = sa.select(handover).where(handover.c.token_hash == token_hash).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return Link(row.token_hash, row.entitlement_id, Told(row.told), row.number, row.dies_at)


def add_link(connection: sa.Connection, link: Link) -> bool:
    """Write a link unless its token has one."""
    row = {
        "token_hash": link.token_hash,
        "entitlement_id": link.entitlement_id,
        "told": link.told,
        "number": link.number,
        "dies_at": link.dies_at,
    }
    return insert_if_absent(connection, handover, row)


def save_link(connection: sa.Connection, link: Link) -> None:
    """Write what can change of a link."""
    connection.execute(
        handover.update()
        .where(handover.c.token_hash == link.token_hash)
        .values(entitlement_id=link.entitlement_id, told=link.told, number=link.number)
    )


def delete_link(connection: sa.Connection, token_hash: bytes) -> None:
    """Forget which token activated what."""
    connection.execute(handover.delete().where(handover.c.token_hash == token_hash))


def erase(connection: sa.Connection, holder: Holder) -> int:
    """Erase all that somebody holds, and the links to it."""
    mine = sa.select(entitlement.c.entitlement_id).where(entitlement.c.holder == holder)
    connection.execute(handover.delete().where(handover.c.entitlement_id.in_(mine)))
    return connection.execute(entitlement.delete().where(entitlement.c.holder == holder)).rowcount
