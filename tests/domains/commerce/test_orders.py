"""An order's life: asked for, paid, settled, final, and what goes wrong on the way."""

from __future__ import annotations

import pytest

from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.domains.commerce.model.orders import Buyer, OrderState
from enigm.domains.commerce.store import DESIGN
from tests.support.databases import OpenDatabase
from tests.support.migrations import assert_migrations_make
from tests.support.shop import Shop, open_shop

ADA = Buyer(b"ada" + bytes(29))
BEN = Buyer(b"ben" + bytes(29))


@pytest.fixture
def shop(open_database: OpenDatabase) -> Shop:
    return open_shop(open_database("commerce"))


def test_the_migrations_make_the_tables(open_database: OpenDatabase) -> None:
    assert_migrations_make(open_database("commerce"), DESIGN.metadata, DESIGN.versions)


@pytest.mark.requirement("PAY-01")
@pytest.mark.parametrize("method", list(MethodName))
def test_an_order_is_paid_settles_and_is_final(shop: Shop, method: MethodName) -> None:
    opened = shop.order(method=method)
    assert opened.view.state is OrderState.NEW
    assert opened.view.instruction is not None
    shop.tell(opened, PaymentEventKind.SEEN)
    seen = shop.view(opened)
    assert seen.state is OrderState.SEEN
    assert seen.token is None
    shop.tell(opened, PaymentEventKind.CONFIRMED, 1)
    settled = shop.view(opened)
    final = method is MethodName.CODE
    assert settled.state is (OrderState.FINAL if final else OrderState.SETTLED)
    assert settled.token is not None
    shop.tell(opened, PaymentEventKind.CONFIRMED, 25)
    shop.clock.advance(32 * 86_400)
    shop.hear()
    assert shop.view(opened).state is OrderState.FINAL
    assert shop.commerce.books.check().is_healthy
