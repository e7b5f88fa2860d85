"""Counts what guests have opened and not paid: all of them together, since each is nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.commerce.store.tables import shop_order

if TYPE_CHECKING:
    from enigm.domains.commerce.model import MethodName

_UNPAID = (OrderState.NEW, OrderState.PARTIAL)


def open_orders(connection: sa.Connection, method: MethodName, now: int) -> tuple[int, int | None]:
    """Return how many guests' orders wait to be paid by a method, and when the first one ends."""
    c = shop_order.c
    wanted = sa.select(sa.func.count(), sa.func.min(c.expires_at)).where(
        c.state.in_(_UNPAID),
        c.expires_at > now,
        c.method == method,
        c.comeback_hash.is_not(None),
        sa.or_(c.decided.is_(None), c.decided == OrderState.HELD),
    )
    count, first_ends_at = connection.execute(wanted).one()
    return int(count), first_ends_at
