"""A buyer sees each value that is kept of an order, and each is gone when it was said to go."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.actions.address_book import IssuedAddresses
from enigm.domains.commerce.errors import OrderUnknownError
from enigm.domains.commerce.model import IssuedAddress, MethodName, PaymentEventKind
from enigm.domains.commerce.model.orders import Buyer, BuyersOrder, OrderState
from enigm.domains.commerce.store import DESIGN
from enigm.domains.commerce.store.tables import (
    issued_address,
    ledger_entry,
    ledger_reference,
    ledger_txn,
    metadata,
    payment,
    payment_fact,
    refund,
    shop_order,
)
from enigm.foundation.retention import RetentionJob
from tests.support.shop import Shop

ADA = Buyer(b"ada" + bytes(29))
DAY = 86_400
OF_AN_ORDER = (shop_order, payment, payment_fact, issued_address, refund, ledger_reference)


def forget(shop: Shop) -> None:
    RetentionJob([(shop.database, DESIGN.metadata)], shop.clock).run()
    shop.commerce.polling.sweep()


def rows(shop: Shop, *tables: sa.Table) -> int:
    with shop.database.read() as connection:
        return sum(len(connection.execute(sa.select(table)).all()) for table in tables)


@pytest.mark.requirement("PAY-10", "PRV-01")
def test_a_buyer_sees_every_value_of_their_order_with_its_purpose_and_its_end(shop: Shop) -> None:
    opened = shop.order(buyer=ADA)
    addresses = IssuedAddresses(shop.commerce.premises)
    reference = shop.reference(opened)
    addresses.remember(IssuedAddress(MethodName.MONERO, reference, "0/1", "4Address", 0, 1))
    shop.pay(opened)
    held = shop.commerce.holding.what_we_hold(BuyersOrder(ADA, opened.order_id))
    expected = {
        f"{table.name}.{column.name}"
        for table in (shop_order, payment, payment_fact, issued_address, ledger_reference)
        for column in table.columns
    }
    assert {value.place for value in held} == expected
    assert all(value.purpose and value.goes and value.goes_at for value in held)
    by_place = {value.place: value for value in held}
    assert by_place["shop_order.country"].value == "DE"
    assert by_place["shop_order.buyer"].value == "kept, sealed or as a hash"
    assert by_place["shop_order.comeback_hash"].value == "nothing"
    # Final and not activated yet: what was paid for waits a year.
    assert (by_place["shop_order.country"].goes_at or 0) - shop.clock.now_seconds() > 365 * DAY
    with pytest.raises(OrderUnknownError):
        shop.commerce.holding.what_we_hold(BuyersOrder(Buyer(bytes(32)), opened.order_id))


@pytest.mark.requirement("PAY-10", "PRV-02")
def test_everything_of_an_order_is_gone_on_its_day_and_not_before(shop: Shop) -> None:
    opened = shop.order(buyer=ADA)
    shop.pay(opened)
    held = shop.commerce.holding.what_we_hold(BuyersOrder(ADA, opened.order_id))
    goes_at = {value.place: value.goes_at or 0 for value in held}
    last_day = goes_at["shop_order.order_id"]
    assert goes_at["payment.amount"] == last_day
    shop.clock.advance(last_day - shop.clock.now_seconds() - 1)
    forget(shop)
    assert rows(shop, shop_order, payment) == 2
    shop.clock.advance(1)
    forget(shop)
    assert rows(shop, *OF_AN_ORDER) == 0
    assert rows(shop, ledger_txn) == 2, "the books stay, and name nobody"
    assert shop.commerce.books.check().is_healthy


@pytest.mark.requirement("PAY-10")
def test_an_order_and_its_name_in_the_books_part_after_ninety_days(shop: Shop) -> None:
    shop.pay(shop.order())
    shop.clock.advance(91 * DAY)
    forget(shop)
    assert rows(shop, ledger_reference) == 0
    with shop.database.read() as connection:
        named = connection.execute(sa.select(ledger_txn.c.reference)).scalars().all()
        left = {
            value
            for table in metadata.sorted_tables
            if table not in (ledger_txn, ledger_entry)
            for row in connection.execute(sa.select(table))
            for value in row
            if isinstance(value, bytes)
        }
    assert not set(named) & left


@pytest.mark.requirement("PAY-10")
def test_each_kind_of_order_lives_as_long_as_its_purpose(shop: Shop) -> None:
    unpaid = shop.order()
    done = shop.order(method=MethodName.CODE)
    shop.tell(done, PaymentEventKind.CONFIRMED)
    unused = shop.order(method=MethodName.CODE)
    shop.tell(unused, PaymentEventKind.CONFIRMED)
    token = shop.view(done).token
    assert token is not None
    from enigm.domains.commerce.model.orders import Receiver

    shop.commerce.hand_over.claim(token, Receiver.ENTITLEMENT)
    shop.commerce.hand_over.taken(token)
    lives: dict[int, int] = {}
    for day in range(400):
        forget(shop)
        lives[day] = rows(shop, shop_order)
        shop.clock.advance(DAY)
    ends = [day for day in range(1, 400) if lives[day] < lives[day - 1]]
    assert [lives[0], lives[35], lives[399]] == [3, 1, 0]
    assert 30 <= ends[0] <= 32
    assert 365 <= ends[-1] <= 367
    assert unpaid.view.state is OrderState.NEW
    assert unused.view.state is OrderState.NEW


def test_an_address_is_given_out_once_and_its_number_is_remembered_for_ever(shop: Shop) -> None:
    addresses = IssuedAddresses(shop.commerce.premises)
    opened, other = shop.order(), shop.order()
    reference = shop.reference(opened)
    issued = IssuedAddress(MethodName.MONERO, reference, "0/7", "4First", 0, 7)
    assert addresses.remember(issued) == issued
    assert (
        addresses.remember(IssuedAddress(MethodName.MONERO, reference, "0/8", "4Second", 0, 8))
        == issued
    )
    assert addresses.find(MethodName.MONERO, reference) == issued
    assert addresses.owner(MethodName.MONERO, "0/7") == reference
    assert addresses.owner(MethodName.BITCOIN, "0/7") is None
    taken = IssuedAddress(MethodName.MONERO, shop.reference(other), "0/7", "4First", 0, 7)
    with pytest.raises(RuntimeError, match="given out"):
        addresses.remember(taken)
    shop.clock.advance(40 * DAY)
    forget(shop)
    assert addresses.find(MethodName.MONERO, reference) is None
    assert addresses.highest_number(MethodName.MONERO, 0) == 8
