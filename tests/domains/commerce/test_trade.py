"""Country, sanction and fraud rules: signed, versioned, closed where in doubt; reviews, appeals."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.actions.documents import DocumentKind
from enigm.domains.commerce.errors import (
    AppealUnavailableError,
    DocumentInvalidError,
    DocumentUnverifiableError,
    OrderStateError,
    OrderUnknownError,
    PurchaseLimitedError,
    PurchaseRejectedError,
)
from enigm.domains.commerce.model import Currency, MethodName, PaymentEventKind
from enigm.domains.commerce.model.ledger import LedgerAccount
from enigm.domains.commerce.model.orders import Buyer, BuyersOrder, OpenedOrder, OrderState
from enigm.domains.commerce.model.review import MaskedOrder, OrderHandle, Verdict
from enigm.domains.commerce.model.trade import AppealReason, Reason
from enigm.domains.commerce.store.tables import (
    ruling_count,
    shop_order,
    trade_in_force,
    trade_text,
)
from enigm.foundation.errors import Category
from tests.support.shop import Shop

CONFIRMED = PaymentEventKind.CONFIRMED
ADA = Buyer(b"ada" + bytes(29))
REVIEWER = b"reviewer".ljust(20, b"\0")
LIMITS = {
    "order_cents_max": 200_000,
    "review_above_cents": 100_000,
    "open_orders_max": 2,
    "day_cents_max": 300_000,
}
EVERYTHING: dict[str, Any] = {"otherwise": "allow", "limits": LIMITS, "rules": []}


def rule(country: str, treatment: str, reason: str = "sanctions", **more: Any) -> dict[str, Any]:
    return {"countries": [country], "treatment": treatment, "reason": reason, **more}


def put_in_force(shop: Shop, *rules: dict[str, Any], **changes: Any) -> int:
    documents = shop.commerce.documents
    text = json.dumps({**EVERYTHING, "rules": rules, **changes})
    version = documents.stage(DocumentKind.POLICY, text)
    documents.activate(DocumentKind.POLICY, version)
    return version


def only(shop: Shop, **wanted: Any) -> MaskedOrder:
    (order,) = shop.commerce.reviewing.page(REVIEWER, **wanted).orders
    return order


def refusal(shop: Shop, **order: Any) -> tuple[str, Category]:
    with pytest.raises((PurchaseRejectedError, PurchaseLimitedError)) as caught:
        shop.order(**order)
    return caught.value.code, caught.value.category


@pytest.mark.requirement("PAY-09")
@pytest.mark.parametrize(
    ("rules", "order", "code"),
    [
        ([], {"country": "XX"}, "commerce.country_unknown"),
        ([], {"country": "de"}, "commerce.country_unknown"),
        ([], {"country": ""}, "commerce.country_unknown"),
        ([rule("DE", "block")], {}, "commerce.sanctions"),
        ([rule("DE", "block", "tax", products=["enigm"])], {}, "commerce.tax"),
        (
            [rule("DE", "block", "method_not_taken", methods=["card"])],
            {"method": MethodName.CARD},
            "commerce.method_not_taken",
        ),
        (
            [rule("DE", "allow", "compliance"), rule("DE", "block", "fraud")],
            {},
            "commerce.fraud",
        ),
    ],
)
def test_what_a_rule_blocks_is_rejected_with_its_own_code(
    one_shop: Shop, rules: list[dict[str, Any]], order: dict[str, Any], code: str
) -> None:
    put_in_force(one_shop, *rules)
    assert refusal(one_shop, **order) == (code, Category.FORBIDDEN)
    with one_shop.database.read() as connection:
        assert connection.execute(sa.select(shop_order)).all() == [], "nothing is kept of it"


def test_a_rule_speaks_only_of_its_products_methods_and_days(one_shop: Shop) -> None:
    tomorrow = one_shop.clock.now_seconds() + 86_400
    put_in_force(
        one_shop,
        rule("DE", "block", products=["esim"]),
        rule("DE", "block", methods=["card"]),
        rule("DE", "block", effective_at=tomorrow),
    )
    assert one_shop.order().view.state is OrderState.NEW
    one_shop.clock.advance(86_400)
    one_shop.commerce.rates.refresh()
    assert refusal(one_shop)[0] == "commerce.sanctions"


@pytest.mark.requirement("PAY-09")
def test_limits_refuse_what_is_too_much_and_say_so(one_shop: Shop) -> None:
    put_in_force(one_shop, limits={**LIMITS, "order_cents_max": 10_000})
    assert refusal(one_shop, sku="cmd-1y") == ("commerce.amount_too_large", Category.EXHAUSTED)
    put_in_force(one_shop)
    one_shop.order(buyer=ADA)
    one_shop.order(buyer=ADA)
    assert refusal(one_shop, buyer=ADA)[0] == "commerce.too_many_open"
    put_in_force(one_shop, limits={**LIMITS, "open_orders_max": 9, "day_cents_max": 5_000})
    assert refusal(one_shop, buyer=ADA)[0] == "commerce.too_much_a_day"
    one_shop.clock.advance(86_400)
    one_shop.hear()
    assert one_shop.order(buyer=ADA).view.state is OrderState.NEW


@pytest.mark.requirement("PAY-09")
def test_a_reviewed_order_waits_without_asking_for_money_and_is_priced_anew(shop: Shop) -> None:
    put_in_force(shop, rule("DE", "review"))
    opened = shop.order(buyer=ADA)
    assert (opened.view.state, opened.view.reason) == (OrderState.HELD, "sanctions")
    assert opened.view.instruction is None
    masked = only(shop, decided=OrderState.HELD)
    assert masked.country == "DE", "a reviewer decides because of it"
    shop.clock.advance(7200)
    shop.hear()
    shop.commerce.reviewing.decide(masked.handle, Verdict.RELEASE, Reason.REQUESTED, REVIEWER)
    view = shop.view(opened)
    assert view.state is OrderState.NEW
    assert view.instruction is not None
    assert view.expires_at == shop.clock.now_seconds() + 900
    assert [act for act, *_ in shop.records.told] == ["listed", "released"]
    assert shop.records.told[-1][1] == REVIEWER


def test_a_large_order_is_reviewed(one_shop: Shop) -> None:
    put_in_force(one_shop, limits={**LIMITS, "review_above_cents": 1_000})
    assert one_shop.order().view.reason == "amount_reviewed"


@pytest.mark.requirement("PAY-09")
def test_a_new_policy_cancels_what_is_unpaid_and_holds_what_is_paid(shop: Shop) -> None:
    unpaid, paid, done = shop.order(), shop.order(), shop.order()
    shop.tell(paid, CONFIRMED, 1)
    shop.pay(done)
    put_in_force(shop, rule("DE", "block", "compliance"))
    shop.commerce.reviewing.apply_policy()
    assert shop.view(unpaid).state is OrderState.CANCELLED
    assert shop.view(paid).state is OrderState.HELD
    assert shop.view(paid).token is None
    assert shop.view(done).state is OrderState.FINAL, "what is final stays"
    assert shop.commerce.reviewing.apply_policy() == 0


@pytest.mark.requirement("PAY-09")
def test_every_decision_against_somebody_can_be_appealed_once_by_a_code(shop: Shop) -> None:
    put_in_force(shop, rule("DE", "review"))
    opened = shop.order(buyer=ADA)
    own, reviewing = BuyersOrder(ADA, opened.order_id), shop.commerce.reviewing
    assert opened.view.can_appeal
    reviewing.appeal(own, AppealReason.COUNTRY_WRONG)
    with pytest.raises(AppealUnavailableError):
        reviewing.appeal(own, AppealReason.RULE_WRONG)
    assert only(shop, appealed=True).appeal == "country_wrong"
    reviewing.decide(only(shop).handle, Verdict.REJECT, Reason.SANCTIONS, REVIEWER)
    assert shop.view(opened).state is OrderState.REJECTED
    reviewing.decide(only(shop).handle, Verdict.RELEASE, Reason.REQUESTED, REVIEWER)
    assert shop.view(opened).state is OrderState.NEW
    with pytest.raises(AppealUnavailableError):
        reviewing.appeal(own, AppealReason.COUNTRY_WRONG)


def test_a_reviewer_cannot_decide_what_is_decided_or_unknown(shop: Shop) -> None:
    opened, reviewing = shop.order(), shop.commerce.reviewing
    handle = only(shop).handle
    with pytest.raises(OrderStateError):
        reviewing.decide(handle, Verdict.RELEASE, Reason.REQUESTED, REVIEWER)
    reviewing.decide(handle, Verdict.CANCEL, Reason.FRAUD, REVIEWER)
    with pytest.raises(OrderStateError):
        reviewing.decide(handle, Verdict.REJECT, Reason.FRAUD, REVIEWER)
    with pytest.raises(OrderUnknownError):
        reviewing.decide(OrderHandle(bytes(20)), Verdict.HOLD, Reason.FRAUD, REVIEWER)
    assert shop.view(opened).state is OrderState.CANCELLED


@pytest.mark.parametrize("verdict", [Verdict.HOLD, Verdict.REJECT, Verdict.CANCEL])
def test_what_is_final_is_taken_back_by_nobody(one_shop: Shop, verdict: Verdict) -> None:
    opened = one_shop.order()
    one_shop.pay(opened)
    with pytest.raises(OrderStateError):
        one_shop.commerce.reviewing.decide(only(one_shop).handle, verdict, Reason.FRAUD, REVIEWER)
    assert one_shop.view(opened).state is OrderState.FINAL


@pytest.mark.requirement("PAY-09", "PAY-14")
def test_a_held_order_that_became_final_is_sold_when_it_is_released(one_shop: Shop) -> None:
    opened, reviewing = one_shop.order(), one_shop.commerce.reviewing
    reviewing.decide(only(one_shop).handle, Verdict.HOLD, Reason.FRAUD, REVIEWER)
    one_shop.pay(opened)
    books = one_shop.commerce.books
    assert one_shop.view(opened).state is OrderState.HELD
    assert books.balance(LedgerAccount.SALES, Currency.EUR) == 0
    reviewing.decide(only(one_shop).handle, Verdict.RELEASE, Reason.REQUESTED, REVIEWER)
    assert one_shop.view(opened).state is OrderState.FINAL
    assert books.balance(LedgerAccount.SALES, Currency.EUR) == -15_00


@pytest.mark.requirement("CMD-09", "PAY-11")
def test_administrators_see_orders_masked_in_an_order_that_means_nothing(one_shop: Shop) -> None:
    opened: list[OpenedOrder] = [one_shop.order(buyer=ADA) for _ in range(2)]
    one_shop.pay(opened[0])
    for _ in range(60):
        one_shop.order()
    reviewing = one_shop.commerce.reviewing
    first = reviewing.page(REVIEWER)
    assert first.after is not None
    second = reviewing.page(REVIEWER, first.after)
    masked = [*first.orders, *second.orders]
    assert (len(masked), second.after) == (62, None)
    assert [order.handle for order in masked] == sorted(order.handle for order in masked)
    assert {order.country for order in masked} == {""}
    shown = repr(masked).encode()
    with one_shop.database.read() as connection:
        rows = connection.execute(sa.select(shop_order)).mappings().all()
    for row in rows:
        for column in ("order_id", "buyer", "reference", "token", "token_hash", "comeback_hash"):
            assert row[column] is None or repr(row[column])[2:-1].encode() not in shown
    assert {act for act, *_ in one_shop.records.told} == {"listed"}


def test_the_record_of_a_decision_names_the_order_as_no_store_does(shop: Shop) -> None:
    shop.order()
    handle = only(shop).handle
    shop.commerce.reviewing.decide(handle, Verdict.CANCEL, Reason.FRAUD, REVIEWER)
    (*_, (_act, _reviewer, name)) = shop.records.told
    with shop.database.read() as connection:
        row = connection.execute(sa.select(shop_order)).one()
    assert name not in {bytes(value) for value in row if isinstance(value, bytes)} | {handle}


@pytest.mark.requirement("PAY-09")
def test_a_decision_is_counted_by_version_and_outcome_and_nothing_else(shop: Shop) -> None:
    version = put_in_force(shop, rule("IR", "block"), rule("RU", "review"))
    shop.order()
    shop.order(country="RU")
    for _ in range(2):
        refusal(shop, country="IR")
    with shop.database.read() as connection:
        counts = connection.execute(
            sa.select(ruling_count.c.policy_version, ruling_count.c.outcome, ruling_count.c.count)
        ).all()
    assert {tuple(row) for row in counts} == {
        (version, "allowed", 1),
        (version, "held", 1),
        (version, "rejected", 2),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"otherwise": "maybe"},
        {"limits": {}},
        {"rules": [rule("XX", "block")]},
        {"rules": [rule("DE", "block", "because")]},
        {"rules": [{**rule("DE", "block"), "note": "x"}]},
        {"extra": 1},
    ],
)
def test_a_policy_that_does_not_read_is_refused(one_shop: Shop, changes: dict[str, Any]) -> None:
    text = json.dumps({**EVERYTHING, **changes})
    with pytest.raises(DocumentInvalidError):
        one_shop.commerce.documents.stage(DocumentKind.POLICY, text)


@pytest.mark.parametrize(
    "offers",
    [
        [],
        [{"sku": "UPPER"}],
        [{"price_cents": 0}],
        [{"price_cents": 18.5}],
        [{"product": "car"}],
        [{}, {}],
    ],
)
def test_a_catalogue_that_does_not_read_is_refused(
    one_shop: Shop, offers: list[dict[str, Any]]
) -> None:
    plain = {
        "sku": "app-1m", "product": "enigm", "title": "One month", "price_cents": 600,
        "vat_class": "service", "term_days": 30,
    }  # fmt: skip
    text = json.dumps({"offers": [{**plain, **offer} for offer in offers]})
    with pytest.raises(DocumentInvalidError):
        one_shop.commerce.documents.stage(DocumentKind.CATALOGUE, text)


@pytest.mark.requirement("PAY-09")
def test_rules_that_nobody_signed_close_the_shop(shop: Shop) -> None:
    put_in_force(shop, rule("DE", "block"))
    changes = (
        trade_text.update().values(text=trade_text.c.text + " "),
        trade_in_force.update().values(version=1),
        trade_in_force.update().values(changes=trade_in_force.c.changes + 1),
    )
    for change in changes:
        shop.clock.advance(2)
        shop.commerce.documents.in_force()
        with shop.database.begin() as connection:
            before = {
                table: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in (trade_text, trade_in_force)
            }
            connection.execute(change)
        shop.clock.advance(2)
        with pytest.raises(DocumentUnverifiableError):
            shop.order()
        with shop.database.begin() as connection:
            for table, rows in before.items():
                connection.execute(table.delete())
                connection.execute(table.insert(), rows)
