"""What was paid for is held by whoever presents the token: once, and until it is taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.errors import TokenNotReadyError, TokenUnknownError
from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.domains.commerce.model.orders import OrderState, Receiver
from enigm.domains.commerce.model.review import Verdict
from enigm.domains.commerce.model.trade import Reason
from enigm.domains.commerce.store.tables import outbox, shop_order
from enigm.domains.entitlements.errors import TokenUsedError
from enigm.domains.entitlements.model import Activation, Told
from enigm.domains.entitlements.store.tables import handover
from enigm.domains.entitlements.store.tables import outbox as held_outbox
from tests.support.databases import OpenDatabase
from tests.support.shop_and_holders import ADA, BEN, Market, open_market

SEEN, CONFIRMED = PaymentEventKind.SEEN, PaymentEventKind.CONFIRMED
REVERTED, CONFLICTED = PaymentEventKind.REVERTED, PaymentEventKind.CONFLICTED
REVIEWER = b"reviewer".ljust(20, b"\0")


@pytest.fixture
def market(open_database: OpenDatabase) -> Market:
    return open_market(open_database("commerce"), open_database("entitlements"))


def _links(market: Market) -> tuple[int, int]:
    """Return how many orders have a token, and how many entitlements a link to one."""
    with market.shop.database.read() as connection:
        tokens = connection.execute(
            sa.select(sa.func.count()).where(shop_order.c.token_hash.is_not(None))
        ).scalar_one()
    with market.held.read() as connection:
        links = connection.execute(sa.select(sa.func.count()).select_from(handover)).scalar_one()
    return tokens, links


@pytest.mark.requirement("PAY-01", "CMD-04")
def test_a_settled_order_is_activated_by_whoever_presents_its_token_once(market: Market) -> None:
    opened = market.shop.order("app-1y")
    market.shop.tell(opened, CONFIRMED, 10)
    token = market.token(opened)
    market.joined.activation.activate(ADA, token)
    assert market.holds(ADA) == [("enigm", "active")]
    assert market.shop.view(opened).token is None, "a used token is not shown again"
    with pytest.raises(TokenUsedError):
        market.joined.activation.activate(BEN, token)
    assert market.joined.activation.activate(ADA, token).product == "enigm", "a retry is answered"
    assert market.holds(ADA) == [("enigm", "active")]
    assert market.holds(BEN) == []


@pytest.mark.requirement("PAY-06", "PAY-07")
def test_a_payment_taken_back_pauses_what_was_activated_and_one_that_returns_restores_it(
    market: Market,
) -> None:
    opened = market.shop.order()
    market.shop.tell(opened, CONFIRMED, 1)
    market.activate(ADA, opened)
    market.shop.tell(opened, REVERTED)
    market.deliver()
    assert market.holds(ADA) == [("enigm", "paused")]
    market.shop.tell(opened, CONFIRMED, 2)
    market.deliver()
    assert market.holds(ADA) == [("enigm", "active")]
    market.shop.tell(opened, CONFLICTED)
    market.deliver()
    assert market.holds(ADA) == [("enigm", "paused")]


@pytest.mark.requirement("PAY-03")
@pytest.mark.parametrize("activated_first", [True, False])
def test_after_final_the_link_is_gone_on_both_sides(market: Market, activated_first: bool) -> None:
    opened = market.shop.order()
    market.shop.tell(opened, CONFIRMED, 1)
    token = market.token(opened)
    if activated_first:
        market.joined.activation.activate(ADA, token)
        assert _links(market) == (1, 1)
    market.shop.tell(opened, CONFIRMED, 25)
    if not activated_first:
        assert market.shop.view(opened).state is OrderState.FINAL
        market.joined.activation.activate(ADA, token)
    market.deliver()
    assert _links(market) == (0, 0)
    assert market.holds(ADA) == [("enigm", "active")]
    for account in (ADA, BEN):
        with pytest.raises(TokenUnknownError):
            market.joined.activation.activate(account, token)
    for database, table in ((market.shop.database, outbox), (market.held, held_outbox)):
        with database.read() as connection:
            assert connection.execute(sa.select(table)).all() == []
    # Whatever is told of the payment later, nobody is reached by it any more.
    market.shop.tell(opened, CONFLICTED)
    market.deliver()
    assert market.holds(ADA) == [("enigm", "active")]


def test_a_token_is_refused_before_the_order_settles_and_after_it_was_taken_back(
    market: Market,
) -> None:
    opened = market.shop.order()
    market.shop.tell(opened, CONFIRMED, 1)
    token = market.token(opened)
    market.shop.tell(opened, REVERTED)
    with pytest.raises(TokenUnknownError):
        market.joined.activation.activate(ADA, token)
    for wrong in ("", "x", token[:-2], token + "AA", "A" * 43):
        with pytest.raises(TokenUnknownError):
            market.joined.activation.activate(ADA, wrong)
    assert market.holds(ADA) == []


def test_an_esim_is_handed_over_when_its_payment_is_final_and_to_nobody_else(
    market: Market,
) -> None:
    opened = market.shop.order("sim-5")
    market.shop.tell(opened, CONFIRMED, 10)
    token = market.token(opened)
    decoded = market.shop.view(opened).token
    assert decoded is not None
    hand_over = market.shop.commerce.hand_over
    with pytest.raises(TokenNotReadyError):
        hand_over.claim(decoded, Receiver.ESIM)
    with pytest.raises(TokenUnknownError):
        market.joined.activation.activate(ADA, token)
    market.shop.tell(opened, CONFIRMED, 25)
    assert hand_over.claim(decoded, Receiver.ESIM).sku == "sim-5"
    hand_over.taken(decoded)
    hand_over.taken(decoded)
    assert _links(market) == (0, 0)
    with pytest.raises(TokenUnknownError):
        hand_over.claim(decoded, Receiver.ESIM)


@pytest.mark.requirement("PAY-09")
def test_a_rejected_order_ends_what_was_activated_and_a_held_one_pauses_it(market: Market) -> None:
    reviewing = market.shop.commerce.reviewing
    opened = market.shop.order()
    market.shop.tell(opened, CONFIRMED, 1)
    market.activate(ADA, opened)
    (order,) = reviewing.page(REVIEWER).orders
    reviewing.decide(order.handle, Verdict.HOLD, Reason.FRAUD, REVIEWER)
    market.deliver()
    assert market.holds(ADA) == [("enigm", "paused")]
    reviewing.decide(order.handle, Verdict.RELEASE, Reason.REQUESTED, REVIEWER)
    market.deliver()
    assert market.holds(ADA) == [("enigm", "active")]
    reviewing.decide(order.handle, Verdict.REJECT, Reason.FRAUD, REVIEWER)
    market.deliver()
    assert market.holds(ADA) == [("enigm", "over")]
    assert _links(market) == (0, 0)
    # An appeal that is heard gives a new token: what was ended stays ended.
    reviewing.decide(order.handle, Verdict.RELEASE, Reason.REQUESTED, REVIEWER)
    market.activate(ADA, opened)
    assert sorted(market.holds(ADA)) == [("enigm", "active"), ("enigm", "over")]


def test_old_news_changes_nothing(market: Market) -> None:
    entitlements, names = market.joined.entitlements, market.joined.names
    holder, token = names.holder_of(ADA), bytes(32)
    entitlements.activate(holder, token, Activation("enigm", 30, Told.ACTIVE, 0))
    entitlements.tell(token, Told.SUSPENDED, 3)
    entitlements.tell(token, Told.ACTIVE, 2)
    entitlements.tell(token, Told.SUSPENDED, 3)
    assert market.holds(ADA) == [("enigm", "paused")]


def test_a_suspension_that_comes_before_the_activation_is_found_by_it(market: Market) -> None:
    entitlements, names = market.joined.entitlements, market.joined.names
    token = bytes(range(32))
    entitlements.tell(token, Told.SUSPENDED, 1)
    entitlements.activate(names.holder_of(ADA), token, Activation("os", 0, Told.ACTIVE, 0))
    assert market.holds(ADA) == [("os", "paused")]


def test_a_second_term_begins_where_the_first_ends(market: Market) -> None:
    for _ in range(2):
        opened = market.shop.order("app-1y", MethodName.CODE)
        market.shop.tell(opened, CONFIRMED)
        market.activate(ADA, opened)
    first, second = market.joined.activation.held_by(ADA)
    assert second.starts_at == first.ends_at
    assert (second.ends_at or 0) - second.starts_at == 365 * 86_400
    market.shop.clock.advance(366 * 86_400 + 1)
    assert [state for _product, state in market.holds(ADA)] == ["over", "active"]


@pytest.mark.requirement("CMD-02", "PAY-03")
def test_an_erased_account_holds_nothing_and_its_orders_are_nobodys(market: Market) -> None:
    from enigm.foundation.ids import FactId
    from enigm.foundation.outbox import Fact

    names = market.joined.names
    opened = market.shop.order(buyer=names.buyer_of(ADA))
    market.shop.tell(opened, CONFIRMED, 1)
    market.activate(ADA, opened)
    for _ in range(2):
        market.joined.leaving(Fact(FactId(b""), market.joined.leaving.KIND, ADA))
    assert market.holds(ADA) == []
    assert market.shop.commerce.ordering.orders(names.buyer_of(ADA)) == []
    # What is still told of the payment finds nothing, and harms nothing.
    market.shop.tell(opened, REVERTED)
    market.shop.tell(opened, CONFIRMED, 25)
    market.deliver()
    assert market.shop.commerce.books.check().is_healthy


def test_buyers_and_holders_of_one_account_have_nothing_in_common(market: Market) -> None:
    names = market.joined.names
    buyer, holder = names.buyer_of(ADA), names.holder_of(ADA)
    windows = {buyer[at : at + 8] for at in range(25)}
    assert not windows & {holder[at : at + 8] for at in range(25)}
    assert names.buyer_of(BEN) != buyer
