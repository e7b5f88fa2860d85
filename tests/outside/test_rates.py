"""What a coin is worth, by whoever the operator asks: prices are read exactly, lies are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.commerce.model import Currency
from enigm.foundation.errors import SetupError
from enigm.foundation.payment_settings import PaymentSettings, RateSettings
from enigm.outside.rates import ANSWER_BYTES_MAX, HttpRates, RateUnavailableError, rate_sources
from tests.outside.answering import Answering, answering
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.requirement("PAY-06")


@pytest.fixture(scope="module")
def page() -> Iterator[Answering]:
    with answering() as told:
        yield told


def source(page: Answering, **changes: Any) -> HttpRates:
    given_: dict[str, Any] = {"name": "one", "urls": {"XMR": page.url}, "last": "data.amount"}
    return HttpRates(RateSettings(**(given_ | changes)), FakeClock())


def say(page: Answering, answer: object, status: int = 200) -> None:
    page.body, page.status = json.dumps(answer).encode(), status


@pytest.mark.parametrize(
    ("answer", "paths", "cents"),
    [
        ({"data": {"amount": "151.234"}}, {}, 15123),
        ({"data": {"amount": 151.235}}, {}, 15124),
        ({"monero": {"eur": 151}}, {"last": "monero.eur"}, 15100),
        ({"result": {"XXMRZEUR": {"c": ["151.01", "3"]}}}, {"last": "result.XXMRZEUR.c.0"}, 15101),
        ({"bid": "150", "ask": "151"}, {"last": "", "bid": "bid", "ask": "ask"}, 15050),
        ({"b": [["150.1", 1]], "a": [[150.2, 9]]}, {"last": "", "bid": "b.0.0", "ask": "a.0.0"},
         15015),
    ],
    ids=["text", "number", "by coin", "in a list", "the middle", "an order book"],
)  # fmt: skip
def test_a_price_is_read_exactly_from_any_shape(
    page: Answering, answer: object, paths: dict[str, str], cents: int
) -> None:
    say(page, answer)
    assert source(page, **paths).price(Currency.XMR) == (cents, FakeClock().now_seconds())


def test_a_source_that_tells_its_time_is_taken_at_its_word_unless_it_is_in_the_future(
    page: Answering,
) -> None:
    now = FakeClock().now_seconds()
    timed = source(page, time="at")
    say(page, {"data": {"amount": 1}, "at": str(now - 700)})
    assert timed.price(Currency.XMR) == (100, now - 700)
    say(page, {"data": {"amount": 1}, "at": now + 301})
    with pytest.raises(RateUnavailableError):
        timed.price(Currency.XMR)


@pytest.mark.parametrize(
    "price",
    [0, -1, "0.001", "-5", "NaN", "Infinity", "1e99", 1e300, True, None, [], {}, "", "a lot",
     "1" * 50, "9e-50", 10_000_001],
    ids=str,
)  # fmt: skip
def test_what_is_no_price_is_refused(page: Answering, price: object) -> None:
    say(page, {"data": {"amount": price}})
    with pytest.raises(RateUnavailableError):
        source(page).price(Currency.XMR)


def test_a_page_that_fails_is_too_long_or_bids_more_than_it_asks_is_refused(
    page: Answering,
) -> None:
    for answer, status in (({"data": {"amount": 1}}, 500), ([1], 200), ("text", 200)):
        say(page, answer, status)
        with pytest.raises(RateUnavailableError):
            source(page).price(Currency.XMR)
    page.status, page.body = 200, b"[" * 30_000
    with pytest.raises(RateUnavailableError):
        source(page).price(Currency.XMR)
    page.body = b'{"data": {"amount": 1}, "more": "' + b"x" * ANSWER_BYTES_MAX + b'"}'
    with pytest.raises(RateUnavailableError, match="No price"):
        source(page).price(Currency.XMR)
    say(page, {"bid": 2, "ask": 1})
    with pytest.raises(RateUnavailableError):
        source(page, last="", bid="bid", ask="ask").price(Currency.XMR)
    with pytest.raises(RateUnavailableError):
        source(page).price(Currency.BTC)
    with pytest.raises(RateUnavailableError):
        source(page, urls={"XMR": "http://127.0.0.1:1"}).price(Currency.XMR)


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["data", "amount"]), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_answer_is_a_price_or_refused(page: Answering, body: bytes) -> None:
    page.status, page.body = 200, body
    try:
        cents, _at = source(page).price(Currency.XMR)
    except RateUnavailableError:
        return
    assert 0 < cents <= 10**9


def test_a_source_is_asked_in_secret_or_not_at_all(page: Answering) -> None:
    for url in ("http://rates.example/xmr", "ftp://rates.example", "https://u:p@rates.example/"):
        with pytest.raises(SetupError) as refused:
            source(page, urls={"XMR": url})
        assert "u:p" not in str(refused.value)
    with pytest.raises(SetupError, match="needs `last`"):
        source(page, last="", bid="bid")
    one = RateSettings(name="one", urls={}, last="x")
    with pytest.raises(SetupError, match="the same name"):
        rate_sources([one, one], FakeClock())


def test_nobody_is_asked_unless_the_operator_says_so() -> None:
    settings = PaymentSettings()
    assert (settings.monero, settings.bitcoin, settings.rates) == (None, None, ())
