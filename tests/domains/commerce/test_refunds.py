"""What is owed goes back once, to where its holder says, and the books know every cent of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.actions.refunding import BuyersLeave, NotedRefunds
from enigm.domains.commerce.errors import (
    ClaimUnknownError,
    DestinationInvalidError,
    OrderStateError,
    OrderUnknownError,
    RefundUnavailableError,
)
from enigm.domains.commerce.model import (
    Currency,
    MethodName,
    Money,
    NotedRefund,
    PaymentEventKind,
    PaymentReference,
)
from enigm.domains.commerce.model.ledger import LedgerAccount
from enigm.domains.commerce.model.orders import (
    Buyer,
    BuyersOrder,
    ComebackCode,
    GuestsOrder,
    OpenedOrder,
    OrderState,
)
from enigm.domains.commerce.model.review import Verdict
from enigm.domains.commerce.model.trade import AppealReason, Reason
from enigm.domains.commerce.store.tables import refund
from enigm.foundation.errors import ForbiddenError
from tests.support.shop import Shop

CONFIRMED = PaymentEventKind.CONFIRMED
ADA = Buyer(b"ada" + bytes(29))
HOME = "4AdaKeepsHerMoneyHere"
XMR, EUR = Currency.XMR, Currency.EUR


class Pin:
    """A PIN that was entered for one thing; what it is asked to authorise is remembered."""

    def __init__(self, *, is_duress: bool = False) -> None:
        self.asked: list[tuple[str, tuple[bytes, ...]]] = []
        self._is_duress = is_duress

    def spend(self, action: str, *parameters: bytes) -> bool:
        self.asked.append((action, parameters))
        return not self._is_duress


class WrongPin:
    def spend(self, action: str, *parameters: bytes) -> bool:
        raise ForbiddenError("accounts.pin_needed", "Enter your PIN.")


def own(opened: OpenedOrder) -> GuestsOrder:
    return GuestsOrder(opened.comeback or ComebackCode(""))


def balances(shop: Shop) -> dict[LedgerAccount, int]:
    books = shop.commerce.books
    assert books.check().is_healthy
    accounts = (
        LedgerAccount.DEPOSITS, LedgerAccount.REFUNDS, LedgerAccount.SALES,
        LedgerAccount.VAT, LedgerAccount.CODES,
    )  # fmt: skip
    return {
        account: balance for account in accounts if (balance := books.balance(account, EUR)) != 0
    }


def signs_elsewhere(shop: Shop) -> None:
    """Let Monero note refunds for somebody who holds the keys, as its adapter does."""
    book = NotedRefunds(shop.commerce.premises)
    method = shop.methods[MethodName.MONERO]

    def note(reference: PaymentReference, amount: Money, destination: str):
        noted = book.note(NotedRefund(method.name, reference, amount, destination))
        assert (noted.amount, noted.destination) == (amount, destination)

    method.refund = note  # type: ignore[method-assign, assignment]


def send(shop: Shop) -> int:
    def fail(error: Exception) -> None:
        raise error

    return shop.commerce.refunds.send_claimed(fail)


def expired_but_paid(shop: Shop, buyer: Buyer | None = None) -> OpenedOrder:
    """Return an order whose money came two days too late."""
    opened = shop.order(buyer=buyer)
    shop.clock.advance(2 * 86_400)
    shop.pay(opened)
    assert shop.view(opened).can_refund
    return opened


@pytest.mark.requirement("PAY-06", "PAY-14")
def test_late_money_goes_back_whole_and_is_signed_elsewhere(shop: Shop) -> None:
    signs_elsewhere(shop)
    opened, refunds = expired_but_paid(shop), shop.commerce.refunds
    assert balances(shop) == {LedgerAccount.DEPOSITS: -18_00}
    secret = refunds.offer(own(opened))
    assert balances(shop) == {LedgerAccount.REFUNDS: -18_00}
    assert refunds.claim(secret, f" {HOME} ") == Money(opened.view.due, XMR)
    assert (send(shop), send(shop)) == (1, 0)
    (waiting,) = refunds.waiting()
    assert (waiting.amount, waiting.destination) == (Money(opened.view.due, XMR), HOME)
    assert HOME not in repr(waiting)
    refunds.sent(waiting.reference)
    assert balances(shop) == {}
    assert shop.commerce.books.balance(LedgerAccount.MONERO, XMR) == 0
    assert shop.view(opened).state is OrderState.REFUNDED
    assert refunds.waiting() == []
    with pytest.raises(ClaimUnknownError):
        refunds.sent(waiting.reference)
    with shop.database.read() as connection:
        assert connection.execute(sa.select(refund.c.destination)).scalar_one() is None


@pytest.mark.requirement("PAY-06")
def test_what_was_paid_too_much_goes_back_and_the_order_stands(shop: Shop) -> None:
    opened = shop.order()
    due = opened.view.due
    shop.tell(opened, CONFIRMED, 1, amount=2 * due)
    with pytest.raises(RefundUnavailableError):
        shop.commerce.refunds.offer(own(opened))
    shop.tell(opened, CONFIRMED, 25, amount=2 * due)
    assert balances(shop)[LedgerAccount.DEPOSITS] == -18_00
    secret = shop.commerce.refunds.offer(own(opened))
    assert shop.commerce.refunds.claim(secret, HOME) == Money(due, XMR)
    assert send(shop) == 1, "a method that sends by itself needs no signature"
    assert shop.methods[MethodName.MONERO].refunded.popitem()[1] == (Money(due, XMR), HOME)
    assert balances(shop) == {LedgerAccount.SALES: -15_00, LedgerAccount.VAT: -3_00}
    assert shop.commerce.books.balance(LedgerAccount.MONERO, XMR) == due
    assert shop.view(opened).state is OrderState.FINAL


def test_a_link_works_once_and_a_newer_one_replaces_it(shop: Shop) -> None:
    opened, refunds = expired_but_paid(shop), shop.commerce.refunds
    first = refunds.offer(own(opened))
    second = refunds.offer(own(opened))
    for secret in (first, "", "no secret", second[:-1]):
        with pytest.raises(ClaimUnknownError):
            refunds.claim(secret, HOME)
    refunds.claim(second, HOME)
    with pytest.raises(ClaimUnknownError):
        refunds.claim(second, "4Elsewhere")
    with pytest.raises(RefundUnavailableError):
        refunds.offer(own(opened))
    assert balances(shop) == {LedgerAccount.REFUNDS: -18_00}


def test_the_secret_is_kept_as_a_hash_alone(one_shop: Shop) -> None:
    from enigm.foundation.encoding import base64url_decode

    secret = one_shop.commerce.refunds.offer(own(expired_but_paid(one_shop)))
    decoded = base64url_decode(secret)
    with one_shop.database.read() as connection:
        row = connection.execute(sa.select(refund)).one()
    assert not any(decoded in value for value in row if isinstance(value, bytes))


@pytest.mark.parametrize("destination", ["", "  ", "x" * 121, "münze"])
def test_a_place_that_is_none_is_refused(one_shop: Shop, destination: str) -> None:
    secret = one_shop.commerce.refunds.offer(own(expired_but_paid(one_shop)))
    with pytest.raises(DestinationInvalidError):
        one_shop.commerce.refunds.claim(secret, destination)
    one_shop.commerce.refunds.claim(secret, HOME)


@pytest.mark.requirement("CMD-03")
def test_a_buyers_refund_asks_their_pin_for_exactly_this(one_shop: Shop) -> None:
    from enigm.foundation.encoding import base64url_decode

    opened, refunds = expired_but_paid(one_shop, ADA), one_shop.commerce.refunds
    secret = refunds.offer(BuyersOrder(ADA, opened.order_id))
    with pytest.raises(ClaimUnknownError):
        refunds.claim(secret, HOME)
    with pytest.raises(ForbiddenError):
        refunds.claim(secret, HOME, BuyersLeave(ADA, WrongPin()))
    pin = Pin()
    refunds.claim(secret, HOME, BuyersLeave(ADA, pin))
    assert pin.asked == [("commerce.refund.claim", (base64url_decode(secret), HOME.encode()))]


@pytest.mark.requirement("CMD-03")
def test_a_pin_under_duress_is_answered_alike_and_sends_nothing(one_shop: Shop) -> None:
    opened, refunds = expired_but_paid(one_shop, ADA), one_shop.commerce.refunds
    secret = refunds.offer(BuyersOrder(ADA, opened.order_id))
    forced = BuyersLeave(ADA, Pin(is_duress=True))
    assert refunds.claim(secret, "4Robber", forced) == Money(opened.view.due, XMR)
    assert send(one_shop) == 0
    refunds.claim(secret, HOME, BuyersLeave(ADA, Pin()))
    assert send(one_shop) == 1


@pytest.mark.requirement("CMD-03", "PAY-14")
def test_a_claim_is_taken_by_its_own_buyers_pin_and_nobody_elses(one_shop: Shop) -> None:
    """Who stole a session is told the secret by it, and has a PIN of their own."""
    opened, refunds = expired_but_paid(one_shop, ADA), one_shop.commerce.refunds
    secret = refunds.offer(BuyersOrder(ADA, opened.order_id))
    thief = Buyer(b"thief" + bytes(27))
    with pytest.raises(ClaimUnknownError):
        refunds.claim(secret, "4Thief", BuyersLeave(thief, Pin()))
    guests = refunds.offer(own(expired_but_paid(one_shop)))
    with pytest.raises(ClaimUnknownError):
        refunds.claim(guests, "4Thief", BuyersLeave(thief, Pin()))
    assert send(one_shop) == 0


def test_nothing_is_offered_where_nothing_is_owed_or_to_others(shop: Shop) -> None:
    unpaid, sold = shop.order(), shop.order(buyer=ADA)
    shop.pay(sold)
    for mine in (own(unpaid), BuyersOrder(ADA, sold.order_id)):
        with pytest.raises(RefundUnavailableError):
            shop.commerce.refunds.offer(mine)
    with pytest.raises(OrderUnknownError):
        shop.commerce.refunds.offer(GuestsOrder(ComebackCode("AAAA")))


def test_a_method_that_does_not_answer_is_asked_again_and_sends_once(one_shop: Shop) -> None:
    from enigm.foundation.errors import UnavailableError

    opened, refunds = expired_but_paid(one_shop), one_shop.commerce.refunds
    refunds.claim(refunds.offer(own(opened)), HOME)
    method = one_shop.methods[MethodName.MONERO]
    works, told = method.refund, list[Exception]()

    def fails(reference: PaymentReference, amount: Money, destination: str):
        works(reference, amount, destination)
        raise UnavailableError("commerce.down", "The wallet went away after it had sent.")

    method.refund = fails  # type: ignore[method-assign]
    assert refunds.send_claimed(told.append) == 0
    method.refund = works  # type: ignore[method-assign]
    assert refunds.send_claimed(told.append) == 1
    assert (len(told), len(method.refunded)) == (1, 1)
    assert balances(one_shop) == {}


@pytest.mark.requirement("PAY-05", "PAY-14")
def test_what_is_owed_can_be_taken_as_codes_in_the_transaction_that_makes_them(shop: Shop) -> None:
    opened, refunds = expired_but_paid(shop), shop.commerce.refunds
    secret = refunds.offer(own(opened))

    def taken() -> int:
        with shop.database.begin() as connection:
            return refunds.take_as_codes(connection, secret)

    assert taken() == 18_00
    assert balances(shop) == {LedgerAccount.CODES: -18_00}
    assert shop.view(opened).state is OrderState.REFUNDED
    with pytest.raises(ClaimUnknownError):
        taken()


@pytest.mark.requirement("PAY-06", "PAY-14")
def test_what_is_going_back_does_not_pay_for_anything(shop: Shop) -> None:
    """Half in time, a claim for that half, the other half late: one price, not one and a half."""
    opened, refunds = shop.order(), shop.commerce.refunds
    half = opened.view.due // 2
    shop.pay(opened, half, payment="first")
    shop.clock.advance(2 * 3600)
    shop.hear()
    secret = refunds.offer(own(opened))
    shop.pay(opened, opened.view.due - half, payment="second")
    view = shop.view(opened)
    assert (view.state, view.token) == (OrderState.CANCELLED, None)
    assert refunds.claim(secret, HOME) == Money(half, XMR)
    assert send(shop) == 1
    assert balances(shop)[LedgerAccount.DEPOSITS] == -9_00, "the second half is still theirs"


@pytest.mark.requirement("PAY-06")
def test_what_came_after_the_offer_goes_back_with_the_next_one(shop: Shop) -> None:
    opened, refunds = shop.order(), shop.commerce.refunds
    half = opened.view.due // 2
    shop.pay(opened, half, payment="first")
    shop.clock.advance(2 * 3600)
    shop.hear()
    refunds.offer(own(opened))
    shop.pay(opened, opened.view.due - half, payment="second")
    secret = refunds.offer(own(opened))
    assert refunds.claim(secret, HOME) == Money(opened.view.due, XMR)
    assert send(shop) == 1
    assert balances(shop) == {}


@pytest.mark.requirement("PAY-06", "PAY-10")
def test_an_order_that_is_being_paid_back_is_not_released(shop: Shop) -> None:
    opened = expired_but_paid(shop)
    secret = shop.commerce.refunds.offer(own(opened))
    shop.commerce.reviewing.appeal(own(opened), AppealReason.PAID_IN_FULL)
    shop.commerce.refunds.claim(secret, HOME)
    (order,) = shop.commerce.reviewing.page(b"reviewer").orders
    with pytest.raises(OrderStateError):
        shop.commerce.reviewing.decide(order.handle, Verdict.RELEASE, Reason.REQUESTED, b"reviewer")


def test_one_refund_that_fails_keeps_no_other_waiting(one_shop: Shop) -> None:
    card = one_shop.order(method=MethodName.CARD)
    one_shop.tell(card, CONFIRMED)
    refunds, reviewing = one_shop.commerce.refunds, one_shop.commerce.reviewing
    (order,) = reviewing.page(b"reviewer").orders
    reviewing.decide(order.handle, Verdict.HOLD, Reason.FRAUD, b"reviewer")
    reviewing.decide(order.handle, Verdict.CANCEL, Reason.FRAUD, b"reviewer")
    refunds.claim(refunds.offer(own(card)), "anything")
    assert send(one_shop) == 1
    ((_, destination),) = one_shop.methods[MethodName.CARD].refunded.values()
    assert not destination, "a card is paid back where it was paid from"


@pytest.mark.requirement("PAY-06", "PAY-14")
@pytest.mark.parametrize(("kind", "depth"), [(PaymentEventKind.SEEN, 0), (CONFIRMED, 11)])
def test_money_that_its_payer_can_still_take_back_is_not_paid_back(
    shop: Shop, kind: PaymentEventKind, depth: int
) -> None:
    """A buyer pays, pays again a hundred times as much, has that refunded, and takes it back."""
    opened, refunds = shop.order(), shop.commerce.refunds
    due = opened.view.due
    shop.tell(opened, kind, depth, amount=100 * due, payment="second")
    shop.pay(opened, due, payment="first")
    assert shop.view(opened).state is OrderState.FINAL
    with pytest.raises(RefundUnavailableError):
        refunds.offer(own(opened))
    shop.tell(opened, PaymentEventKind.CONFLICTED, amount=100 * due, payment="second")
    with pytest.raises(RefundUnavailableError):
        refunds.offer(own(opened))
    assert balances(shop) == {LedgerAccount.SALES: -15_00, LedgerAccount.VAT: -3_00}
