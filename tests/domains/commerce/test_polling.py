"""What methods tell takes effect once, with the cursor, whoever reads and whatever fails."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.actions.polling import AnotherWasQuickerError
from enigm.domains.commerce.model import Currency, MethodName, PaymentEventKind
from enigm.domains.commerce.model.ledger import LedgerAccount
from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.commerce.store.tables import method_cursor, payment_fact
from enigm.foundation.errors import UnavailableError
from tests.support.shop import Shop

CONFIRMED = PaymentEventKind.CONFIRMED
MONERO = MethodName.MONERO


@pytest.mark.requirement("PAY-14")
def test_an_event_that_is_told_again_and_again_counts_once(shop: Shop) -> None:
    opened, method, polling = shop.order(), shop.methods[MONERO], shop.commerce.polling
    method.tell(shop.reference(opened), CONFIRMED, opened.view.due, 1)
    method.told *= 3
    assert polling.poll(MONERO, method) == 1
    assert polling.poll(MONERO, method) == 0
    with shop.database.begin() as connection:
        connection.execute(method_cursor.delete())
    assert polling.poll(MONERO, method) == 0, "a method that begins anew tells nothing new"
    assert shop.commerce.books.balance(LedgerAccount.MONERO, Currency.XMR) == opened.view.due


@pytest.mark.requirement("PAY-14")
def test_of_two_processes_that_read_the_same_one_takes_effect(shop: Shop) -> None:
    opened, method, polling = shop.order(), shop.methods[MONERO], shop.commerce.polling
    method.tell(shop.reference(opened), CONFIRMED, opened.view.due, 1)
    honest = method.poll

    def slow(cursor: str):
        told = honest(cursor)
        method.poll = honest  # type: ignore[method-assign]
        # While this process reads, another reads the same and is done first.
        assert polling.poll(MONERO, method) == 1
        return told

    method.poll = slow  # type: ignore[method-assign]
    with pytest.raises(AnotherWasQuickerError):
        polling.poll(MONERO, method)
    with shop.database.read() as connection:
        assert len(connection.execute(sa.select(payment_fact)).all()) == 1
    assert shop.view(opened).state is OrderState.SETTLED
    assert shop.commerce.books.check().is_healthy


def test_a_method_that_fails_keeps_no_other_from_being_read(shop: Shop) -> None:
    opened = shop.order(method=MethodName.BITCOIN)
    shop.methods[MethodName.BITCOIN].tell(shop.reference(opened), CONFIRMED, opened.view.due, 1)

    def fails(cursor: str):
        raise UnavailableError("commerce.down", "The wallet does not answer.")

    shop.methods[MONERO].poll = fails  # type: ignore[method-assign]
    shop.commerce.polling.run_if_due()
    assert shop.view(opened).state is OrderState.SETTLED


def test_money_in_another_currency_than_the_orders_is_a_mistake_that_changes_nothing(
    one_shop: Shop,
) -> None:
    opened = one_shop.order(method=MethodName.CARD)
    reference = one_shop.reference(opened)
    one_shop.methods[MONERO].tell(reference, CONFIRMED, 5, 1)
    with pytest.raises(RuntimeError, match="XMR"):
        one_shop.commerce.polling.poll_methods()
    assert one_shop.view(opened).state is OrderState.NEW
    with one_shop.database.read() as connection:
        assert connection.execute(sa.select(method_cursor)).all() == []


def test_a_cursor_is_kept_sealed(one_shop: Shop) -> None:
    opened = one_shop.order()
    one_shop.pay(opened)
    with one_shop.database.read() as connection:
        mine = sa.select(method_cursor.c.cursor).where(method_cursor.c.method == MONERO)
        sealed = connection.execute(mine).scalar_one()
    assert len(sealed) > 28
    assert not sealed.isdigit()
