"""Paying on the processor's page: what it is told, what it tells, and what is kept of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from enigm.domains.commerce.model import (
    Currency,
    Money,
    PaymentEventKind,
    PaymentReference,
    Quote,
)
from enigm.foundation.errors import SetupError, UnavailableError
from enigm.outside.card import CardCheckout, RefundRefusedError
from tests.support.acquirer import DECLINED_CARD, GOOD_CARD, SLOW_CARD, Acquirer
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.domains.commerce.model import PaymentEvent
    from enigm.foundation.payment_settings import CardSettings
    from tests.chains.books import Addresses
    from tests.chains.till import Till

pytestmark = pytest.mark.requirement("PAY-07")

REFERENCE = PaymentReference(b"reference-16-byt")
PRICE = Money(12_00, Currency.EUR)
QUOTE = Quote("", PRICE, 1_795_000_900)
PAGE = "cs_test_1"
CLOCK = FakeClock()


@pytest.fixture
def opened(checkout: CardCheckout) -> CardCheckout:
    checkout.open(REFERENCE, QUOTE)
    return checkout


def standing(events: list[PaymentEvent]) -> tuple[PaymentEventKind, int] | None:
    """What a shop that goes by rank makes of events, whenever they came."""
    ranked = [(event.rank or 0, event.kind, event.amount.amount) for event in events]
    return max(ranked, key=lambda each: each[0])[1:] if ranked else None


def test_the_processor_is_told_an_amount_and_a_random_name(
    opened: CardCheckout, acquirer: Acquirer
) -> None:
    (form,) = acquirer.forms
    assert form == {
        "mode": "payment",
        "payment_method_types[0]": "card",
        "customer_creation": "if_required",
        "billing_address_collection": "auto",
        "client_reference_id": "cmVmZXJlbmNlLTE2LWJ5dA",
        "success_url": "https://command.example/orders",
        "cancel_url": "https://command.example/orders",
        "expires_at": "1795001860",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "1200",
        "line_items[0][price_data][product_data][name]": "Order",
    }


def test_asked_again_the_same_page_is_given(
    opened: CardCheckout, acquirer: Acquirer, addresses: Addresses
) -> None:
    first = opened.open(REFERENCE, QUOTE)
    assert first == opened.open(REFERENCE, QUOTE)
    assert first.uri == f"{acquirer.url}/pay/{PAGE}"
    # Killed between the processor's answer and our writing it down.
    addresses.issued.clear()
    assert opened.open(REFERENCE, QUOTE) == first
    assert len(acquirer.sessions) == 1


def test_a_paid_page_is_told_once(opened: CardCheckout, acquirer: Acquirer, till: Till) -> None:
    assert not till.poll()
    acquirer.type_card(PAGE, GOOD_CARD)
    (event,) = till.poll()
    assert (event.reference, event.kind, event.amount) == (
        REFERENCE,
        PaymentEventKind.CONFIRMED,
        PRICE,
    )
    assert not till.poll()


def test_a_declined_card_changes_nothing_and_another_pays(
    opened: CardCheckout, acquirer: Acquirer, till: Till
) -> None:
    assert not acquirer.type_card(PAGE, DECLINED_CARD)
    assert not till.poll()
    acquirer.type_card(PAGE, GOOD_CARD)
    assert standing(till.poll()) == (PaymentEventKind.CONFIRMED, 12_00)


@pytest.mark.parametrize(
    ("works", "kind"), [(True, PaymentEventKind.CONFIRMED), (False, PaymentEventKind.CONFLICTED)]
)
def test_a_slow_card_is_seen_before_it_is_decided(
    opened: CardCheckout, acquirer: Acquirer, till: Till, works: bool, kind: PaymentEventKind
) -> None:
    acquirer.type_card(PAGE, SLOW_CARD)
    assert standing(till.poll()) == (PaymentEventKind.SEEN, 12_00)
    acquirer.settle(PAGE, works=works)
    assert standing(till.poll()) == (kind, 12_00)


def test_an_expired_page_is_told(opened: CardCheckout, acquirer: Acquirer, till: Till) -> None:
    acquirer.expire(PAGE)
    assert [event.kind for event in till.poll()] == [PaymentEventKind.EXPIRED]


@pytest.mark.parametrize(
    ("won", "kind"), [(True, PaymentEventKind.CONFIRMED), (False, PaymentEventKind.CONFLICTED)]
)
def test_a_dispute_takes_the_payment_back_until_it_is_closed(
    opened: CardCheckout, acquirer: Acquirer, till: Till, won: bool, kind: PaymentEventKind
) -> None:
    acquirer.type_card(PAGE, GOOD_CARD)
    acquirer.dispute(PAGE)
    till.poll()
    assert standing(till.events) == (PaymentEventKind.REVERTED, 12_00)
    acquirer.close_dispute(PAGE, won=won)
    till.poll()
    assert standing(till.events) == (kind, 12_00)


def test_every_order_of_events_with_doubles_comes_to_one_state(
    opened: CardCheckout, acquirer: Acquirer
) -> None:
    acquirer.type_card(PAGE, SLOW_CARD)
    acquirer.settle(PAGE, works=False)
    acquirer.settle(PAGE, works=True)
    acquirer.refund_by_hand(PAGE, 12_00)
    acquirer.dispute(PAGE)
    acquirer.close_dispute(PAGE, won=False)
    events, _ = opened.poll("")
    assert len(events) == 6
    ends = {
        standing([*order, order[place % 6]])
        for place, order in enumerate(itertools.permutations(events))
    }
    assert ends == {(PaymentEventKind.CONFLICTED, 12_00)}


def test_the_processor_is_asked_now_and_then_or_when_it_nudges(
    settings: CardSettings, addresses: Addresses, acquirer: Acquirer
) -> None:
    clock = FakeClock()
    checkout = CardCheckout(settings, addresses, clock, "https://a.example")
    checkout.open(REFERENCE, QUOTE)
    _, cursor = checkout.poll("")
    acquirer.type_card(PAGE, GOOD_CARD)
    assert checkout.poll(cursor) == ((), cursor)
    checkout.nudge()
    assert len(checkout.poll(cursor)[0]) == 1
    clock.advance(30)
    assert len(checkout.poll(cursor)[0]) == 1
    checkout.close()


def test_events_beyond_one_page_are_all_read(
    opened: CardCheckout, acquirer: Acquirer, till: Till
) -> None:
    acquirer.type_card(PAGE, GOOD_CARD)
    for number in range(350):
        acquirer.happen("customer.created", {"id": f"cus_{number}", "object": "customer"})
    assert standing(till.poll()) == (PaymentEventKind.CONFIRMED, 12_00)


def test_events_of_the_other_mode_and_of_other_shops_are_not_ours(
    opened: CardCheckout, acquirer: Acquirer, till: Till
) -> None:
    acquirer.live = True
    acquirer.type_card(PAGE, GOOD_CARD)
    acquirer.live = False
    stranger = acquirer.sessions[PAGE] | {"client_reference_id": "not base64url!"}
    acquirer.happen("checkout.session.completed", stranger)
    acquirer.happen("checkout.session.completed", stranger | {"client_reference_id": None})
    acquirer.happen("checkout.session.completed", acquirer.sessions[PAGE] | {"currency": "usd"})
    assert not till.poll()


def test_our_refund_is_made_once_and_is_not_taken_for_a_loss(
    opened: CardCheckout, acquirer: Acquirer, till: Till
) -> None:
    acquirer.type_card(PAGE, GOOD_CARD)
    assert opened.refund(REFERENCE, PRICE, "") == opened.refund(REFERENCE, PRICE, "")
    assert [refund["amount"] for refund in acquirer.refunds] == [12_00]
    till.poll()
    assert standing(till.events) == (PaymentEventKind.CONFIRMED, 12_00)


def test_a_refund_by_others_takes_the_payment_back(
    opened: CardCheckout, acquirer: Acquirer, till: Till
) -> None:
    acquirer.type_card(PAGE, GOOD_CARD)
    acquirer.refund_by_hand(PAGE, 12_00)
    till.poll()
    assert standing(till.events) == (PaymentEventKind.CONFLICTED, 12_00)


def test_what_was_not_paid_or_is_gone_is_not_refunded(
    opened: CardCheckout, acquirer: Acquirer
) -> None:
    with pytest.raises(RefundRefusedError):
        opened.refund(REFERENCE, PRICE, "")
    with pytest.raises(RefundRefusedError):
        opened.refund(PaymentReference(b"never-opened-16b"), PRICE, "")
    acquirer.type_card(PAGE, GOOD_CARD)
    acquirer.refund_by_hand(PAGE, 12_00)
    with pytest.raises(RefundRefusedError):
        opened.refund(REFERENCE, Money(1_00, Currency.EUR), "")


def test_nothing_that_the_payer_typed_comes_back(
    opened: CardCheckout, acquirer: Acquirer, till: Till, addresses: Addresses
) -> None:
    acquirer.type_card(PAGE, GOOD_CARD, "somebody@example.org")
    acquirer.dispute(PAGE)
    till.poll()
    opened.refund(REFERENCE, Money(1_00, Currency.EUR), "")
    kept = repr((till.events, till.cursor, addresses.issued, opened.health()))
    for typed in ("somebody", "example.org", GOOD_CARD, "Ada Payer", "pi_"):
        assert typed not in kept


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"data": 1}',
        b"[" * 100_000,
        b'{"id": "../../x", "url": "javascript:alert(1)", "data": [{}], "has_more": true}',
        b'{"data": [{"id": "evt_1", "type": "checkout.session.completed"}], "has_more": false}',
        b'{"id": "cs_1", "url": "http://elsewhere.example/", "data": [], "has_more": true}',
    ],
)
def test_an_answer_that_cannot_be_believed_is_not(
    checkout: CardCheckout, acquirer: Acquirer, garbage: bytes
) -> None:
    acquirer.garbage = garbage
    with pytest.raises(UnavailableError):
        checkout.open(REFERENCE, QUOTE)
    if b'"data": [], ' not in garbage:
        with pytest.raises(UnavailableError):
            checkout.poll("")


@pytest.mark.parametrize("status", [400, 401, 409, 429, 500, 503])
def test_a_processor_that_fails_loses_nothing(
    opened: CardCheckout, acquirer: Acquirer, till: Till, status: int
) -> None:
    acquirer.type_card(PAGE, GOOD_CARD)
    acquirer.fails_with = status
    with pytest.raises(UnavailableError):
        till.poll()
    assert not opened.health().works
    acquirer.fails_with = 0
    assert standing(till.poll()) == (PaymentEventKind.CONFIRMED, 12_00)


def test_a_wrong_key_or_an_unsafe_address_is_said_at_the_start(
    settings: CardSettings, addresses: Addresses, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text("rk_test_another\n")
    wrong.chmod(0o600)
    checkout = CardCheckout(structs.replace(settings, key_file=wrong), addresses, CLOCK, "")
    with pytest.raises(SetupError, match="its key"):
        checkout.verify_configuration()
    checkout.close()
    with pytest.raises(SetupError, match="https"):
        CardCheckout(structs.replace(settings, url="http://a.example"), addresses, CLOCK, "")
    wrong.chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        CardCheckout(structs.replace(settings, key_file=wrong), addresses, CLOCK, "")
