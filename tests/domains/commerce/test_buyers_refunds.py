"""What a buyer is owed is taken as codes by their PIN alone; and no two refunds lock each other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.actions.refunding import BuyersLeave
from enigm.domains.commerce.errors import (
    ClaimUnknownError,
    CodeRequestError,
    CodesNotNowError,
    RefundUnavailableError,
)
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.ledger import LedgerAccount
from enigm.domains.commerce.model.orders import Buyer, BuyersOrder, OrderState
from enigm.domains.commerce.store import orders as order_store
from enigm.domains.commerce.store.tables import refund
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import Category, ForbiddenError
from tests.domains.commerce.test_refunds import (
    ADA,
    HOME,
    Pin,
    WrongPin,
    balances,
    expired_but_paid,
    own,
    send,
    signs_elsewhere,
)
from tests.support.coins import Purse
from tests.support.shop import open_shop
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.domains.commerce.actions.refunding import ClaimSecret
    from tests.support.databases import OpenDatabase
    from tests.support.shop import Shop

BEA = Buyer(b"bea" + bytes(29))


def owed_to_ada(shop: Shop) -> ClaimSecret:
    """Return the claim for an order by code that was paid with more than its price."""
    batch = shop.commerce.mint.print_batch(100_00, 1)
    shop.commerce.mint.sell_batch(batch.key.number)
    order = shop.order("app-1y", MethodName.CODE, ADA)
    mine = BuyersOrder(ADA, order.order_id)
    shop.commerce.codes.pay(mine, batch.codes[0], ADA)
    view = shop.commerce.ordering.order(mine)
    assert (view.state, view.over) == (OrderState.FINAL, 40_00)
    return shop.commerce.refunds.offer(mine)


@pytest.mark.requirement("PAY-05", "CMD-03")
def test_a_buyer_takes_change_that_is_owed_as_codes_by_a_pin_for_exactly_these(shop: Shop) -> None:
    secret, purse = owed_to_ada(shop), Purse(shop.commerce.mint)
    wanted, request, pin = purse.want({20_00: 2}), purse.request(), Pin()
    counter = shop.commerce.codes
    codes = purse.finish(counter.take_refund(secret, wanted, request, BuyersLeave(ADA, pin)))
    assert len(codes) == 2
    blinded = wanted[0].blinded
    asked = (base64url_decode(secret), request, *blinded)
    assert pin.asked == [("commerce.refund.claim", asked)]
    assert LedgerAccount.REFUNDS not in balances(shop)
    with pytest.raises(ClaimUnknownError):
        counter.take_refund(secret, purse.want({20_00: 2}), purse.request(), BuyersLeave(ADA, pin))


@pytest.mark.requirement("CMD-03", "CMD-09")
def test_without_the_pin_or_with_anothers_a_buyers_claim_gives_nothing(one_shop: Shop) -> None:
    secret, purse = owed_to_ada(one_shop), Purse(one_shop.commerce.mint)
    counter = one_shop.commerce.codes
    wanted = purse.want({20_00: 2})
    with pytest.raises(ClaimUnknownError):
        counter.take_refund(secret, wanted, purse.request())
    with pytest.raises(ForbiddenError):
        counter.take_refund(secret, wanted, purse.request(), BuyersLeave(ADA, WrongPin()))
    with pytest.raises(ClaimUnknownError):
        counter.take_refund(secret, wanted, purse.request(), BuyersLeave(BEA, Pin()))
    for made_up in ("", "no secret"):
        with pytest.raises(ClaimUnknownError):
            counter.take_refund(made_up, wanted, purse.request(), BuyersLeave(ADA, Pin()))
    more = purse.want({20_00: 3})
    with pytest.raises(CodeRequestError):
        counter.take_refund(secret, more, purse.request(), BuyersLeave(ADA, Pin()))
    assert counter.take_refund(secret, wanted, purse.request(), BuyersLeave(ADA, Pin()))


@pytest.mark.requirement("CMD-03")
def test_under_duress_no_code_is_signed_and_the_claim_stays(one_shop: Shop) -> None:
    secret, purse = owed_to_ada(one_shop), Purse(one_shop.commerce.mint)
    forced, wanted = BuyersLeave(ADA, Pin(is_duress=True)), purse.want({20_00: 2})
    counter, before = one_shop.commerce.codes, one_shop.commerce.mint.totals()
    with pytest.raises(CodesNotNowError) as refused:
        counter.take_refund(secret, wanted, purse.request(), forced)
    assert refused.value.category is Category.UNAVAILABLE
    assert "PIN" not in refused.value.detail
    assert one_shop.commerce.mint.totals() == before
    assert counter.take_refund(secret, wanted, purse.request(), BuyersLeave(ADA, Pin()))


def test_a_method_that_was_taken_away_gives_nothing_back_and_says_so(one_shop: Shop) -> None:
    opened = expired_but_paid(one_shop)
    del one_shop.methods[MethodName.MONERO]
    with pytest.raises(RefundUnavailableError):
        one_shop.commerce.refunds.offer(own(opened))


@pytest.mark.postgres
@pytest.mark.requirement("PAY-14")
@pytest.mark.parametrize("deed", ["claim", "sent", "codes"])
def test_whoever_closes_a_refund_waits_for_its_order_and_holds_nothing_meanwhile(
    open_postgres_database: OpenDatabase, deed: str
) -> None:
    """The other order of locks would make a deadlock of this, and one of the two would fail."""
    shop = open_shop(open_postgres_database("commerce"))
    signs_elsewhere(shop)
    opened, refunds = expired_but_paid(shop), shop.commerce.refunds
    secret, purse = refunds.offer(own(opened)), Purse(shop.commerce.mint)
    wanted, request = purse.want({1_00: 18}), purse.request()
    deeds: dict[str, Callable[[], object]] = {
        "claim": lambda: refunds.claim(secret, HOME),
        "sent": lambda: refunds.sent(shop.reference(opened)),
        "codes": lambda: shop.commerce.codes.take_refund(secret, wanted, request),
    }
    if deed == "sent":
        refunds.claim(secret, HOME)
        assert send(shop) == 1
    with ThreadPoolExecutor(1) as other:
        with shop.database.begin() as connection:
            # As an offer does: first the order …
            assert order_store.find(connection, opened.order_id, to_change=True)
            waits = other.submit(deeds[deed])
            wait_until(lambda: waiting_for_a_lock(shop))
            # … and then its refund, which nobody may hold who waits for the order.
            connection.execute(sa.select(refund).with_for_update(nowait=True)).one()
        waits.result()
    assert LedgerAccount.DEPOSITS not in balances(shop)


def waiting_for_a_lock(shop: Shop) -> bool:
    wanted = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with shop.database.read() as connection:
        return bool(connection.execute(sa.text(wanted)).scalar_one())


@pytest.mark.postgres
@pytest.mark.requirement("PAY-14")
def test_offers_and_claims_at_once_end_in_one_refund(open_postgres_database: OpenDatabase) -> None:
    shop = open_shop(open_postgres_database("commerce"))
    opened, refunds = expired_but_paid(shop), shop.commerce.refunds
    secrets, together = [refunds.offer(own(opened))], threading.Barrier(2)

    def offer() -> bool:
        together.wait()
        try:
            secrets.append(refunds.offer(own(opened)))
        except RefundUnavailableError:
            return False
        return True

    def claim() -> bool:
        secret = secrets[-1]
        together.wait()
        try:
            refunds.claim(secret, HOME)
        except ClaimUnknownError:
            return False  # the offer was quicker: the link that it replaced is worth nothing
        return True

    is_claimed = False
    with ThreadPoolExecutor(2) as both:
        while not is_claimed:
            offered, claimed = both.submit(offer), both.submit(claim)
            is_claimed = claimed.result()
            assert offered.result() != is_claimed, "one of the two finds the other's work"
    assert balances(shop) == {LedgerAccount.REFUNDS: -18_00}
