"""Codes at Command: made in the browser, spent with change, renewed; and what all may check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.domains.commerce.model.codes import Signed
from enigm.wire.code_coin import KeyNumber
from tests.command.test_shop import buy
from tests.support.coins import Purse
from tests.support.journey import b64, unb64

if TYPE_CHECKING:
    from enigm.domains.commerce.model.codes import Wanted
    from tests.support.command import RunningCommand, Visit
    from tests.support.journey import Journey

pytestmark = pytest.mark.requirement("PAY-05", "CMD-12")

CONFIRMED, MONERO = PaymentEventKind.CONFIRMED, MethodName.MONERO


@pytest.fixture
def purse(command: RunningCommand) -> Purse:
    assert command.paper.shop is not None
    return Purse(command.paper.shop.commerce.mint)


def asking(purse: Purse, wanted: list[Wanted], code: str = "") -> dict[str, Any]:
    lines = [{"key": w.key, "blinded": [b64(each) for each in w.blinded]} for w in wanted]
    return {"request": b64(purse.request()), "wanted": lines, "code": code}


def finished(purse: Purse, answer: list[dict[str, Any]]) -> list[str]:
    return purse.finish(
        [
            Signed(
                KeyNumber(each["key"]),
                tuple(unb64(element) for element in each["elements"]),
                unb64(each["proof"]),
            )
            for each in answer
        ]
    )


async def bought(
    visit: Visit, command: RunningCommand, purse: Purse, counts: dict[int, int]
) -> Any:
    address = await buy(visit, "coin100")
    command.paper.happen(MONERO, CONFIRMED, depth=20)
    page = await visit.get(address)
    assert "Make your codes" in page.text
    assert 'id="token"' not in page.text
    assert "signed without being seen" in (await visit.get(f"{address}/codes")).text
    answer = await visit.ask(f"{address}/codes/collect", asking(purse, purse.want(counts)))
    assert answer.status_code == 200, answer.text
    return finished(purse, answer.json())


async def test_codes_are_bought_and_pay_with_change_in_one_deed(
    visit: Visit, command: RunningCommand, purse: Purse
) -> None:
    (code,) = await bought(visit, command, purse, {100_00: 1})
    another = command.visit()
    await another.get("/buy/app-1y")
    # Bought by a code that is not good: nothing is paid, and the page says why.
    wrong = {"country": "EE", "method": "code", "code": "0" * 35}
    assert "mistyped" in (await another.post("/buy/app-1y/order", wrong)).text
    opened = await open_by_code(another, command)
    page = await another.get(f"{opened}/code")
    assert "€ 60.00" in page.text
    ask = asking(purse, purse.want({20_00: 2}), code)
    answer = await another.ask(f"{opened}/code/pay", ask)
    assert answer.status_code == 200, answer.text
    change = finished(purse, answer.json())
    assert len(change) == 2
    assert (await another.ask(f"{opened}/code/pay", ask)).json() == answer.json()
    assert 'data-state="final"' in (await another.get(opened)).text
    renewed = await another.ask("/codes/renew", asking(purse, purse.want({5_00: 4}), change[0]))
    assert len(finished(purse, renewed.json())) == 4
    again = await another.ask("/codes/renew", asking(purse, purse.want({5_00: 4}), change[0]))
    assert (again.status_code, again.json()["code"]) == (404, "commerce.code_refused")


async def open_by_code(visit: Visit, command: RunningCommand) -> str:
    """Open an order by code over the shop itself, and let the browser come back to it."""
    assert command.paper.shop is not None
    ordering = command.paper.shop.commerce.ordering
    opened = ordering.open_order(None, "app-1y", "EE", MethodName.CODE)
    await visit.get("/come-back")
    answer = await visit.post("/come-back/open", {"code": str(opened.comeback)})
    return answer.headers["location"]


async def test_a_code_bought_elsewhere_buys_with_four_fields(
    visit: Visit, command: RunningCommand, purse: Purse
) -> None:
    code, *_ = await bought(visit, command, purse, {20_00: 5})
    another = command.visit()
    await another.get("/buy/app-3m")
    fields = {"country": "EE", "method": "code", "code": code.lower().replace("-", " ")}
    answer = await another.post("/buy/app-3m/order", fields)
    assert answer.status_code == 303, answer.text
    page = (await another.get(answer.headers["location"])).text
    assert 'data-state="final"' in page
    assert "can be taken as new codes" in page
    opened = answer.headers["location"]
    claim = await another.post(f"{opened}/refund")
    assert "2.00" in claim.text
    found = re.search(r'data-secret="([\w-]+)"', claim.text)
    assert found
    body = asking(purse, purse.want({1_00: 2})) | {"secret": found.group(1)}
    taken = await another.ask(f"{opened}/codes/refund", body)
    assert len(finished(purse, taken.json())) == 2, taken.text
    again = asking(purse, purse.want({1_00: 2})) | {"secret": found.group(1)}
    assert (await another.ask(f"{opened}/codes/refund", again)).status_code == 404


@pytest.mark.requirement("CMD-03")
async def test_a_buyer_takes_what_is_owed_as_codes_by_the_pin_for_exactly_these(
    visit: Visit, command: RunningCommand, purse: Purse, journey: Journey
) -> None:
    person = journey.new_person()
    await visit.sign_up(person)
    await visit.set_pin(person)
    batch = purse.mint.print_batch(20_00, 1)
    purse.mint.sell_batch(batch.key.number)
    address = await buy(visit, method="code", code=batch.codes[0])
    assert "taken as new codes, by your PIN" in (await visit.get(address)).text
    offered = await visit.post(f"{address}/refund")
    found = re.search(r'data-secret="([\w-]+)"', offered.text)
    assert found, offered.text
    assert 'name="pin"' in offered.text
    wanted, other = purse.want({1_00: 2}), purse.want({1_00: 2})
    body = asking(purse, wanted) | {"secret": found.group(1)}
    codes = f"{address}/codes/refund"
    assert (await visit.ask(codes, body)).json()["code"] == "accounts.pin_needed"
    fixed = unb64(found.group(1)), unb64(body["request"])
    grant = await visit.grant(person, "commerce.refund.claim", *fixed, *other[0].blinded)
    refused = await visit.ask(codes, body | {"grant": grant})
    assert refused.json()["code"] == "accounts.pin_grant_refused"
    grant = await visit.grant(person, "commerce.refund.claim", *fixed, *wanted[0].blinded)
    answer = await visit.ask(codes, body | {"grant": grant})
    assert len(answer.json()[0]["elements"]) == 2, answer.text
    assert (await visit.ask(codes, body)).json() == answer.json(), "an answer that was lost"
    assert (await visit.post(f"{address}/refund")).status_code == 409


async def test_without_a_script_a_code_pays_and_the_rest_stays_owed(
    visit: Visit, command: RunningCommand, purse: Purse
) -> None:
    (code,) = await bought(visit, command, purse, {100_00: 1})
    another = command.visit()
    opened = await open_by_code(another, command)
    await another.get(f"{opened}/code")
    assert (await another.post(f"{opened}/code/add", {"code": code})).status_code == 303
    assert "Money back" in (await another.get(opened)).text


@pytest.mark.parametrize(
    "broken",
    [
        {"request": ""},
        {"request": "!"},
        {"wanted": []},
        {"wanted": [{"key": 1, "blinded": ["!"]}]},
        {"wanted": [{"key": 1, "blinded": []}]},
        {"wanted": [{"key": 77, "blinded": [b64(bytes(32))]}]},
        {"wanted": [{"key": 7, "blinded": [b64(b"\xff" * 32)]}]},
        {"wanted": "all"},
    ],
)
async def test_a_malformed_request_signs_nothing(
    visit: Visit, command: RunningCommand, purse: Purse, broken: dict[str, Any]
) -> None:
    address = await buy(visit, "coin100")
    command.paper.happen(MONERO, CONFIRMED, depth=20)
    await visit.get(f"{address}/codes")
    body = asking(purse, purse.want({100_00: 1})) | broken
    answer = await visit.ask(f"{address}/codes/collect", body)
    assert answer.status_code == 400
    assert purse.mint.totals().outstanding_cents == 0


async def test_another_guest_collects_nothing(
    visit: Visit, command: RunningCommand, purse: Purse
) -> None:
    address = await buy(visit, "coin100")
    command.paper.happen(MONERO, CONFIRMED, depth=20)
    other = command.visit()
    await other.get("/codes")
    answer = await other.ask(f"{address}/codes/collect", asking(purse, purse.want({100_00: 1})))
    assert answer.status_code == 404


async def test_both_lists_are_there_for_everybody(visit: Visit, command: RunningCommand) -> None:
    keys = (await visit.get("/codes/lists/keys")).json()
    assert len(keys["lines"]) == 7
    assert (await visit.get("/codes/lists/totals")).json()["lines"] == []
    assert (await visit.get("/codes/lists/other")).status_code == 404
    assert "are outstanding, and the books owe" in (await visit.get("/codes")).text
