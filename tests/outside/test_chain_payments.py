"""What a chain tells: whatever happens to it, the events add up to what it shows now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.commerce.model import (
    Currency,
    MethodName,
    PaymentEvent,
    PaymentEventKind,
    PaymentReference,
)
from enigm.outside.chain_payments import (
    ChainCursor,
    ChainRules,
    ObservedPayment,
    read_cursor,
    tell_changes,
    write_cursor,
)

pytestmark = pytest.mark.requirement("PAY-06")
RULES = ChainRules(MethodName.MONERO, Currency.XMR, 10, 100)
ORDER = PaymentReference(b"one order's name")


def payment(height: int | None, name: str = "tx:0/1", amount: int = 5) -> ObservedPayment:
    return ObservedPayment(name, ORDER, amount, height)


class Follower:
    """Follows a chain as commerce does: cursor as text, each key once, latest fact of each."""

    def __init__(self) -> None:
        self.cursor = write_cursor(ChainCursor())
        self.events: dict[str, PaymentEvent] = {}
        self.latest: dict[str, PaymentEvent] = {}

    def look(self, tip: int, *observed: ObservedPayment) -> list[str]:
        told, after = tell_changes(RULES, read_cursor(self.cursor), tip, observed)
        again, same = tell_changes(RULES, read_cursor(self.cursor), tip, observed)
        assert (told, after) == (again, same), "the same look tells the same"
        self.cursor = write_cursor(after)
        for event in told:
            assert event.key not in self.events, "a new fact has a new key"
            self.events[event.key] = event
            self.latest[event.payment] = event
        return [event.kind.value for event in told]


def test_a_payment_goes_from_seen_to_final_and_is_then_forgotten() -> None:
    chain = Follower()
    assert chain.look(100, payment(None)) == ["seen"]
    assert chain.look(100, payment(None)) == []
    for tip in range(101, 111):
        assert chain.look(tip, payment(101)) == ["confirmed"]
    assert chain.latest["tx:0/1"].confirmations == 10
    assert not read_cursor(chain.cursor).payments
    assert chain.look(111, payment(101)) == []
    assert chain.look(112) == []


def test_a_payment_made_while_nobody_looked_is_told_however_deep_it_is() -> None:
    chain = Follower()
    chain.look(100)
    assert chain.look(500, payment(200)) == ["confirmed"]
    assert chain.latest["tx:0/1"].confirmations == 301


def test_a_lost_block_reverts_and_the_next_confirmation_is_a_new_fact() -> None:
    chain = Follower()
    chain.look(102, payment(100))
    assert chain.look(101, payment(None)) == ["reverted"]
    assert chain.look(103, payment(101)) == ["confirmed"]
    assert chain.look(103, payment(103)) == ["reverted", "confirmed"]
    assert chain.latest["tx:0/1"].confirmations == 1


def test_a_vanished_payment_counts_for_nothing_until_it_comes_back() -> None:
    chain = Follower()
    chain.look(102, payment(100))
    assert chain.look(103) == ["conflicted"]
    assert chain.look(104) == []
    assert chain.look(105, payment(None)) == ["seen"]
    assert chain.look(106) == ["conflicted"]
    assert chain.look(107, payment(107)) == ["confirmed"]
    chain.look(120)
    for tip in range(121, 230):
        chain.look(tip)
    assert not read_cursor(chain.cursor).payments, "it is forgotten in the end"


def test_a_cursor_survives_as_text() -> None:
    chain = Follower()
    chain.look(102, payment(100), payment(None, "other:0/2", 7))
    assert read_cursor(chain.cursor) == read_cursor(write_cursor(read_cursor(chain.cursor)))
    assert read_cursor("") == ChainCursor()


@given(st.data())
def test_events_always_add_up_to_what_the_chain_shows(data: st.DataObject) -> None:
    chain, tip = Follower(), 1000
    names = ["a:0", "b:0", "b:1"]
    for _ in range(data.draw(st.integers(1, 15))):
        tip = max(tip + data.draw(st.integers(-4, 5)), 990)
        shown = {
            name: data.draw(st.none() | st.integers(max(tip - 5, 990), tip))
            for name in data.draw(st.sets(st.sampled_from(names)))
        }
        chain.look(tip, *(payment(height, name) for name, height in shown.items()))
        floor = read_cursor(chain.cursor).told_height
        for name in names:
            told = chain.latest.get(name)
            if name not in shown:
                gone = told is None or told.kind is PaymentEventKind.CONFLICTED
                assert gone or told.confirmations >= RULES.confirmations_watched
            elif (height := shown[name]) is None:
                assert told is not None
                assert told.kind in {PaymentEventKind.SEEN, PaymentEventKind.REVERTED}
            elif height > floor:
                assert told is not None
                assert told.confirmations == tip - height + 1
