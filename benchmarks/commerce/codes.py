"""Measures codes: renewed, and spent on orders, each with one forced write or a share of one.

``python -m benchmarks.commerce.codes [count]`` prints what ``benchmarks.commerce.run`` reports.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.commerce.measuring import CALLERS, REPETITIONS, Row, measured
from benchmarks.commerce.plain import plain_on_postgres, plain_on_sqlite
from benchmarks.commerce.shop import MeasuredShop, shop_on_postgres, shop_on_sqlcipher
from enigm.domains.commerce.model.codes import RequestName

SPENT = "spent on an order"
RENEWED = "renewed"
Deeds = list[Callable[[], object]]


def spendings(shop: MeasuredShop, count: int) -> Deeds:
    """Return payments of orders by code: each makes its order final and issues its token."""
    pay = shop.commerce.codes.pay

    def spending(code: str) -> Callable[[], object]:
        order = shop.order()
        return lambda: pay(order, code, order.buyer)

    return [spending(code) for code in shop.codes(count)]


def renewals(shop: MeasuredShop, count: int) -> Deeds:
    """Return exchanges of a code for a fresh one of the same worth."""
    exchange = shop.commerce.codes.exchange

    def renewal(code: str) -> Callable[[], object]:
        wanted, name = [shop.wanted()], RequestName(shop.random_bytes(16))
        return lambda: exchange(code, name, wanted, name)

    return [renewal(code) for code in shop.codes(count)]


def rows(
    engine: str, shop: MeasuredShop, redeem: Callable[[], object], count: int
) -> Iterator[Row]:
    """Measure the comparison, and ours with as many callers at once."""
    yield Row(engine, "bare transaction, by the driver", measured(lambda: [redeem] * count, 1))
    for what, made in ((SPENT, spendings), (RENEWED, renewals)):
        for callers in CALLERS:
            yield Row(engine, what, measured(lambda made=made: made(shop, count), callers))
    assert shop.commerce.books.check().is_healthy
    spent = sum(key.redeemed for key in shop.commerce.mint.totals().keys)
    assert spent == 2 * len(CALLERS) * REPETITIONS * count


def embedded(count: int) -> Iterator[Row]:
    """Measure on SQLCipher; the comparison is plain SQLite."""
    with (
        tempfile.TemporaryDirectory() as folder,
        shop_on_sqlcipher(Path(folder)) as shop,
        plain_on_sqlite(Path(folder)) as redeem,
    ):
        yield from rows("SQLCipher", shop, redeem, count)


def networked(count: int) -> Iterator[Row]:
    """Measure on PostgreSQL."""
    with shop_on_postgres() as (shop, plain), plain_on_postgres(plain) as redeem:
        yield from rows("PostgreSQL", shop, redeem, count)


if __name__ == "__main__":
    chosen = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for row in (*embedded(chosen), *networked(chosen)):
        print(row.line())
