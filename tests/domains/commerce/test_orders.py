"""An order's life: asked for, paid, settled, final, and what goes wrong on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enigm.domains.commerce.errors import (
    MethodUnavailableError,
    OfferUnknownError,
    OrderUnknownError,
)
from enigm.domains.commerce.model import Currency, MethodName, PaymentEventKind
from enigm.domains.commerce.model.ledger import LedgerAccount
from enigm.domains.commerce.model.orders import (
    Buyer,
    BuyersOrder,
    ComebackCode,
    Flag,
    GuestsOrder,
    OrderId,
    OrderState,
)
from enigm.domains.commerce.store import DESIGN
from enigm.domains.commerce.store.tables import shop_order
from tests.support.databases import OpenDatabase
from tests.support.migrations import assert_migrations_make
from tests.support.shop import Shop

SEEN, CONFIRMED = PaymentEventKind.SEEN, PaymentEventKind.CONFIRMED
REVERTED, CONFLICTED = PaymentEventKind.REVERTED, PaymentEventKind.CONFLICTED
ADA = Buyer(b"ada" + bytes(29))
BEN = Buyer(b"ben" + bytes(29))
DAY = 86_400


def test_the_migrations_make_the_tables(open_database: OpenDatabase) -> None:
    assert_migrations_make(open_database("commerce"), DESIGN.metadata, DESIGN.versions)


@pytest.mark.requirement("PAY-01")
@pytest.mark.parametrize("method", list(MethodName))
@pytest.mark.parametrize("sku", ["app-3m", "cmd-1y", "srv-1y", "os-1", "key-1", "sim-5"])
def test_every_product_is_paid_settles_and_is_final_by_every_method(
    one_shop: Shop, method: MethodName, sku: str
) -> None:
    one_shop.put_on_sale(sku)
    opened = one_shop.order(sku, method)
    assert opened.view.state is OrderState.NEW
    assert opened.view.instruction is not None
    one_shop.tell(opened, SEEN)
    assert one_shop.view(opened).state is OrderState.SEEN
    assert one_shop.view(opened).token is None
    one_shop.tell(opened, CONFIRMED, 10)
    code = method is MethodName.CODE
    assert one_shop.view(opened).state is (OrderState.FINAL if code else OrderState.SETTLED)
    assert one_shop.view(opened).token is not None
    one_shop.tell(opened, CONFIRMED, 25)
    one_shop.clock.advance(32 * DAY)
    one_shop.hear()
    assert one_shop.view(opened).state is OrderState.FINAL
    _assert_books(one_shop, sold=opened.view.price_cents)


def _assert_books(shop: Shop, *, sold: int) -> None:
    books = shop.commerce.books
    assert books.check().is_healthy
    sales = books.balance(LedgerAccount.SALES, Currency.EUR)
    assert -sales - books.balance(LedgerAccount.VAT, Currency.EUR) == sold
    assert books.balance(LedgerAccount.DEPOSITS, Currency.EUR) == 0


@pytest.mark.requirement("PAY-06")
def test_a_payment_taken_back_unsettles_the_order_and_its_books(shop: Shop) -> None:
    opened = shop.order()
    shop.tell(opened, CONFIRMED, 1)
    assert shop.view(opened).state is OrderState.SETTLED
    assert shop.commerce.books.balance(LedgerAccount.DEPOSITS, Currency.EUR) == -18_00
    shop.tell(opened, REVERTED)
    assert shop.view(opened).state is OrderState.SEEN
    assert shop.view(opened).token is None
    assert shop.commerce.books.balance(LedgerAccount.DEPOSITS, Currency.EUR) == 0
    shop.tell(opened, CONFLICTED)
    assert shop.view(opened).state is OrderState.NEW
    shop.tell(opened, CONFIRMED, 25)
    assert shop.view(opened).state is OrderState.FINAL
    _assert_books(shop, sold=18_00)


def test_the_timeline_says_in_plain_words_where_it_stands(shop: Shop) -> None:
    opened = shop.order("app-1y")  # 60 EUR at 150 EUR a coin
    assert opened.view.says == ("Waiting for 0.4 XMR.",)
    half = opened.view.due // 2
    shop.tell(opened, SEEN, amount=half, payment="one")
    assert shop.view(opened).says == ("Seen: 0.2 XMR.", "Needs 0.2 XMR more, to the same address.")
    shop.tell(opened, SEEN, amount=half, payment="two")
    assert shop.view(opened).says[-1] == "0 of 10 confirmations."
    shop.tell(opened, CONFIRMED, 7, amount=half, payment="one")
    shop.tell(opened, CONFIRMED, 3, amount=half, payment="two")
    assert shop.view(opened).says[-1] == "3 of 10 confirmations."
    shop.tell(opened, CONFIRMED, 12, amount=half, payment="one")
    shop.tell(opened, CONFIRMED, 10, amount=half, payment="two")
    assert shop.view(opened).says[-1].startswith("Settled")


def test_a_price_that_ran_out_expires_and_late_money_is_judged_at_spot(shop: Shop) -> None:
    opened, too_little = shop.order(), shop.order()
    shop.clock.advance(901)
    shop.hear()
    assert shop.view(opened).state is OrderState.EXPIRED
    for source in shop.rates:
        source.cents[Currency.XMR] = 148_00  # 98.7 % of the locked rate
    shop.pay(opened)
    view = shop.view(opened)
    assert (view.state, view.flags) == (OrderState.FINAL, Flag.LATE)
    for source in shop.rates:
        source.cents[Currency.XMR] = 140_00
    shop.pay(too_little)
    view = shop.view(too_little)
    assert (view.state, view.can_refund) == (OrderState.LATE, True)
    assert shop.commerce.books.balance(LedgerAccount.DEPOSITS, Currency.EUR) == -16_80


def test_late_money_that_no_rate_can_value_waits_for_one(shop: Shop) -> None:
    opened = shop.order()
    shop.clock.advance(3600)
    for source in shop.rates:
        source.told_at = shop.clock.now_seconds() - 601
    shop.pay(opened)
    assert shop.view(opened).state is OrderState.LATE
    assert shop.commerce.books.balance(LedgerAccount.MONERO, Currency.XMR) == 0
    for source in shop.rates:
        source.told_at = None
    shop.hear()
    assert shop.view(opened).state is OrderState.FINAL
    _assert_books(shop, sold=18_00)


def test_no_honest_rate_hides_the_coins_and_nothing_is_guessed(shop: Shop) -> None:
    assert set(shop.commerce.ordering.methods()) == set(MethodName)
    for source in shop.rates[1:]:
        source.told_at = shop.clock.now_seconds() - 601
    shop.commerce.rates.refresh()
    assert set(shop.commerce.ordering.methods()) == {MethodName.CARD, MethodName.CODE}
    with pytest.raises(MethodUnavailableError):
        shop.order()


def test_the_rate_and_who_said_so_stay_with_the_order(shop: Shop) -> None:
    opened = shop.order()
    with shop.database.read() as connection:
        found = connection.execute(
            sa.select(shop_order.c.rate_id).where(shop_order.c.order_id == opened.order_id)
        ).scalar_one()
    assert found == "XMR/EUR 15000 one+three+two"


def test_an_unknown_offer_is_refused(shop: Shop) -> None:
    with pytest.raises(OfferUnknownError):
        shop.order("nothing")


@pytest.mark.requirement("PAY-03", "CMD-04")
def test_an_order_is_shown_to_its_own_buyer_alone(shop: Shop) -> None:
    mine, ordering = shop.order(buyer=ADA), shop.commerce.ordering
    assert mine.comeback is None
    assert ordering.order(BuyersOrder(ADA, mine.order_id)) == mine.view
    assert [view.order_id for view in ordering.orders(ADA)] == [mine.order_id]
    assert ordering.orders(BEN) == []
    for own in (
        BuyersOrder(BEN, mine.order_id),
        BuyersOrder(ADA, OrderId(bytes(16))),
        GuestsOrder(ComebackCode("")),
        GuestsOrder(ComebackCode("AAAA-BBBB")),
    ):
        with pytest.raises(OrderUnknownError):
            ordering.order(own)


@pytest.mark.requirement("PAY-02")
def test_a_guest_comes_back_with_a_code_that_is_kept_as_a_hash_alone(shop: Shop) -> None:
    opened, ordering = shop.order(), shop.commerce.ordering
    assert opened.comeback is not None
    typed = opened.comeback.lower().replace("-", " ")
    assert ordering.order(GuestsOrder(ComebackCode(typed))).order_id == opened.order_id
    with pytest.raises(OrderUnknownError):
        ordering.order(BuyersOrder(ADA, opened.order_id))
    plain = opened.comeback.replace("-", "").encode()
    with shop.database.read() as connection:
        rows = connection.execute(sa.select(shop_order)).all()
    assert not any(plain in value for row in rows for value in row if isinstance(value, bytes))
    assert opened.comeback not in repr(opened)


@pytest.mark.requirement("PAY-02", "SIM-01")
def test_the_purchase_country_is_the_only_attribute_of_a_person_that_has_a_column() -> None:
    about_the_order = {
        "order_id", "handle", "sku", "product", "term_days", "catalogue_version",
        "policy_version", "price_cents", "method", "currency", "due", "rate_id", "reference",
        "instruction", "confirmations_needed", "confirmations_final", "state", "flags", "decided",
        "reason", "appeal", "day_at", "expires_at", "final_at", "token_hash", "token",
        "token_state", "standing", "standing_number", "ends_at",
    }  # fmt: skip
    pseudonyms = {"buyer", "comeback_hash"}
    assert {column.name for column in shop_order.columns} == about_the_order | pseudonyms | {
        "country"
    }
    elsewhere = {
        column.name
        for table in DESIGN.metadata.sorted_tables
        if table is not shop_order
        for column in table.columns
    }
    assert not elsewhere & {"buyer", "comeback_hash", "country"}


def test_a_lock_that_decides_nothing_any_more_is_kept_to_the_day(shop: Shop) -> None:
    opened, unpaid = shop.order(), shop.order()
    shop.pay(opened)
    assert shop.view(opened).expires_at % DAY == 0
    assert shop.view(unpaid).expires_at % DAY != 0
    shop.clock.advance(26 * 3600)
    shop.hear()
    assert shop.view(unpaid).expires_at % DAY == 0


def test_an_instruction_that_a_crash_swallowed_is_asked_for_again(shop: Shop) -> None:
    opened = shop.order(buyer=ADA)
    with shop.database.begin() as connection:
        connection.execute(shop_order.update().values(instruction=None))
    again = shop.commerce.ordering.order(BuyersOrder(ADA, opened.order_id))
    assert again.instruction == opened.view.instruction


def test_money_for_an_order_that_was_erased_is_booked_as_unclaimed_once(shop: Shop) -> None:
    opened = shop.order()
    reference = shop.reference(opened)
    with shop.database.begin() as connection:
        connection.execute(shop_order.delete())
    method = shop.methods[MethodName.MONERO]
    for confirmations in (1, 2, 3):
        method.tell(reference, CONFIRMED, 5_000, confirmations, payment="stray")
        shop.hear()
    books = shop.commerce.books
    assert books.check().is_healthy
    assert books.balance(LedgerAccount.UNCLAIMED, Currency.XMR) == -5_000


@pytest.mark.requirement("PAY-07", "PAY-14")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dice=st.randoms(use_true_random=False))
def test_ranked_facts_in_any_order_with_duplicates_leave_one_state_and_one_balance(
    one_shop: Shop, dice
) -> None:
    opened = one_shop.order(method=MethodName.CARD)
    method, reference = one_shop.methods[MethodName.CARD], one_shop.reference(opened)
    before = one_shop.commerce.books.balance(LedgerAccount.ACQUIRER, Currency.EUR)
    told = [
        replace(method.tell(reference, kind, 18_00), rank=rank)
        for rank, kind in enumerate((SEEN, CONFIRMED, REVERTED, CONFIRMED, REVERTED, CONFIRMED))
    ]
    del method.told[-len(told) :]
    shuffled = [*told, *dice.choices(told, k=4)]
    dice.shuffle(shuffled)
    for event in shuffled:
        with one_shop.database.begin() as connection:
            one_shop.commerce.progress.receive(connection, [event])
    assert one_shop.view(opened).state is OrderState.SETTLED
    books = one_shop.commerce.books
    assert books.balance(LedgerAccount.ACQUIRER, Currency.EUR) - before == 18_00
    assert books.check().is_healthy
