"""Which tax an invoice names, and what may stand on it."""

from __future__ import annotations

from datetime import date

import pytest

from enigm.domains.invoices.errors import BearerInvalidError
from enigm.domains.invoices.model import Bearer, Sale, Supply, Tax, TaxCategory
from enigm.domains.invoices.rules import checked_bearer, tax_of
from enigm.foundation.vat import standard_rate

pytestmark = pytest.mark.requirement("PAY-08")

TODAY = date(2026, 11, 20)


def sold(country: str, supply: Supply = Supply.SERVICE) -> Sale:
    return Sale("Enigm", 12_00, country, supply, TODAY)


def test_outside_the_union_nothing_is_charged() -> None:
    for country in ("CH", "GB", "NO", "US", "JP"):
        rate = standard_rate(country, TODAY)
        assert tax_of(sold(country), rate, "v") == Tax(TaxCategory.OUTSIDE, 0, "v")
        goods = sold(country, Supply.GOODS)
        assert tax_of(goods, rate, "v") == Tax(TaxCategory.EXPORT, 0, "v")


def test_the_rates_table_is_named_on_the_invoice() -> None:
    assert tax_of(sold("DE"), 19_00, "2026-09-29").table_version == "2026-09-29"


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
