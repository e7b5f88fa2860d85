"""With every store and every key in hand, who bought cannot be joined with who talks or holds."""

from __future__ import annotations

import dataclasses
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.assembly import commerce as assembly
from enigm.assembly.demo.joins import find_links
from enigm.assembly.demo.stores import Table, read_stores
from enigm.assembly.stores import DESIGNS
from enigm.domains.accounts.model import AccountId
from enigm.domains.commerce.actions.address_book import IssuedAddresses
from enigm.domains.commerce.model import IssuedAddress, MethodName, PaymentEventKind
from enigm.domains.commerce.model.orders import GuestsOrder, OpenedOrder
from enigm.domains.commerce.store.tables import shop_order
from enigm.domains.entitlements import model as entitlements_model
from enigm.domains.policy.rules import SCHEMA_TEXT
from enigm.foundation.encoding import base64url_encode
from tests.crossings.test_stores_share_nothing import whole_journey, windows
from tests.support.service import Running
from tests.support.shop import open_shop
from tests.support.shop_and_holders import Market

if TYPE_CHECKING:
    from collections.abc import Iterable

CONFIRMED, SEEN = PaymentEventKind.CONFIRMED, PaymentEventKind.SEEN
# Texts of the operator's own, one row for a method, the migrations' bookkeeping: of nobody.
OF_NOBODY = {"trade_text", "trade_in_force", "method_cursor", "schema_version"}
SIDES = ("accounts", "commerce", "devices", "entitlements", "messaging")


def account_ids(running: Running) -> list[AccountId]:
    table = DESIGNS["accounts"].metadata.tables["account"]
    with running.service.databases["accounts"].read() as connection:
        return [
            AccountId(found)
            for found in connection.execute(sa.select(table.c.account_id)).scalars()
        ]


def open_market_of(running: Running) -> Market:
    """Open a shop on the running service's own stores, with its keys, clock and dice."""
    databases = running.service.databases
    shop = open_shop(databases["commerce"], running.clock)
    joined = assembly.join_entitlements(shop.around, shop.commerce, databases["entitlements"])
    return Market(shop, joined, databases["entitlements"])


def buy(market: Market, account: AccountId, *, method: MethodName, days: int) -> OpenedOrder:
    """Buy, pay and activate in one breath, as somebody would whom a thief wants to follow."""
    opened = market.shop.order("app-1y", method, market.joined.names.buyer_of(account))
    addresses = IssuedAddresses(market.shop.commerce.premises)
    reference = market.shop.reference(opened)
    place = reference.hex()
    addresses.remember(IssuedAddress(method, reference, place, f"4{place}", 0, 1))
    market.shop.tell(opened, SEEN)
    market.shop.tell(opened, CONFIRMED, 10)
    token = market.shop.view(opened).token
    assert token is not None
    market.joined.activation.activate(account, base64url_encode(token))
    market.shop.tell(opened, CONFIRMED, 25)
    market.shop.clock.advance(days * 86_400)
    market.shop.hear()
    market.deliver()
    return opened


async def _journey(running: Running) -> Market:
    for _ in range(2):
        await whole_journey(running.journey)
    market = open_market_of(running)
    for account in account_ids(running):
        buy(market, account, method=MethodName.MONERO, days=0)
        buy(market, account, method=MethodName.CARD, days=32)
    guest = market.shop.order()
    assert guest.comeback is not None
    market.shop.pay(guest)
    market.shop.commerce.holding.what_we_hold(GuestsOrder(guest.comeback))
    # What is still open is sharp to the second; a price lock is over within the hour.
    running.clock.advance(2 * 86_400)
    market.shop.hear()
    market.deliver()
    return market


def _values(tables: Iterable[Table]) -> set[bytes]:
    return {
        value.encode() if isinstance(value, str) else value
        for table in tables
        for column in table.columns
        for value in column.values
        if isinstance(value, bytes | str) and len(value) >= 8
    }


@pytest.mark.slow
@pytest.mark.requirement("PAY-03", "PAY-13")
async def test_stores_of_purchases_join_with_no_other_by_value_hash_time_or_order(
    running: Running,
) -> None:
    await _journey(running)
    tables = [table for table in _tables(running) if table.name not in OF_NOBODY]
    by_domain = {
        side: [table for table in tables if table.domain == side and table.rows] for side in SIDES
    }
    assert all(by_domain.values()), "the journey filled every side"
    for one, other in combinations(SIDES, 2):
        if "commerce" not in (one, other) and "entitlements" not in (one, other):
            continue
        shared = windows(_values(by_domain[one])) & windows(_values(by_domain[other]))
        assert not shared, (one, other)
        found = [str(link) for link in find_links(by_domain[one], by_domain[other])]
        assert not found, "\n".join(found)


def _tables(running: Running) -> list[Table]:
    settings = running.settings
    designs = {name: DESIGNS[name] for name in running.service.databases}
    return read_stores(settings.stores_folder, settings.key_file, designs)


@pytest.mark.requirement("PAY-03")
async def test_the_search_finds_a_link_while_there_is_one(running: Running) -> None:
    await whole_journey(running.journey)
    market = open_market_of(running)
    (account,) = account_ids(running)
    opened = buy(market, account, method=MethodName.MONERO, days=0)
    with market.shop.database.begin() as connection:
        mine = shop_order.c.order_id == opened.order_id
        connection.execute(shop_order.update().where(mine).values(buyer=account * 2))
    tables = _tables(running)
    commerce, accounts = (
        [table for table in tables if table.domain == side] for side in ("commerce", "accounts")
    )
    assert "the same bytes" in {link.by for link in find_links(commerce, accounts)}


# --- What was paid for opens nothing: the import contract says it of code, this of data. --------

WORDS = ("order", "paid", "payment", "price", "entitle", "subscri", "purchase", "product", "sku")
PROTECTED = ("accounts", "attestation", "devices", "handles", "messaging", "policy", "posture")


@pytest.mark.requirement("PAY-04", "PAY-13")
@pytest.mark.parametrize("domain", PROTECTED)
def test_no_store_that_trust_keys_or_messages_rest_on_has_a_word_of_purchases(domain: str) -> None:
    names = {
        f"{table.name}.{column.name}"
        for table in DESIGNS[domain].metadata.sorted_tables
        for column in table.columns
    }
    assert not {name for name in names if any(word in name for word in WORDS)}


@pytest.mark.requirement("PAY-04", "PAY-13")
def test_no_policy_can_ask_what_somebody_bought() -> None:
    # Operations have names, too, such as that an order is decided about; facts are what is asked.
    text = SCHEMA_TEXT.lower().partition("type facts = {")[2].partition("}")[0]
    assert "posture" in text
    assert not [word for word in (*WORDS, "esim_state", "invoice", "code coin") if word in text]


@pytest.mark.requirement("PAY-04")
def test_what_is_held_is_a_name_a_state_and_days_with_no_key_or_right_in_it() -> None:
    fields = {
        field.name: field.type for field in dataclasses.fields(entitlements_model.Entitlement)
    }
    assert fields == {
        "entitlement_id": "EntitlementId",
        "product": "str",
        "state": "EntitlementState",
        "starts_at": "int",
        "ends_at": "int | None",
        "can_be_taken_back": "bool",
    }


@pytest.mark.requirement("PAY-04", "PAY-13")
def test_no_deed_of_the_shop_is_handed_to_what_decides() -> None:
    root = Path(__file__).parents[2] / "src/enigm"
    deciding = [*(root / "faces/http").rglob("*.py"), *root.glob("crossings/protected_*.py")]
    assert deciding
    for path in deciding:
        text = path.read_text()
        assert "commerce" not in text, path
        assert "entitlement" not in text, path
