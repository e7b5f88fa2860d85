"""The browser's half of Code Coin, written on another library, against the shop's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.codes import RequestName, Wanted
from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.commerce.rules.codes import denominated
from enigm.wire.code_coin import KeyNumber, read_code
from tests.domains.commerce.test_codes import ADA, buy, guest, token_of
from tests.support.coins import Purse
from tests.support.journey import b64, unb64
from tests.support.node_peer import NodePeer, PeerRefusedError
from tests.support.shop import open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.domains.commerce.actions.minting import Mint
    from enigm.domains.commerce.model.codes import Signed
    from tests.support.databases import OpenDatabase
    from tests.support.shop import Shop

pytestmark = pytest.mark.requirement("PAY-05")


@pytest.fixture(scope="module")
def browser() -> Iterator[NodePeer]:
    peer = NodePeer(Path(__file__).with_name("coins_peer.mjs"))
    yield peer
    peer.close()


@pytest.fixture
def shop(open_sqlcipher_database: OpenDatabase) -> Shop:
    return open_shop(open_sqlcipher_database("commerce"))


def key_list(mint: Mint) -> dict[str, Any]:
    mint.ready()
    lines = [
        {"text": line.text, "signature": b64(line.signature)} for line in mint.published("keys")
    ]
    return {"public_key": b64(mint.public_key), "lines": lines}


def wanted_of(answer: list[dict[str, Any]]) -> list[Wanted]:
    return [
        Wanted(KeyNumber(each["key"]), tuple(unb64(element) for element in each["blinded"]))
        for each in answer
    ]


def told(signed: list[Signed]) -> list[dict[str, Any]]:
    return [
        {"key": each.key, "elements": [b64(e) for e in each.elements], "proof": b64(each.proof)}
        for each in signed
    ]


def test_codes_made_in_the_browser_are_spent_here(shop: Shop, browser: NodePeer) -> None:
    now = shop.clock.now_seconds()
    browser.ask("list", list=key_list(shop.commerce.mint), seen=None)
    opened = shop.order("coin100")
    shop.pay(opened)
    asked = browser.ask("want", counts=[[50_00, 1], [10_00, 5]], now=now)
    request = RequestName(b"r" * 16)
    signed = shop.commerce.codes.collect(
        token_of(shop, opened), wanted_of(asked["wanted"]), request
    )
    codes = browser.ask("finish", signed=told(signed))["codes"]
    assert len(codes) == 6
    assert all(browser.ask("value", text=code.lower())["value"] for code in codes)
    order = shop.order("app-1y", MethodName.CODE)
    for code in codes[:2]:
        shop.commerce.codes.pay(guest(order), code, ADA)
    assert shop.view(order).state is OrderState.FINAL
    assert [read_code(code).key for code in codes] == sorted(read_code(c).key for c in codes)[::-1]


def test_an_answer_under_another_key_is_refused_in_the_browser(
    shop: Shop, browser: NodePeer
) -> None:
    now = shop.clock.now_seconds()
    browser.ask("list", list=key_list(shop.commerce.mint), seen=None)
    (code,) = buy(shop, Purse(shop.commerce.mint), {100_00: 1})
    asked = browser.ask("want", counts=[[100_00, 1]], now=now)
    wanted = wanted_of(asked["wanted"])
    (good,) = shop.commerce.codes.exchange(code, ADA, wanted, RequestName(b"e" * 16))
    lying = told([good])
    with shop.database.begin() as connection:
        other = next(key for key in shop.commerce.mint.ready() if key.value_cents == 50_00)
        (tagged,) = shop.commerce.mint.sign(connection, [Wanted(other.number, wanted[0].blinded)])
    lying[0]["elements"] = [b64(element) for element in tagged.elements]
    with pytest.raises(PeerRefusedError):
        browser.ask("finish", signed=lying)
    lying[0]["proof"] = b64(tagged.proof)
    with pytest.raises(PeerRefusedError):
        browser.ask("finish", signed=lying)


def test_a_list_for_one_person_alone_is_refused(shop: Shop, browser: NodePeer) -> None:
    whole = key_list(shop.commerce.mint)
    head = browser.ask("list", list=whole, seen=None)["head"]
    assert browser.ask("list", list=whole, seen=head)["head"] == head
    shorter = whole | {"lines": whole["lines"][:-1]}
    changed = whole | {"lines": [whole["lines"][0] | {"text": "key 1"}, *whole["lines"][1:]]}
    with pytest.raises(PeerRefusedError, match="another past"):
        browser.ask("list", list=shorter, seen=head)
    with pytest.raises(PeerRefusedError, match="does not hold"):
        browser.ask("list", list=changed, seen=None)


@pytest.mark.parametrize("cents", [99, 1_00, 40_00, 188_99])
def test_change_is_split_alike(shop: Shop, browser: NodePeer, cents: int) -> None:
    browser.ask("list", list=key_list(shop.commerce.mint), seen=None)
    split = browser.ask("split", cents=cents, now=shop.clock.now_seconds())["counts"]
    assert dict(split) == denominated(cents)
