"""The books: transactions that are sealed once they balance, and never change again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from enigm.domains.commerce.model import Currency
from enigm.domains.commerce.model.ledger import Booked, Entry, LedgerAccount
from enigm.domains.commerce.store.tables import ledger_entry, ledger_reference, ledger_txn
from enigm.foundation.database import insert_if_absent
from enigm.foundation.statements import Prepared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from enigm.domains.commerce.model.orders import OrderId

# OR FAIL: SQLite need not be able to undo a statement that one of its triggers or checks refuses,
# for which it would copy each page it changes. Whoever is refused undoes the whole transaction.
_OR_FAIL: Final = "OR FAIL"
_BEGIN: Final = {
    name: Prepared(
        insert(ledger_txn).prefix_with(_OR_FAIL, dialect="sqlite").on_conflict_do_nothing().inline()
    )
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_SEAL: Final = Prepared(
    ledger_txn.update()
    .prefix_with(_OR_FAIL, dialect="sqlite")
    .where(ledger_txn.c.txn_id == sa.bindparam("wanted"))
    .values(sealed=1)
)
_REFERENCE: Final = Prepared(
    sa.select(ledger_reference.c.reference).where(
        ledger_reference.c.order_id == sa.bindparam("wanted")
    )
)


def add_transaction(connection: sa.Connection, key_hash: bytes, booked: Booked) -> bool:
    """Write and seal a transaction unless it is there; the database itself refuses imbalance."""
    head = {
        "txn_id": booked.txn_id,
        "idempotency_key": key_hash,
        "kind": booked.kind,
        "day": booked.day,
        "reference": booked.reference,
        "sealed": 0,
    }
    if _BEGIN[connection.dialect.name].run(connection, head) != 1:
        return False
    _enter(connection, booked)
    _SEAL.run(connection, {"wanted": booked.txn_id})
    return True


def _enter(connection: sa.Connection, booked: Booked) -> None:
    values: dict[str, object] = {"txn_id": booked.txn_id}
    for line, entry in enumerate(booked.entries):
        values[f"account_{line}"] = entry.account
        values[f"amount_{line}"] = entry.amount
        values[f"currency_{line}"] = entry.currency
    _entering(len(booked.entries)).run(connection, values)


@lru_cache
def _entering(lines: int) -> Prepared:
    """Return what enters so many lines at once."""
    rows: list[dict[str, Any]] = [
        {
            "txn_id": sa.bindparam("txn_id"),
            "line": line,
            "account": sa.bindparam(f"account_{line}"),
            "amount": sa.bindparam(f"amount_{line}"),
            "currency": sa.bindparam(f"currency_{line}"),
        }
        for line in range(lines)
    ]
    return Prepared(ledger_entry.insert().prefix_with(_OR_FAIL, dialect="sqlite").values(rows))


def transactions(connection: sa.Connection) -> Iterator[Booked]:
    """Yield the books, day by day."""
    wanted = (
        sa.select(ledger_txn, ledger_entry)
        .join(ledger_entry, ledger_entry.c.txn_id == ledger_txn.c.txn_id)
        .order_by(ledger_txn.c.day, ledger_txn.c.txn_id, ledger_entry.c.line)
    )
    gathered: list[sa.Row[tuple[object, ...]]] = []
    for row in connection.execute(wanted):
        if gathered and gathered[0].txn_id != row.txn_id:
            yield _booked(gathered)
            gathered = []
        gathered.append(row)
    if gathered:
        yield _booked(gathered)


def _booked(rows: Sequence[sa.Row[tuple[object, ...]]]) -> Booked:
    first = rows[0]
    entries = tuple(
        Entry(LedgerAccount(row.account), row.amount, Currency(row.currency)) for row in rows
    )
    return Booked(first.txn_id, first.day, first.kind, first.reference, entries)


def unsealed(connection: sa.Connection) -> int:
    """Return how many transactions were begun and never sealed: always none."""
    wanted = sa.select(sa.func.count()).select_from(ledger_txn).where(ledger_txn.c.sealed == 0)
    return connection.execute(wanted).scalar_one()


def balance(connection: sa.Connection, account: LedgerAccount, currency: Currency) -> int:
    """Return the sum of an account's entries in a currency."""
    wanted = sa.select(sa.func.coalesce(sa.func.sum(ledger_entry.c.amount), 0)).where(
        ledger_entry.c.account == account, ledger_entry.c.currency == currency
    )
    return int(connection.execute(wanted).scalar_one())


def balance_of(connection: sa.Connection, account: LedgerAccount, reference: bytes) -> int:
    """Return what one order has moved of an account, in cents."""
    wanted = (
        sa.select(sa.func.coalesce(sa.func.sum(ledger_entry.c.amount), 0))
        .join(ledger_txn, ledger_txn.c.txn_id == ledger_entry.c.txn_id)
        .where(
            ledger_txn.c.reference == reference,
            ledger_entry.c.account == account,
            ledger_entry.c.currency == Currency.EUR,
        )
    )
    return int(connection.execute(wanted).scalar_one())


def sums(connection: sa.Connection) -> dict[Currency, int]:
    """Return the sum of all entries per currency: 0 in each."""
    wanted = sa.select(ledger_entry.c.currency, sa.func.sum(ledger_entry.c.amount)).group_by(
        ledger_entry.c.currency
    )
    return {Currency(currency): int(total) for currency, total in connection.execute(wanted)}


def reference_of(connection: sa.Connection, order_id: OrderId, fresh: bytes, ends_at: int) -> bytes:
    """Return an order's random name in the books, giving it one where it has none."""
    row = {"order_id": order_id, "reference": fresh, "ends_at": ends_at}
    if insert_if_absent(connection, ledger_reference, row):
        return fresh
    known = _REFERENCE.scalar(connection, {"wanted": order_id})
    assert known is not None, "where none could be given there is one"
    return known
