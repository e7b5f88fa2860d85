"""Measures the books: sealed transactions a second.

``python -m benchmarks.commerce.ledger [count]`` prints what ``benchmarks.commerce.run`` reports.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from benchmarks.commerce.measuring import CALLERS, Row, measured
from benchmarks.commerce.shop import MeasuredShop, shop_on_postgres, shop_on_sqlcipher
from enigm.domains.commerce.model import Currency, MethodName
from enigm.domains.commerce.model.ledger import Posting
from enigm.domains.commerce.rules.ledger import received

# A payment in coins: four entries in two currencies.
ENTRIES = received(MethodName.MONERO, Currency.XMR, 120_000_000_000, 18_00)
SEALED = "sealed transaction of the books"
_numbers = itertools.count()


def postings(shop: MeasuredShop, count: int) -> list[Callable[[], object]]:
    """Return bookings of payments, each a deed of its own."""
    books, together = shop.commerce.books, shop.database.together

    def booking(posting: Posting) -> Callable[[], object]:
        return lambda: together(lambda connection: books.post(connection, posting))

    return [booking(each) for each in _postings(count)]


def rows(engine: str, shop: MeasuredShop, count: int) -> Iterator[Row]:
    """Measure with as many callers at once, and all in one commit."""
    for callers in CALLERS:
        yield Row(engine, SEALED, measured(lambda: postings(shop, count), callers))

    def in_one_commit() -> list[Callable[[], object]]:
        each = _postings(count)
        return [lambda: shop.database.together(lambda connection: _post(shop, connection, each))]

    figure = measured(in_one_commit, 1)
    yield Row(engine, "the same, all in one commit", figure.times(count))
    assert shop.commerce.books.check().is_healthy


def embedded(count: int) -> Iterator[Row]:
    """Measure on SQLCipher."""
    with tempfile.TemporaryDirectory() as folder, shop_on_sqlcipher(Path(folder)) as shop:
        yield from rows("SQLCipher", shop, count)


def networked(count: int) -> Iterator[Row]:
    """Measure on PostgreSQL."""
    with shop_on_postgres() as (shop, _):
        yield from rows("PostgreSQL", shop, count)


def _post(shop: MeasuredShop, connection: sa.Connection, each: list[Posting]) -> None:
    for posting in each:
        shop.commerce.books.post(connection, posting)


def _postings(count: int) -> list[Posting]:
    numbers = itertools.islice(_numbers, count)
    return [
        Posting(f"payment {number}", "payment", ENTRIES, number.to_bytes(16, "big"))
        for number in numbers
    ]


if __name__ == "__main__":
    chosen = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for row in (*embedded(chosen), *networked(chosen)):
        print(row.line())
