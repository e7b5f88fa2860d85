"""The catalogue and the policy that hold: asked for at any moment, and never put back unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from enigm.domains.commerce.actions.documents import DocumentKind, Documents
from enigm.domains.commerce.errors import (
    DocumentRolledBackError,
    DocumentUnknownError,
    DocumentUnverifiableError,
    NotOnSaleYetError,
    OfferUnknownError,
    PurchaseRejectedError,
)
from enigm.domains.commerce.model.catalogue import Product, Sale
from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.commerce.rules.trade import read_catalogue, with_sale
from enigm.domains.commerce.store.tables import shop_order, trade_in_force, trade_text
from enigm.foundation.errors import Category, UnavailableError
from enigm.foundation.rollback import LOOKS_MAX
from tests.domains.commerce.test_trade import put_in_force, refusal, rule
from tests.support.databases import keys_of_tests
from tests.support.shop import PaperChanges, open_shop

if TYPE_CHECKING:
    from tests.support.databases import OpenDatabase
    from tests.support.shop import Shop

POLICY, CATALOGUE = DocumentKind.POLICY, DocumentKind.CATALOGUE


def rows(shop: Shop) -> list[dict[str, Any]]:
    """Return what the store says is in force, as whoever writes in it sees it."""
    with shop.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(trade_in_force)).mappings()]


def overwrite(shop: Shop, kept: list[dict[str, Any]]) -> None:
    """Put rows back, signatures and all, and let a look at the store be due."""
    with shop.database.begin() as connection:
        connection.execute(trade_in_force.delete())
        if kept:
            connection.execute(trade_in_force.insert(), kept)
    shop.clock.advance(2)


def another_process(shop: Shop) -> Documents:
    """Return the documents as a process that has just started sees them."""
    return Documents(shop.commerce.premises, keys_of_tests(), shop.changes)


def test_a_writer_that_looks_up_what_holds_does_not_wait_for_itself(
    open_database: OpenDatabase,
) -> None:
    shop = open_shop(open_database("commerce"))
    before = shop.commerce.documents.in_force()
    shop.clock.advance(5)
    with shop.database.begin():
        assert shop.commerce.documents.in_force().catalogue == before.catalogue


@pytest.mark.requirement("PAY-09")
@pytest.mark.parametrize("kinds", [{"policy"}, {"catalogue"}, {"policy", "catalogue"}])
def test_an_older_choice_put_back_with_its_signature_closes_the_shop(
    shop: Shop, kinds: set[str]
) -> None:
    before = {row["kind"]: row for row in rows(shop)}
    put_in_force(shop, rule("DE", "block"))
    after = {row["kind"]: row for row in rows(shop)}
    assert refusal(shop)[0] == "commerce.sanctions"
    overwrite(shop, [before[kind] if kind in kinds else after[kind] for kind in after])
    fresh = another_process(shop)
    for documents in (shop.commerce.documents, fresh):
        with pytest.raises(DocumentRolledBackError) as refused:
            documents.in_force()
        assert refused.value.category is Category.UNVERIFIABLE
        with pytest.raises(DocumentRolledBackError):
            documents.activate(POLICY, 1)
    with pytest.raises(DocumentRolledBackError):
        shop.order()
    overwrite(shop, list(after.values()))
    assert refusal(shop)[0] == "commerce.sanctions"


@pytest.mark.requirement("PAY-09")
def test_a_choice_that_is_taken_away_is_no_first_start(shop: Shop) -> None:
    put_in_force(shop, rule("DE", "block"))
    overwrite(shop, [])
    for documents in (shop.commerce.documents, another_process(shop)):
        with pytest.raises(DocumentRolledBackError):
            documents.in_force()
    assert rows(shop) == [], "nothing was signed anew"


@pytest.mark.requirement("PAY-09")
def test_an_operator_who_looked_lets_versions_stand(shop: Shop) -> None:
    held = put_in_force(shop, rule("DE", "block"))
    overwrite(shop, [])
    documents = another_process(shop)
    with pytest.raises(DocumentUnknownError):
        documents.confirm(1, 99)
    documents.confirm(1, held)
    shop.clock.advance(2)
    assert refusal(shop)[0] == "commerce.sanctions"
    assert shop.changes.told == [("activated", 2), ("confirmed", 3)]


def test_what_is_confirmed_stands_above_all_that_was_signed_even_where_the_log_lost_it(
    shop: Shop,
) -> None:
    for _ in range(3):
        put_in_force(shop, rule("DE", "block"))
    before = rows(shop)
    shop.changes.told.clear()
    another_process(shop).confirm(1, 1)
    overwrite(shop, before)
    with pytest.raises(DocumentRolledBackError):
        another_process(shop).in_force()


def test_a_text_that_was_never_signed_is_not_confirmed(shop: Shop) -> None:
    with shop.database.begin() as connection:
        connection.execute(trade_text.update().values(text=trade_text.c.text + " "))
    with pytest.raises(DocumentUnverifiableError):
        shop.commerce.documents.confirm(1, 1)
    assert shop.changes.told == []


@pytest.mark.requirement("PAY-09")
def test_what_cannot_be_recorded_is_not_put_in_force(shop: Shop) -> None:
    shop.changes.failure = UnavailableError("audit.unavailable", "The log is full.")
    with pytest.raises(UnavailableError):
        put_in_force(shop, rule("DE", "block"))
    shop.changes.failure = None
    shop.clock.advance(2)
    assert shop.order().view.state is OrderState.NEW
    assert another_process(shop).in_force().policy.version == 1


def test_a_change_that_was_recorded_and_not_made_stops_the_shop_until_somebody_looks(
    shop: Shop,
) -> None:
    shop.changes.record("activated", 2)  # the process was killed here, before it wrote
    documents = another_process(shop)
    with pytest.raises(DocumentRolledBackError):
        documents.in_force()
    documents.confirm(1, 1)
    assert documents.in_force().policy.version == 1


def test_choices_of_a_store_without_any_record_hold_as_they_were_signed(shop: Shop) -> None:
    put_in_force(shop, rule("DE", "block"))
    unrecorded = Documents(shop.commerce.premises, keys_of_tests(), PaperChanges())
    assert unrecorded.in_force().policy.version == 2


def test_an_older_version_is_put_back_by_an_operator_and_an_unknown_one_is_not(shop: Shop) -> None:
    first, _text = shop.commerce.documents.text(POLICY)
    put_in_force(shop, rule("DE", "block"))
    with pytest.raises(PurchaseRejectedError):
        shop.order()
    shop.commerce.documents.activate(POLICY, first)
    assert shop.order().view.state is OrderState.NEW
    for kind in DocumentKind:
        with pytest.raises(DocumentUnknownError):
            shop.commerce.documents.activate(kind, 99)
    assert [change for change, _number in shop.changes.told] == ["activated", "activated"]


@pytest.mark.requirement("PAY-02")
def test_what_nothing_stands_behind_yet_is_listed_and_cannot_be_ordered(one_shop: Shop) -> None:
    offers = one_shop.commerce.ordering.catalogue().offers
    waiting = {offer.product for offer in offers if offer.sale is Sale.NOT_YET}
    assert waiting == {Product.SERVER, Product.OS, Product.KEY}
    for sku in ("srv-1y", "os-1", "key-1"):
        with pytest.raises(NotOnSaleYetError) as refused:
            one_shop.order(sku)
        said = refused.value
        assert (said.code, said.category) == ("commerce.not_on_sale_yet", Category.CONFLICT)
    with one_shop.database.read() as connection:
        assert connection.execute(sa.select(shop_order)).all() == [], "nothing is kept of it"
    one_shop.put_on_sale("srv-1y")
    assert one_shop.order("srv-1y").view.state is OrderState.NEW
    one_shop.put_on_sale("app-3m", Sale.NOT_YET)
    with pytest.raises(NotOnSaleYetError):
        one_shop.order("app-3m")


def test_a_catalogue_is_changed_offer_by_offer_and_says_which_there_is_not(one_shop: Shop) -> None:
    text = one_shop.commerce.documents.text(CATALOGUE)[1]
    changed = read_catalogue(with_sale(text, "os-1", Sale.OPEN), 2).offers
    before = read_catalogue(text, 1).offers
    assert [new.sku for new, old in zip(changed, before, strict=True) if new != old] == ["os-1"]
    with pytest.raises(OfferUnknownError):
        with_sale(text, "car-1", Sale.OPEN)


@pytest.mark.requirement("PAY-09")
def test_a_process_that_never_saw_a_change_notices_that_it_was_put_back(shop: Shop) -> None:
    """Another process put it in force, and whoever writes in the store was quicker than a look."""
    before = rows(shop)
    assert shop.order().view.state is OrderState.NEW
    documents = another_process(shop)
    documents.activate(CATALOGUE, documents.stage(CATALOGUE, documents.text(CATALOGUE)[1]))
    for _ in range(LOOKS_MAX):
        overwrite(shop, before)
        shop.commerce.documents.in_force()
    overwrite(shop, before)
    with pytest.raises(DocumentRolledBackError):
        shop.commerce.documents.in_force()


def test_a_shop_that_runs_goes_on_while_the_log_does_not_answer(shop: Shop) -> None:
    def silent() -> int:
        raise UnavailableError("storage.unavailable", "The service cannot reach its storage now.")

    shop.order()
    shop.changes.newest_number = silent  # type: ignore[method-assign]
    shop.clock.advance(2)
    assert shop.order().view.state is OrderState.NEW
    with pytest.raises(UnavailableError):
        another_process(shop).in_force()
