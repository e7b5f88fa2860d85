"""Orders and their payments, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from enigm.domains.commerce.model import Currency, MethodName, PaymentEventKind, PaymentReference
from enigm.domains.commerce.model.catalogue import Product
from enigm.domains.commerce.model.orders import (
    Buyer,
    Flag,
    Lateness,
    Order,
    OrderId,
    OrderState,
    Payment,
    Standing,
    Terms,
    TokenState,
)
from enigm.domains.commerce.store.tables import (
    issued_address,
    payment,
    payment_fact,
    shop_order,
)
from enigm.foundation.database import (
    change_rows,
    insert_if_absent,
    insert_or_replace,
    insert_row,
)
from enigm.foundation.statements import Prepared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from enigm.domains.commerce.model.review import OrderHandle

_SECONDS_PER_DAY = 86_400
_UNPAID = (OrderState.NEW, OrderState.PARTIAL)
# What finds one order, for reading and to be changed.
_FINDERS: Final = {
    (name, to_change): Prepared(wanted.with_for_update() if to_change else wanted)
    for name in ("order_id", "reference", "token_hash", "comeback_hash", "handle")
    for wanted in [sa.select(shop_order).where(shop_order.c[name] == sa.bindparam("wanted"))]
    for to_change in (False, True)
}
_PAYMENTS: Final = Prepared(
    sa.select(payment)
    .where(payment.c.order_id == sa.bindparam("wanted"))
    .order_by(payment.c.payment_ref)
)
_COLUMNS: Final = {
    name: Prepared(
        sa.select(shop_order.c[name]).where(shop_order.c.order_id == sa.bindparam("wanted"))
    )
    for name in ("day_at", "instruction", "token")
}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, and how much of it stands in the books."""

    payment_ref: bytes
    payment: Payment
    booked: int
    booked_cents: int
    postings: int


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """An order with what is written once and only looked up by."""

    order: Order
    handle: OrderHandle
    comeback_hash: bytes | None
    day_at: int


@dataclass(frozen=True, slots=True)
class KeptToken:
    """An order's token as it is kept, or nothing in its place once the link has died."""

    token_hash: bytes | None = None
    sealed: bytes | None = None


def add(connection: sa.Connection, new: KeptOrder) -> None:
    """Write a new order."""
    order = new.order
    terms = order.terms
    row = {
        "order_id": order.order_id,
        "handle": new.handle,
        "buyer": order.buyer,
        "comeback_hash": new.comeback_hash,
        "country": order.country,
        "sku": order.sku,
        "product": order.product,
        "term_days": order.term_days,
        "catalogue_version": order.catalogue_version,
        "policy_version": order.policy_version,
        "price_cents": terms.price_cents,
        "method": order.method,
        "currency": order.currency,
        "reference": order.reference,
        "confirmations_needed": terms.confirmations_needed,
        "confirmations_final": terms.confirmations_final,
        "day_at": new.day_at,
    }
    insert_row(connection, shop_order, row | _changing(order))


def save(
    connection: sa.Connection,
    order: Order,
    before: Order | None = None,
    token: KeptToken | None = None,
) -> None:
    """Write what can change of an order.

    Args:
        connection: the transaction.
        order: as it is to be.
        before: as it stands, where that is known: then only the difference is written.
        token: what the order's token is to be, where it changes.
    """
    changed = _changing(order)
    if before is not None:
        stood = _changing(before)
        changed = {name: value for name, value in changed.items() if value != stood[name]}
    if token is not None:
        changed |= {"token_hash": token.token_hash, "token": token.sealed}
    if changed:
        change_rows(connection, shop_order, {"order_id": order.order_id}, changed)


def find(connection: sa.Connection, order_id: OrderId, *, to_change: bool = False) -> Order | None:
    """Return an order; ``to_change`` keeps other writers from it until the commit."""
    return _one(connection, "order_id", order_id, to_change=to_change)


def day_of(connection: sa.Connection, order_id: OrderId) -> int:
    """Return the day on which an order was opened, in seconds since 1970."""
    day_at = _COLUMNS["day_at"].scalar(connection, {"wanted": order_id})
    assert day_at is not None, "an order has its day"
    return day_at


def find_by_reference(connection: sa.Connection, reference: PaymentReference) -> Order | None:
    """Return the order that a method knows by this reference, to be changed."""
    return _one(connection, "reference", reference, to_change=True)


def find_by_token(
    connection: sa.Connection, token_hash: bytes, *, to_change: bool = False
) -> Order | None:
    """Return the order that this token activates."""
    return _one(connection, "token_hash", token_hash, to_change=to_change)


def find_by_comeback(
    connection: sa.Connection, comeback_hash: bytes, *, to_change: bool = False
) -> Order | None:
    """Return a guest's order."""
    return _one(connection, "comeback_hash", comeback_hash, to_change=to_change)


def of_buyer(connection: sa.Connection, buyer: Buyer) -> list[Order]:
    """Return a buyer's orders, newest day first."""
    wanted = sa.select(shop_order).where(shop_order.c.buyer == buyer)
    wanted = wanted.order_by(shop_order.c.day_at.desc(), shop_order.c.order_id)
    return [_order(row) for row in connection.execute(wanted)]


def find_by_handle(connection: sa.Connection, handle: OrderHandle) -> Order | None:
    """Return the order that administrators know by this handle, to be changed."""
    return _one(connection, "handle", handle, to_change=True)


def page(
    connection: sa.Connection,
    after: OrderHandle,
    count: int,
    decided: OrderState | None,
    *,
    appealed: bool,
) -> list[KeptOrder]:
    """Return orders in the order of their handles, which is no order at all."""
    wanted = sa.select(shop_order).where(shop_order.c.handle > after)
    if decided is not None:
        wanted = wanted.where(shop_order.c.decided == decided)
    if appealed:
        wanted = wanted.where(shop_order.c.appeal != "")
    wanted = wanted.order_by(shop_order.c.handle).limit(count)
    return [
        KeptOrder(_order(row), row.handle, row.comeback_hash, row.day_at)
        for row in connection.execute(wanted)
    ]


def standing_of_buyer(connection: sa.Connection, buyer: Buyer, day_at: int) -> tuple[int, int]:
    """Return how many orders of a buyer are open, and what was ordered that day in cents."""
    mine = shop_order.c.buyer == buyer
    is_open = sa.and_(shop_order.c.state.in_(_UNPAID), shop_order.c.decided.is_(None))
    counted = sa.select(sa.func.count()).select_from(shop_order).where(mine, is_open)
    dead = (OrderState.REJECTED, OrderState.CANCELLED, OrderState.REFUNDED)
    asked = sa.select(sa.func.coalesce(sa.func.sum(shop_order.c.price_cents), 0)).where(
        mine,
        shop_order.c.day_at == day_at,
        shop_order.c.state != OrderState.EXPIRED,
        sa.or_(shop_order.c.decided.is_(None), shop_order.c.decided.not_in(dead)),
    )
    return connection.execute(counted).scalar_one(), int(connection.execute(asked).scalar_one())


def due_ids(connection: sa.Connection, now_seconds: int, count: int) -> list[OrderId]:
    """Return orders that time alone may move: price locks that ended, waits that are over."""
    lock_ended = sa.and_(shop_order.c.state.in_(_UNPAID), shop_order.c.expires_at <= now_seconds)
    is_over = sa.and_(
        shop_order.c.state == OrderState.SETTLED, shop_order.c.final_at <= now_seconds
    )
    unvalued = sa.select(payment.c.order_id).where(payment.c.value_cents.is_(None))
    # The time of a price lock that ended a day ago decides nothing: only its day is kept.
    is_sharp = sa.and_(
        shop_order.c.expires_at <= now_seconds - _SECONDS_PER_DAY,
        shop_order.c.expires_at % _SECONDS_PER_DAY != 0,
    )
    wanted = (
        sa.select(shop_order.c.order_id)
        .where(sa.or_(lock_ended, is_over, is_sharp, shop_order.c.order_id.in_(unvalued)))
        .order_by(shop_order.c.order_id)
        .limit(count)
    )
    return list(connection.execute(wanted).scalars())


def ids_in_force(connection: sa.Connection, policy_version: int, count: int) -> list[OrderId]:
    """Return open or held orders that an older policy version decided on."""
    wanted = (
        sa.select(shop_order.c.order_id)
        .where(
            shop_order.c.policy_version < policy_version,
            sa.or_(shop_order.c.decided.is_(None), shop_order.c.decided == OrderState.HELD),
            shop_order.c.state.not_in((OrderState.FINAL, OrderState.EXPIRED)),
        )
        .order_by(shop_order.c.order_id)
        .limit(count)
    )
    return list(connection.execute(wanted).scalars())


def set_policy_version(connection: sa.Connection, order_id: OrderId, version: int) -> None:
    """Remember by which rules an order stands."""
    _set(connection, order_id, {"policy_version": version})


def instruction(connection: sa.Connection, order_id: OrderId) -> bytes | None:
    """Return an order's sealed instruction."""
    return _COLUMNS["instruction"].scalar(connection, {"wanted": order_id})


def set_instruction(connection: sa.Connection, order_id: OrderId, sealed: bytes) -> None:
    """Keep an order's sealed instruction."""
    _set(connection, order_id, {"instruction": sealed})


def token(connection: sa.Connection, order_id: OrderId) -> bytes | None:
    """Return an order's sealed token."""
    return _COLUMNS["token"].scalar(connection, {"wanted": order_id})


def forget_buyer(connection: sa.Connection, buyer: Buyer) -> None:
    """Let a buyer's orders be nobody's."""
    mine = shop_order.c.buyer == buyer
    connection.execute(shop_order.update().where(mine).values(buyer=None))


def rows_of(connection: sa.Connection, order: Order) -> list[tuple[str, dict[str, Any]]]:
    """Return every row that belongs to an order, with its table's name, for its own buyer."""
    found: list[tuple[str, dict[str, Any]]] = []
    for table in shop_order.metadata.sorted_tables:
        if "order_id" in table.c:
            own = table.c.order_id == order.order_id
        elif table is issued_address:
            own = table.c.reference == order.reference
        else:
            continue
        rows = connection.execute(sa.select(table).where(own)).mappings()
        found += [(table.name, {str(name): row[name] for name in row}) for row in rows]
    return found


def payments(connection: sa.Connection, order_id: OrderId) -> list[PaymentRow]:
    """Return an order's payments."""
    return [_payment(found) for found in _PAYMENTS.all(connection, {"wanted": order_id})]


def save_payment(connection: sa.Connection, order_id: OrderId, kept: PaymentRow) -> None:
    """Write a payment, new or changed."""
    one = kept.payment
    values = {
        "payment_ref": kept.payment_ref,
        "order_id": order_id,
        "rank": one.rank,
        "kind": one.kind,
        "amount": one.amount,
        "confirmations": one.confirmations,
        "confirmations_deepest": one.confirmations_deepest,
        "lateness": one.lateness,
        "value_cents": one.value_cents,
        "booked": kept.booked,
        "booked_cents": kept.booked_cents,
        "postings": kept.postings,
    }
    insert_or_replace(connection, payment, values, key=["payment_ref"])


def is_first_telling(connection: sa.Connection, fact_hash: bytes, order_id: OrderId) -> bool:
    """Remember a fact; say whether it is new."""
    return insert_if_absent(
        connection, payment_fact, {"fact_hash": fact_hash, "order_id": order_id}
    )


def sweep(connection: sa.Connection, tables: Iterable[sa.Table]) -> int:
    """Delete rows whose order was erased; return how many."""
    kept = sa.select(shop_order.c.order_id)
    return sum(
        connection.execute(table.delete().where(table.c.order_id.not_in(kept))).rowcount
        for table in tables
    )


def _one(connection: sa.Connection, name: str, value: bytes, *, to_change: bool) -> Order | None:
    found = _FINDERS[name, to_change].first(connection, {"wanted": value})
    return None if found is None else _order(found)


def _set(connection: sa.Connection, order_id: OrderId, values: Mapping[str, object]) -> None:
    change_rows(connection, shop_order, {"order_id": order_id}, values)


def _changing(order: Order) -> dict[str, object]:
    """Return what can change of an order, as columns."""
    return {
        "due": order.terms.due,
        "rate_id": order.rate_id,
        "state": order.state,
        "flags": int(order.flags),
        "decided": order.decided,
        "reason": order.reason,
        "appeal": order.appeal,
        "expires_at": order.terms.expires_at,
        "final_at": order.final_at,
        "token_state": order.token_state,
        "standing": order.standing,
        "standing_number": order.standing_number,
        "ends_at": order.ends_at,
    }


def _order(found: Any) -> Order:
    return Order(
        order_id=found.order_id,
        buyer=found.buyer,
        country=found.country,
        sku=found.sku,
        product=Product(found.product),
        term_days=found.term_days,
        method=MethodName(found.method),
        currency=Currency(found.currency),
        reference=found.reference,
        rate_id=found.rate_id,
        terms=Terms(
            found.price_cents,
            found.due,
            found.expires_at,
            found.confirmations_needed,
            found.confirmations_final,
        ),
        state=OrderState(found.state),
        flags=Flag(found.flags),
        decided=None if found.decided is None else OrderState(found.decided),
        reason=found.reason,
        appeal=found.appeal,
        policy_version=found.policy_version,
        catalogue_version=found.catalogue_version,
        token_state=TokenState(found.token_state),
        standing=Standing(found.standing),
        standing_number=found.standing_number,
        final_at=found.final_at,
        ends_at=found.ends_at,
    )


def _payment(found: Any) -> PaymentRow:
    return PaymentRow(
        found.payment_ref,
        Payment(
            found.rank,
            PaymentEventKind(found.kind),
            found.amount,
            found.confirmations,
            found.confirmations_deepest,
            Lateness(found.lateness),
            found.value_cents,
        ),
        found.booked,
        found.booked_cents,
        found.postings,
    )
