"""A flood of guests is bounded for each way to pay, told when to come back, and stops no buyer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import pytest

from enigm.domains.commerce.errors import (
    GuestOrdersFullError,
    GuestWorkNeededError,
    PurchaseRejectedError,
)
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.orders import Buyer, OrderState
from enigm.foundation.errors import Category, UnverifiableError
from tests.support.shop import open_shop

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from tests.support.databases import OpenDatabase
    from tests.support.shop import Shop

pytestmark = pytest.mark.requirement("PAY-02", "PAY-09")

T = TypeVar("T")
ADA = Buyer(b"ada" + bytes(29))
CARD, MONERO = MethodName.CARD, MethodName.MONERO
FEW = {
    "commerce.free_guest_orders": 2,
    "commerce.open_guest_orders": 4,
    "commerce.guest_orders": 6,
}


class Work:
    """Work that holds, and how often it was shown."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.shown = 0
        self._failure = failure

    def spend(self) -> None:
        self.shown += 1
        if self._failure is not None:
            raise self._failure


@pytest.fixture
def few(open_database: OpenDatabase) -> Shop:
    return open_shop(open_database("commerce"), limits=FEW)


@pytest.fixture
def one_few(open_sqlcipher_database: OpenDatabase) -> Shop:
    return open_shop(open_sqlcipher_database("commerce"), limits=FEW)


def guest(shop: Shop, work: Work | None = None, method: MethodName = MONERO):
    return shop.commerce.ordering.open_order(None, "app-3m", "DE", method, work)


def test_beyond_a_few_each_guests_order_costs_work_and_then_there_is_no_room(few: Shop) -> None:
    guest(few)
    guest(few)
    with pytest.raises(GuestWorkNeededError) as asked:
        guest(few)
    assert asked.value.category is Category.EXHAUSTED
    assert asked.value.retry_after_seconds == 1800
    assert "30 minutes" in asked.value.detail
    works = [Work(), Work(), Work()]
    guest(few, works[0])
    guest(few, works[1])
    with pytest.raises(GuestOrdersFullError) as full:
        guest(few, works[2])
    assert (full.value.code, full.value.category) == (
        "commerce.guest_orders_full",
        Category.EXHAUSTED,
    )
    assert full.value.retry_after_seconds == 900, "when the first price lock ends"
    assert "15 minutes" in full.value.detail
    assert [work.shown for work in works] == [1, 1, 0], "no work is taken where there is no room"


def test_no_guest_stops_a_buyer_or_another_way_to_pay(few: Shop) -> None:
    for _ in range(4):
        guest(few, Work())
    with pytest.raises(GuestOrdersFullError):
        guest(few, Work())
    for method in MethodName:
        opened = few.order(method=method, buyer=ADA)
        assert opened.view.state is OrderState.NEW
    assert guest(few, method=CARD).view.state is OrderState.NEW


def test_who_pays_makes_room_and_so_does_time_until_the_hour_is_spent(few: Shop) -> None:
    opened = [guest(few, Work()) for _ in range(4)]
    few.pay(opened[0])
    guest(few, Work())
    with pytest.raises(GuestOrdersFullError):
        guest(few, Work())
    few.clock.advance(900)
    few.commerce.rates.refresh()
    # Six an hour: five were opened, and a quarter of an hour brought one and a half.
    guest(few, Work())
    guest(few, Work())
    with pytest.raises(GuestOrdersFullError) as full:
        guest(few, Work())
    assert full.value.retry_after_seconds == 300
    few.clock.advance(300)
    guest(few, Work())


def test_another_process_counts_what_is_open_too(few: Shop) -> None:
    for _ in range(4):
        guest(few, Work())
    beside = open_shop(few.database, few.clock, methods=few.methods, limits=FEW)
    with pytest.raises(GuestOrdersFullError):
        guest(beside)


def test_work_that_does_not_hold_opens_nothing(one_few: Shop) -> None:
    wrong = UnverifiableError("accounts.proof_refused", "The proof of work does not hold.")
    with pytest.raises(UnverifiableError):
        guest(one_few, Work(wrong))
    assert not one_few.methods[MONERO].opened


def test_what_a_rule_refuses_takes_no_room(one_few: Shop) -> None:
    for _ in range(5):
        with pytest.raises(PurchaseRejectedError):
            one_few.commerce.ordering.open_order(None, "app-3m", "XX", MONERO, Work())
    for _ in range(4):
        guest(one_few, Work())


def test_held_orders_of_guests_take_room_as_well(one_few: Shop) -> None:
    for _ in range(4):
        opened = one_few.commerce.ordering.open_order(None, "app-3m", "RU", MONERO, Work())
        assert opened.view.state is OrderState.HELD
    with pytest.raises(GuestOrdersFullError):
        guest(one_few, Work())


def test_an_order_that_is_written_anew_beside_another_that_failed_is_counted_once(
    one_few: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``Database.together`` may: what a deed takes besides the store, it takes once."""
    database = one_few.database

    def twice(deed: Callable[[sa.Connection], T]) -> T:
        with suppress(LookupError), database.begin() as connection:
            deed(connection)
            raise LookupError
        with database.begin() as connection:
            return deed(connection)

    monkeypatch.setattr(database, "together", twice)
    orders = [guest(one_few, Work()) for _ in range(FEW["commerce.open_guest_orders"])]
    assert [order.view.state for order in orders] == [OrderState.NEW] * len(orders)
