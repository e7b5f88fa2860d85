"""What is remembered for payment methods: addresses given out, refunds, how far was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from enigm.domains.commerce.store.tables import (
    address_count,
    issued_address,
    method_cursor,
    refund,
)
from enigm.foundation.database import insert_if_absent
from enigm.foundation.statements import Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.domains.commerce.model import MethodName, PaymentReference
    from enigm.domains.commerce.model.orders import OrderId


_REFUND_END: Final = Prepared(
    sa.select(refund.c.ends_at).where(refund.c.order_id == sa.bindparam("wanted"))
)


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An address as it is kept: place and address sealed."""

    method: MethodName
    place_hash: bytes
    reference: PaymentReference
    place: bytes
    address: bytes
    account: int
    number: int


def address_of(
    connection: sa.Connection, method: MethodName, reference: PaymentReference
) -> AddressRow | None:
    """Return the address of a reference."""
    return _address(
        connection,
        sa.and_(issued_address.c.method == method, issued_address.c.reference == reference),
    )


def address_at(
    connection: sa.Connection, method: MethodName, place_hash: bytes
) -> AddressRow | None:
    """Return the address at a place of the wallet."""
    return _address(
        connection,
        sa.and_(issued_address.c.method == method, issued_address.c.place_hash == place_hash),
    )


def add_address(connection: sa.Connection, row: AddressRow) -> bool:
    """Keep an address unless its reference or place has one; raise the account's count."""
    values = {
        "method": row.method,
        "place_hash": row.place_hash,
        "reference": row.reference,
        "place": row.place,
        "address": row.address,
        "account": row.account,
        "number": row.number,
    }
    _raise_count(connection, row)
    return insert_if_absent(connection, issued_address, values)


def highest_number(connection: sa.Connection, method: MethodName, account: int) -> int | None:
    """Return the highest number ever given out."""
    wanted = sa.select(address_count.c.highest).where(
        address_count.c.method == method, address_count.c.account == account
    )
    return connection.execute(wanted).scalar()


def take_number(connection: sa.Connection, method: MethodName, account: int) -> int:
    """Raise an account's highest number by one and return it; the first is 0."""
    if insert_if_absent(
        connection, address_count, {"method": method, "account": account, "highest": 0}
    ):
        return 0
    raised = (
        address_count.update()
        .where(address_count.c.method == method, address_count.c.account == account)
        .values(highest=address_count.c.highest + 1)
        .returning(address_count.c.highest)
    )
    return connection.execute(raised).scalar_one()


def sweep_addresses(connection: sa.Connection, references: sa.Select[tuple[bytes]]) -> int:
    """Forget addresses whose order was erased."""
    gone = issued_address.c.reference.not_in(references)
    return connection.execute(issued_address.delete().where(gone)).rowcount


def cursor(connection: sa.Connection, method: MethodName) -> tuple[bytes, int] | None:
    """Return how far a method was read (sealed), and how often."""
    wanted = sa.select(method_cursor.c.cursor, method_cursor.c.polls).where(
        method_cursor.c.method == method
    )
    found = connection.execute(wanted).one_or_none()
    return None if found is None else (found.cursor, found.polls)


def move_cursor(connection: sa.Connection, method: MethodName, sealed: bytes, polls: int) -> bool:
    """Move on from reading number ``polls``; False where another process was quicker."""
    if polls == 0:
        row = {"method": method, "cursor": sealed, "polls": 1}
        return insert_if_absent(connection, method_cursor, row)
    moved = (
        method_cursor.update()
        .where(method_cursor.c.method == method, method_cursor.c.polls == polls)
        .values(cursor=sealed, polls=polls + 1)
    )
    return connection.execute(moved).rowcount == 1


def refund_row(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> sa.Row[Any] | None:
    """Return a refund, to be changed."""
    return connection.execute(sa.select(refund).where(condition).with_for_update()).one_or_none()


def refunded_order(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> OrderId | None:
    """Return which order a refund is of; nothing is taken to be changed."""
    return connection.execute(sa.select(refund.c.order_id).where(condition)).scalar_one_or_none()


def refund_ends_at(connection: sa.Connection, order_id: OrderId) -> int:
    """Return until when an order's refund lasts, 0 where it has none."""
    return _REFUND_END.scalar(connection, {"wanted": order_id}) or 0


def refunds_in(
    connection: sa.Connection, state: str, method: MethodName | None
) -> list[sa.Row[Any]]:
    """Return refunds that stand so, oldest first."""
    wanted = sa.select(refund).where(refund.c.state == state)
    if method is not None:
        wanted = wanted.where(refund.c.method == method)
    return list(connection.execute(wanted.order_by(refund.c.noted_at, refund.c.order_id)))


def add_refund(connection: sa.Connection, values: Mapping[str, object]) -> bool:
    """Keep a refund unless its order has one."""
    return insert_if_absent(connection, refund, values)


def set_refund(connection: sa.Connection, order_id: OrderId, values: Mapping[str, object]) -> None:
    """Change a refund."""
    connection.execute(refund.update().where(refund.c.order_id == order_id).values(**values))


def _address(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> AddressRow | None:
    row = connection.execute(sa.select(issued_address).where(condition)).one_or_none()
    if row is None:
        return None
    return AddressRow(
        row.method, row.place_hash, row.reference, row.place, row.address, row.account, row.number
    )


def _raise_count(connection: sa.Connection, row: AddressRow) -> None:
    first = {"method": row.method, "account": row.account, "highest": row.number}
    if insert_if_absent(connection, address_count, first):
        return
    connection.execute(
        address_count.update()
        .where(
            address_count.c.method == row.method,
            address_count.c.account == row.account,
            address_count.c.highest < row.number,
        )
        .values(highest=row.number)
    )
