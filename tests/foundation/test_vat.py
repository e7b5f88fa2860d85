"""Tax by country and day, and prices that split to the cent."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.foundation.vat import member_states, split_price, standard_rate

pytestmark = pytest.mark.requirement("PAY-08")

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("country", "percent"),
    [("DE", "19"), ("EE", "24"), ("SK", "23"), ("RO", "21"), ("FI", "25.5"), ("GR", "24")],
)
def test_the_rate_is_that_of_the_country_today(country: str, percent: str) -> None:
    assert standard_rate(country, TODAY) == Decimal(percent) * 100


@pytest.mark.parametrize(
    ("country", "day", "percent"),
    [
        ("EE", date(2025, 6, 30), "22"),
        ("EE", date(2025, 7, 1), "24"),
        ("SK", date(2024, 12, 31), "20"),
        ("RO", date(2025, 7, 31), "19"),
        ("RO", date(2025, 8, 1), "21"),
    ],
)
def test_the_rate_is_that_of_the_day(country: str, day: date, percent: str) -> None:
    assert standard_rate(country, day) == Decimal(percent) * 100


def test_the_twenty_seven_member_states_have_a_rate_and_others_have_none() -> None:
    assert len(member_states()) == 27
    assert all(standard_rate(country, TODAY) for country in member_states())
    assert not any(standard_rate(country, TODAY) for country in ("CH", "GB", "US", "EL", "", "xx"))


@given(st.integers(1, 10**9), st.sampled_from(sorted(member_states())))
def test_every_price_splits_to_the_cent(gross: int, country: str) -> None:
    rate = standard_rate(country, TODAY)
    assert rate is not None
    split = split_price(gross, rate)
    exact = Decimal(split.net) * rate / 10_000
    assert split.vat == exact.quantize(Decimal(1), ROUND_HALF_UP)
    assert split.net + split.vat + split.rounding == gross
    assert abs(split.rounding) <= 1
