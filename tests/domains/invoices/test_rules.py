"""Tax by country and day, amounts to the cent, and what may stand on an invoice."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.invoices.actions import _CHANGES, _RATES
from enigm.domains.invoices.errors import BearerInvalidError, VatUnknownError
from enigm.domains.invoices.model import Bearer, Sale, Supply, Tax, TaxCategory
from enigm.domains.invoices.rules import amounts_of, checked_bearer, tax_of

pytestmark = pytest.mark.requirement("PAY-08")

TODAY = date(2026, 11, 20)


def sold(country: str, day: date = TODAY, supply: Supply = Supply.SERVICE) -> Sale:
    return Sale("Enigm", 12_00, country, supply, day)


def rate(country: str, day: date = TODAY) -> int:
    return tax_of(sold(country, day), _RATES, _CHANGES, "v").rate_hundredths


@pytest.mark.parametrize(
    ("country", "percent"),
    [("DE", "19"), ("EE", "24"), ("SK", "23"), ("RO", "21"), ("FI", "25.5"), ("FR", "20")],
)
def test_the_rate_is_that_of_the_country_today(country: str, percent: str) -> None:
    assert rate(country) == Decimal(percent) * 100


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
    assert rate(country, day) == Decimal(percent) * 100


def test_all_member_states_have_a_rate_and_others_have_none() -> None:
    assert len(_RATES) == 27
    for country in ("CH", "GB", "NO", "US", "JP"):
        assert tax_of(sold(country), _RATES, _CHANGES, "v").category is TaxCategory.OUTSIDE
        export = tax_of(sold(country, supply=Supply.GOODS), _RATES, _CHANGES, "v")
        assert export.category is TaxCategory.EXPORT


def test_a_member_state_without_a_rate_is_not_guessed() -> None:
    with pytest.raises(VatUnknownError):
        tax_of(sold("XX"), {"XX": {}}, {}, "v")


@given(st.integers(1, 10**9), st.sampled_from(sorted(_RATES)))
def test_every_price_splits_to_the_cent(gross: int, country: str) -> None:
    hundredths = rate(country)
    amounts = amounts_of(gross, Tax(TaxCategory.STANDARD, hundredths, "v"))
    exact = Decimal(amounts.net) * hundredths / 10_000
    assert amounts.vat == exact.quantize(Decimal(1), ROUND_HALF_UP)
    assert amounts.net + amounts.vat + amounts.rounding == gross
    assert abs(amounts.rounding) <= 1


@pytest.mark.parametrize(
    ("bearer", "code"),
    [
        (Bearer(""), "invoices.name"),
        (Bearer(" \t\n"), "invoices.name"),
        (Bearer("x" * 121), "invoices.name"),
        (Bearer("a\u202egnp.exe"), "invoices.name"),
        (Bearer("a\x00b"), "invoices.name"),
        (Bearer("A", street="x" * 121), "invoices.street"),
        (Bearer("A", postcode="1" * 17), "invoices.postcode"),
        (Bearer("A", vat_id="12345"), "invoices.vat_id"),
    ],
)
def test_what_cannot_stand_on_an_invoice_is_refused_by_field(bearer: Bearer, code: str) -> None:
    with pytest.raises(BearerInvalidError) as refused:
        checked_bearer(bearer)
    assert refused.value.code == code


def test_a_bearer_does_not_print() -> None:
    assert repr(Bearer("Ada", "Street", "Tallinn", "10111", "EE1")) == "Bearer()"
