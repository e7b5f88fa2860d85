"""Codes: bought blind, spent once, changed blind; and the books always owe what is outstanding."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.actions.codes import PRINTED
from enigm.domains.commerce.errors import (
    ClaimUnknownError,
    CodeEndedError,
    CodeKeyStateError,
    CodeKeyUnknownError,
    CodeRefusedError,
    CodeRequestError,
    CodeRequestReusedError,
    DestinationInvalidError,
    OrderStateError,
    PurchaseRejectedError,
    TokenNotReadyError,
    TokenUnknownError,
)
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.codes import KeyState, Wanted
from enigm.domains.commerce.model.orders import (
    ActivationToken,
    ComebackCode,
    GuestsOrder,
    OrderState,
)
from enigm.domains.commerce.rules.codes import KEY_LIST, TOTALS_LIST, denominated, quarter_of
from enigm.domains.commerce.store import codes as store
from enigm.foundation.errors import ExhaustedError, Refusal
from enigm.foundation.retention import RetentionJob
from enigm.wire.code_coin import Code, CodeTypingError, KeyNumber, read_code, write_code
from enigm.wire.signed_chain import check_chain
from tests.support.coins import Purse
from tests.support.shop import open_shop

if TYPE_CHECKING:
    from enigm.domains.commerce.actions.codes import CodeCounter
    from enigm.domains.commerce.actions.minting import Mint
    from tests.support.databases import OpenDatabase
    from tests.support.shop import Shop

pytestmark = pytest.mark.requirement("PAY-05")

ADA = b"ada's browser"


@pytest.fixture
def shop(open_database: OpenDatabase) -> Shop:
    return open_shop(open_database("commerce"))


@pytest.fixture
def mint(shop: Shop) -> Mint:
    return shop.commerce.mint


@pytest.fixture
def counter(shop: Shop) -> CodeCounter:
    return shop.commerce.codes


@pytest.fixture
def purse(mint: Mint) -> Purse:
    return Purse(mint)


def guest(opened: object) -> GuestsOrder:
    return GuestsOrder(ComebackCode(opened.comeback))


def token_of(shop: Shop, opened: object) -> ActivationToken:
    token = shop.commerce.ordering.order(guest(opened)).token
    assert token is not None
    return token


def buy(shop: Shop, purse: Purse, counts: dict[int, int], sku: str = "coin100") -> list[str]:
    """Buy codes as a guest, with coins, and collect them blind."""
    opened = shop.order(sku)
    shop.pay(opened)
    token = token_of(shop, opened)
    signed = shop.commerce.codes.collect(token, purse.want(counts), purse.request())
    return purse.finish(signed)


def owes_what_is_outstanding(shop: Shop) -> bool:
    return shop.commerce.mint.totals().are_equal and shop.commerce.books.check().is_healthy


def test_a_bought_code_pays_an_order_and_its_change_pays_the_next(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    (code,) = buy(shop, purse, {100_00: 1})
    assert owes_what_is_outstanding(shop)
    order = shop.order("app-1y", MethodName.CODE)
    change = counter.pay(guest(order), code, ADA, purse.want(denominated(40_00)), purse.request())
    assert shop.view(order).state is OrderState.FINAL
    assert owes_what_is_outstanding(shop)
    first, second = purse.finish(change)
    following = shop.order("app-3m", MethodName.CODE)
    counter.pay(guest(following), first, ADA)
    assert shop.view(following).state is OrderState.FINAL
    with pytest.raises(CodeRefusedError):
        counter.exchange(first, ADA, purse.want({20_00: 1}), purse.request())
    assert purse.finish(counter.exchange(second, ADA, purse.want({5_00: 4}), purse.request()))
    assert owes_what_is_outstanding(shop)


def test_several_codes_pay_one_order(shop: Shop, counter: CodeCounter, purse: Purse) -> None:
    codes = buy(shop, purse, {20_00: 5})
    order = shop.order("app-1y", MethodName.CODE)
    for code in codes[:2]:
        counter.pay(guest(order), code, ADA)
        assert shop.view(order).state is OrderState.PARTIAL
    counter.pay(guest(order), codes[2], ADA)
    assert shop.view(order).state is OrderState.FINAL
    with pytest.raises(OrderStateError):
        counter.pay(guest(order), codes[3], ADA)
    assert counter.exchange(codes[3], ADA, purse.want({20_00: 1}), purse.request())


def test_of_200_who_spend_one_code_at_once_one_does(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    (code,) = buy(shop, purse, {100_00: 1})
    order = shop.order("cmd-1y", MethodName.CODE)
    outcomes: list[str] = []
    start = threading.Barrier(20)

    def spend(who: int) -> None:
        start.wait()
        for attempt in range(10):
            try:
                counter.pay(guest(order), code, b"%d %d" % (who, attempt))
                outcomes.append("spent")
            except Refusal as refused:
                outcomes.append(refused.code)

    threads = [threading.Thread(target=spend, args=(who,)) for who in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["commerce.code_refused"] * 199 + ["spent"]
    assert shop.view(order).received == 100_00
    assert owes_what_is_outstanding(shop)


def test_a_lost_answer_comes_again_and_is_not_signed_twice(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    opened = shop.order("coin-20")
    shop.pay(opened)
    token = token_of(shop, opened)
    wanted, request = purse.want({20_00: 1}), purse.request()
    first = counter.collect(token, wanted, request)
    assert counter.collect(token, wanted, request) == first
    (code,) = purse.finish(first)
    order = shop.order("app-3m", MethodName.CODE)
    change, request = purse.want({2_00: 1}), purse.request()
    paid = counter.pay(guest(order), code, ADA, change, request)
    assert counter.pay(guest(order), code, ADA, change, request) == paid
    with pytest.raises(CodeRequestReusedError):
        counter.pay(guest(order), code, ADA, purse.want({1_00: 2}), request)
    assert owes_what_is_outstanding(shop)


def test_change_beyond_what_is_left_spends_nothing(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    (code,) = buy(shop, purse, {100_00: 1})
    order = shop.order("app-1y", MethodName.CODE)
    for counts in ({50_00: 1}, {20_00: 2, 1_00: 1}):
        with pytest.raises(CodeRequestError):
            counter.pay(guest(order), code, ADA, purse.want(counts), purse.request())
    assert shop.view(order).state is OrderState.NEW
    counter.pay(guest(order), code, ADA, purse.want({20_00: 2}), purse.request())
    assert owes_what_is_outstanding(shop)


def test_what_is_owed_to_an_order_is_not_given_as_change(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    """It is taken back by a claim, and a buyer's PIN: not with whoever else's code."""
    (large,) = buy(shop, purse, {100_00: 1})
    mine, *_ = buy(shop, purse, {20_00: 5})
    order = shop.order("app-3m", MethodName.CODE)
    shop.clock.advance(2 * 86_400)
    shop.hear()
    counter.pay(guest(order), large, ADA)
    assert shop.view(order).state is OrderState.LATE
    with pytest.raises(CodeRequestError):
        counter.pay(guest(order), mine, ADA, purse.want({50_00: 2}), purse.request())
    assert counter.exchange(mine, ADA, purse.want({20_00: 1}), purse.request()), "it is not spent"


def test_codes_bought_are_exactly_what_was_paid(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    opened = shop.order("coin-20")
    with pytest.raises(TokenUnknownError):
        counter.collect(ActivationToken(b"x" * 32), purse.want({20_00: 1}), purse.request())
    shop.pay(opened, confirmations=11)
    assert shop.view(opened).state is OrderState.SETTLED
    token = token_of(shop, opened)
    with pytest.raises(TokenNotReadyError):
        counter.collect(token, purse.want({20_00: 1}), purse.request())
    shop.pay(opened)
    for counts in ({20_00: 2}, {10_00: 1}, {100_00: 1}):
        with pytest.raises(CodeRequestError):
            counter.collect(token, purse.want(counts), purse.request())
    counter.collect(token, purse.want({10_00: 1, 5_00: 2}), purse.request())
    with pytest.raises(TokenUnknownError):
        counter.collect(token, purse.want({20_00: 1}), purse.request())
    assert owes_what_is_outstanding(shop)


def test_another_products_token_buys_no_codes(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    opened = shop.order("app-1y")
    shop.pay(opened)
    token = token_of(shop, opened)
    with pytest.raises(TokenUnknownError):
        counter.collect(token, purse.want({50_00: 1, 10_00: 1}), purse.request())


@pytest.mark.parametrize("method", [MethodName.CARD, MethodName.CODE])
def test_codes_are_not_sold_for_what_can_be_taken_back(shop: Shop, method: MethodName) -> None:
    with pytest.raises(PurchaseRejectedError) as refused:
        shop.order("coin-20", method)
    assert refused.value.code == "commerce.method_not_taken"


def test_what_is_owed_back_can_be_taken_as_codes(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    (code,) = buy(shop, purse, {100_00: 1})
    order = shop.order("app-1y", MethodName.CODE)
    counter.pay(guest(order), code, ADA)
    secret = shop.commerce.refunds.offer(guest(order))
    with pytest.raises(DestinationInvalidError):
        shop.commerce.refunds.claim(secret, "somewhere")
    with pytest.raises(CodeRequestError):
        counter.take_refund(secret, purse.want({20_00: 1}), purse.request())
    codes = purse.finish(counter.take_refund(secret, purse.want({20_00: 2}), purse.request()))
    assert len(codes) == 2
    with pytest.raises(ClaimUnknownError):
        counter.take_refund(secret, purse.want({20_00: 2}), purse.request())
    assert owes_what_is_outstanding(shop)


def test_guessing_is_bounded_and_teaches_nothing(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    (code,) = buy(shop, purse, {100_00: 1})
    order = shop.order("app-1y", MethodName.CODE)
    right = read_code(code)
    wrong = write_code(Code(right.kind, right.key, right.nonce, right.tag ^ 1))
    unknown = write_code(Code(right.kind, KeyNumber(right.key + 500), right.nonce, right.tag))
    answers = set()
    for guess in (wrong, unknown):
        with pytest.raises(CodeRefusedError) as refused:
            counter.pay(guest(order), guess, b"guesser")
        answers.add((refused.value.code, refused.value.detail))
    assert len(answers) == 1
    for _ in range(18):
        with pytest.raises(CodeRefusedError):
            counter.pay(guest(order), wrong, b"guesser")
    with pytest.raises(ExhaustedError):
        counter.pay(guest(order), wrong, b"guesser")
    counter.pay(guest(order), code, ADA, purse.want({20_00: 2}), purse.request())


def test_a_mistyped_code_is_told_before_anything_is_asked(shop: Shop, counter: CodeCounter) -> None:
    with pytest.raises(CodeTypingError):
        counter.pay(guest(shop.order("app-1y", MethodName.CODE)), "00R9D-B30ND", ADA)


def test_a_printed_batch_is_worth_nothing_until_it_is_sold(
    shop: Shop, mint: Mint, counter: CodeCounter
) -> None:
    batch = mint.print_batch(20_00, 3)
    assert len(set(batch.codes)) == 3
    order = shop.order("app-3m", MethodName.CODE)
    with pytest.raises(CodeEndedError):
        counter.pay(guest(order), batch.codes[0], ADA)
    assert mint.totals().outstanding_cents == 0
    assert mint.sell_batch(batch.key.number).issued == 3
    with pytest.raises(CodeKeyStateError):
        mint.sell_batch(batch.key.number)
    counter.pay(guest(order), batch.codes[0], ADA)
    assert shop.view(order).state is OrderState.FINAL
    assert mint.totals().outstanding_cents == 40_00
    assert owes_what_is_outstanding(shop)


def test_a_void_batch_is_spent_by_nobody(shop: Shop, mint: Mint, counter: CodeCounter) -> None:
    batch = mint.print_batch(20_00, 2)
    mint.sell_batch(batch.key.number)
    assert mint.void(batch.key.number).state is KeyState.VOID
    with pytest.raises((CodeEndedError, CodeRefusedError)):
        counter.pay(guest(shop.order("app-3m", MethodName.CODE)), batch.codes[0], ADA)
    for again in (mint.void, mint.sell_batch):
        with pytest.raises(CodeKeyStateError):
            again(batch.key.number)
    with pytest.raises(CodeKeyUnknownError):
        mint.void(999)
    assert owes_what_is_outstanding(shop)


def test_the_database_itself_spends_no_more_than_was_issued(shop: Shop, mint: Mint) -> None:
    key = mint.ready()[0]
    with pytest.raises(sa.exc.IntegrityError), shop.database.begin() as connection:
        store.set_key(connection, key.number, {"redeemed": 1})


def test_a_key_that_ended_signs_nothing(
    shop: Shop, mint: Mint, counter: CodeCounter, purse: Purse
) -> None:
    (code,) = buy(shop, purse, {100_00: 1})
    old = purse.want({100_00: 1})
    shop.clock.advance(100 * 86_400)
    assert {key.epoch for key in mint.ready()} != {quarter_of(1_795_000_000)[0]}
    for wanted in (old, [Wanted(KeyNumber(9_999), (bytes(32),))], [Wanted(old[0].key, ())]):
        with pytest.raises(CodeRequestError):
            counter.exchange(code, ADA, wanted, purse.request())
    assert counter.exchange(code, ADA, purse.want({100_00: 1}), purse.request())


def test_codes_lapse_after_their_years_and_their_keys_are_destroyed(
    shop: Shop, mint: Mint, counter: CodeCounter, purse: Purse
) -> None:
    codes = buy(shop, purse, {50_00: 2})
    counter.exchange(codes[0], ADA, purse.want({50_00: 1}), purse.request())
    shop.clock.advance(4 * 366 * 86_400)
    assert mint.lapse_due() == 7
    with pytest.raises((CodeEndedError, CodeRefusedError)):
        counter.exchange(codes[1], ADA, purse.want({50_00: 1}), purse.request())
    assert owes_what_is_outstanding(shop)
    with shop.database.read() as connection:
        assert all(row.seed is None for row in store.keys(connection) if row.key.issued)
    shop.clock.advance(60 * 86_400)
    RetentionJob([(shop.database, store.metadata)], shop.clock, None).run()
    with shop.database.read() as connection:
        assert not connection.execute(store.code_spent.select()).all()
        assert not connection.execute(store.code_answer.select()).all()


def test_both_public_lists_hold_and_say_what_the_books_say(
    shop: Shop, mint: Mint, purse: Purse
) -> None:
    buy(shop, purse, {20_00: 5})
    mint.print_batch(10_00, 5)
    shop.clock.advance(86_400)
    assert mint.publish_totals()
    assert not mint.publish_totals()
    keys, totals = mint.published("keys"), mint.published("totals")
    check_chain(mint.public_key, KEY_LIST, keys)
    check_chain(mint.public_key, TOTALS_LIST, totals)
    assert len(keys) == 8
    assert totals[-1].text.endswith("issued 10000 redeemed 0 outstanding 10000 booked 10000")
    assert "codes 5 hash" in keys[-1].text


@pytest.mark.parametrize(
    ("now", "name", "ends"),
    [
        (1_795_000_000, "2026Q4", 1_798_761_600),
        (1_798_761_599, "2026Q4", 1_798_761_600),
        (1_798_761_600, "2027Q1", 1_806_537_600),
    ],
)
def test_a_quarter_ends_where_the_next_begins(now: int, name: str, ends: int) -> None:
    assert quarter_of(now) == (name, ends)


def test_change_is_the_fewest_codes() -> None:
    assert denominated(188_99) == {
        100_00: 1,
        50_00: 1,
        20_00: 1,
        10_00: 1,
        5_00: 1,
        2_00: 1,
        1_00: 1,
    }
    assert denominated(99) == {}


def test_codes_that_are_going_back_buy_no_codes(
    shop: Shop, counter: CodeCounter, purse: Purse
) -> None:
    """Paid by half, claimed back, and paid by the other half: no cent comes out of nothing."""
    first, second, *_ = buy(shop, purse, {20_00: 5})
    order = shop.order("app-1y", MethodName.CODE)
    counter.pay(guest(order), first, ADA)
    shop.clock.advance(2 * 3600)
    shop.hear()
    secret = shop.commerce.refunds.offer(guest(order))
    with pytest.raises(OrderStateError):
        counter.pay(guest(order), second, ADA)
    assert purse.finish(counter.take_refund(secret, purse.want({20_00: 1}), purse.request()))
    assert owes_what_is_outstanding(shop)


def test_where_printed_codes_are_guessed_even_a_right_guess_waits(
    shop: Shop, mint: Mint, counter: CodeCounter, purse: Purse
) -> None:
    batch = mint.print_batch(20_00, 1)
    mint.sell_batch(batch.key.number)
    counter._printed.take(b"everybody", PRINTED.amount)
    with pytest.raises(ExhaustedError):
        counter.exchange(batch.codes[0], ADA, purse.want({20_00: 1}), purse.request())
    (blind,) = buy(shop, purse, {100_00: 1})
    assert counter.exchange(blind, ADA, purse.want({20_00: 5}), purse.request())
    shop.clock.advance(1)
    assert counter.exchange(batch.codes[0], ADA, purse.want({20_00: 1}), purse.request())
