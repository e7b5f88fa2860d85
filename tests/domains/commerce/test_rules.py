"""Where an order stands follows from what was paid, in whatever order it is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.commerce.model import Currency, MethodName, PaymentEventKind
from enigm.domains.commerce.model.orders import Flag, Lateness, OrderState, Payment, Terms
from enigm.domains.commerce.rules import orders as rules
from enigm.domains.commerce.rules import prices
from enigm.domains.commerce.rules.orders import judge, merged

SEEN, CONFIRMED = PaymentEventKind.SEEN, PaymentEventKind.CONFIRMED
REVERTED, CONFLICTED = PaymentEventKind.REVERTED, PaymentEventKind.CONFLICTED
EXPIRED = PaymentEventKind.EXPIRED

# 20 EUR at 100 EUR a coin of a thousand pieces: a cent is a tenth of a piece.
TERMS = Terms(20_00, 200_000, 1000, 2, 10)


def paid(
    amount: int = 200_000,
    kind: PaymentEventKind = CONFIRMED,
    confirmations: int = 2,
    rank: int = 0,
    lateness: Lateness = Lateness.TIMELY,
    value_cents: int | None = None,
) -> Payment:
    is_confirmed = kind is CONFIRMED
    return Payment(
        rank,
        kind,
        amount,
        confirmations if is_confirmed else 0,
        confirmations if is_confirmed else -1,
        lateness,
        value_cents if value_cents is not None else amount // 100,
    )


def state(*payments: Payment, is_expired: bool = False) -> OrderState:
    return judge(TERMS, payments, is_expired=is_expired).state


def test_each_state_follows_from_its_payments() -> None:
    assert state() is OrderState.NEW
    assert state(paid(100_000)) is OrderState.PARTIAL
    assert state(paid(kind=SEEN)) is OrderState.SEEN
    assert state(paid(confirmations=1)) is OrderState.SEEN
    assert state(paid()) is OrderState.SETTLED
    assert state(paid(confirmations=10)) is OrderState.FINAL
    assert state(is_expired=True) is OrderState.EXPIRED
    assert state(paid(100_000), is_expired=True) is OrderState.EXPIRED
    assert state(paid(), is_expired=True) is OrderState.SETTLED


@pytest.mark.requirement("PAY-06")
def test_a_payment_taken_back_leads_from_settled_to_seen_and_one_that_is_gone_to_new() -> None:
    reverted = merged(paid(), paid(kind=REVERTED, rank=1))
    assert state(reverted) is OrderState.SEEN
    gone = merged(reverted, paid(kind=CONFLICTED, rank=2))
    assert state(gone) is OrderState.NEW
    back = merged(gone, paid(confirmations=3, rank=3))
    assert state(back) is OrderState.SETTLED


def test_what_was_deep_enough_once_stays_final() -> None:
    final = paid(confirmations=10)
    assert state(merged(final, paid(kind=CONFLICTED, rank=5))) is OrderState.FINAL


@pytest.mark.requirement("PAY-06")
def test_short_by_little_is_paid_and_short_by_more_is_not() -> None:
    # 0.5 % of 20 EUR is 10 cents, the same as the least tolerance: 1,000 pieces.
    assert state(paid(199_000)) is OrderState.SETTLED
    short = judge(TERMS, [paid(198_999)], is_expired=False)
    assert (short.state, short.missing) == (OrderState.PARTIAL, 1001)
    assert short.flags is Flag.UNDER
    both = judge(TERMS, [paid(198_999), paid(1001)], is_expired=False)
    assert (both.state, both.flags) == (OrderState.SETTLED, Flag(0))


def test_a_large_order_tolerates_half_a_percent() -> None:
    large = Terms(1_000_00, 1_000_000, 1000, 1, 1)
    assert judge(large, [paid(995_000)], is_expired=False).state is OrderState.FINAL
    assert judge(large, [paid(994_999)], is_expired=False).state is OrderState.PARTIAL


@pytest.mark.requirement("PAY-06")
def test_more_than_a_euro_too_much_is_owed_back_and_less_is_not() -> None:
    assert judge(TERMS, [paid(210_000)], is_expired=False).flags is Flag(0)
    over = judge(TERMS, [paid(210_001)], is_expired=False)
    assert (over.flags, over.over) == (Flag.OVER, 10_001)
    twice = judge(TERMS, [paid(), paid()], is_expired=False)
    assert (twice.state, twice.over) == (OrderState.SETTLED, 200_000)


@pytest.mark.requirement("PAY-06")
def test_late_money_is_honoured_within_a_day_for_nearly_the_price() -> None:
    def late(cents: int | None, how: Lateness = Lateness.WITHIN_A_DAY) -> OrderState:
        payment = replace(paid(lateness=how), value_cents=cents)
        return state(payment, is_expired=True)

    assert late(19_40) is OrderState.SETTLED
    assert late(19_39) is OrderState.LATE
    assert late(20_00, Lateness.BEYOND) is OrderState.LATE
    assert late(None) is OrderState.LATE, "no rate can say: it waits for one"


def test_a_part_in_time_and_the_rest_late_are_honoured_together() -> None:
    rest = paid(100_000, lateness=Lateness.WITHIN_A_DAY, value_cents=9_40)
    judged = judge(TERMS, [paid(100_000), rest], is_expired=True)
    assert (judged.state, judged.flags) == (OrderState.SETTLED, Flag.LATE)


def test_late_money_for_a_paid_order_is_owed_back_whole() -> None:
    second = paid(lateness=Lateness.WITHIN_A_DAY)
    judged = judge(TERMS, [paid(), second], is_expired=True)
    assert (judged.state, judged.over) == (OrderState.SETTLED, 200_000)
    assert judged.flags == Flag.OVER | Flag.LATE


LIFE = [
    paid(kind=SEEN, rank=0),
    paid(confirmations=1, rank=1),
    paid(confirmations=3, rank=2),
    paid(kind=REVERTED, rank=3),
    paid(kind=SEEN, rank=4),
    paid(confirmations=2, rank=5),
]


@pytest.mark.requirement("PAY-06", "PAY-07")
def test_720_orders_of_six_facts_with_duplicates_give_one_state() -> None:
    ends: set[Payment] = set()
    for order in permutations(LIFE):
        known: Payment | None = None
        for told in (*order, order[0], order[3]):
            known = merged(known, told)
        assert known is not None
        ends.add(known)
    assert len(ends) == 1
    assert state(ends.pop()) is OrderState.SETTLED


facts = st.builds(
    paid,
    amount=st.integers(1, 400_000),
    kind=st.sampled_from(PaymentEventKind),
    confirmations=st.integers(0, 12),
    rank=st.integers(0, 6),
    lateness=st.sampled_from(Lateness),
)


@given(st.lists(facts, min_size=1, max_size=8), st.randoms(use_true_random=False), st.booleans())
def test_any_order_and_any_duplication_give_one_judgement(
    told: list[Payment], dice, is_expired: bool
) -> None:
    # One payment is worth the same whenever it is seen, and one fact of a rank is one fact.
    told = list({each.rank: replace(each, value_cents=5_00) for each in told}.values())

    def told_as(order: list[Payment]) -> Payment:
        known: Payment | None = None
        for each in order:
            known = merged(known, each)
        assert known is not None
        return known

    shuffled = [*told, *dice.choices(told, k=3)]
    dice.shuffle(shuffled)
    assert told_as(shuffled) == told_as(told)
    one, other = (judge(TERMS, [told_as(each)], is_expired=is_expired) for each in (told, shuffled))
    assert one == other


@given(st.lists(facts, max_size=5), st.booleans())
def test_no_judgement_makes_or_loses_money(payments: list[Payment], is_expired: bool) -> None:
    judged = judge(TERMS, payments, is_expired=is_expired)
    assert judged.received >= 0
    assert 0 <= judged.over <= judged.received
    assert 0 <= judged.missing <= TERMS.due
    if judged.state in (OrderState.SEEN, OrderState.SETTLED, OrderState.FINAL):
        assert judged.missing == 0
    if judged.missing == 0 and judged.state not in (OrderState.LATE, OrderState.EXPIRED):
        assert judged.received > 0


@pytest.mark.parametrize(
    ("method", "cents", "needed"),
    [
        (MethodName.MONERO, 19_99, 1),
        (MethodName.MONERO, 20_00, 10),
        (MethodName.BITCOIN, 99_99, 1),
        (MethodName.BITCOIN, 100_00, 3),
        (MethodName.BITCOIN, 999_99, 3),
        (MethodName.BITCOIN, 1_000_00, 6),
        (MethodName.CARD, 5_000_00, 0),
        (MethodName.CODE, 5_000_00, 0),
    ],
)
def test_confirmations_grow_with_the_amount(method: MethodName, cents: int, needed: int) -> None:
    assert rules.confirmations_needed(method, cents) == needed


def test_final_is_never_shallower_than_settled_nor_deeper_than_is_watched() -> None:
    assert rules.confirmations_final(MethodName.MONERO, 10, watched=15) == 15
    assert rules.confirmations_final(MethodName.MONERO, 10, watched=4) == 10
    assert rules.confirmations_final(MethodName.MONERO, 10, watched=0) == 20
    assert rules.confirmations_final(MethodName.CODE, 0, watched=0) == 0
    assert rules.confirmations_final(MethodName.CARD, 0, watched=0) is None


def test_a_rate_is_the_middle_of_at_least_two_fresh_sources() -> None:
    now = 10_000
    assert prices.median_cents([(150_00, now)], now) is None
    assert prices.median_cents([(150_00, now), (151_00, now - 601)], now) is None
    assert prices.median_cents([(150_00, now), (151_00, now - 600)], now) == 150_00
    assert prices.median_cents([(1, now), (150_00, now), (99_999_00, now)], now) == 150_00
    assert prices.median_cents([(0, now), (-5, now), (150_00, now)], now) is None


@given(st.integers(1, 10**8), st.integers(1, 10**9))
def test_a_price_in_coins_is_worth_the_price_and_not_a_piece_more(cents: int, rate: int) -> None:
    amount = prices.amount_for(cents, Currency.XMR, rate)
    assert amount * rate >= cents * 10**12
    assert (amount - 1) * rate < cents * 10**12
