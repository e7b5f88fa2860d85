"""Buying, coming back, activating, being paid back: as a guest and with an account."""

from __future__ import annotations

import html
import re

import pytest

from enigm.domains.commerce.actions.guests import FREE_GUEST_ORDERS
from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.faces.command.sessions import GUEST_COOKIE, ORDER_COOKIE
from enigm.wire import registration_proof
from tests.support.command import RunningCommand, Visit
from tests.support.journey import Journey, b64, unb64

SEEN, CONFIRMED = PaymentEventKind.SEEN, PaymentEventKind.CONFIRMED
MONERO, CARD = MethodName.MONERO, MethodName.CARD
CODE = re.compile(r'id="comeback">([A-Z2-7-]+)<')
TOKEN = re.compile(r'id="token">([\w-]{43})<')
SECRET = re.compile(r'name="secret" value="([\w-]{43})"')


async def buy(visit: Visit, sku: str = "app-3m", method: str = "monero", code: str = "") -> str:
    """Buy something and return the address of its order."""
    await visit.get(f"/buy/{sku}")
    fields = {"country": "EE", "method": method, "code": code}
    answer = await visit.post(f"/buy/{sku}/order", fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.mark.requirement("CMD-01", "CMD-04", "PAY-01")
async def test_a_guest_buys_pays_and_is_shown_what_activates_it(
    visit: Visit, command: RunningCommand
) -> None:
    address = await buy(visit)
    page = (await visit.get(address)).text
    assert "Waiting for 0.12 XMR" in page
    assert "data:image/svg+xml" in page
    assert "15:00" in page
    assert CODE.search(page)
    command.paper.happen(MONERO, SEEN)
    assert "Payment seen" in (await visit.get(f"{address}/live")).text
    command.paper.happen(MONERO, CONFIRMED, depth=10)
    live = (await visit.get(f"{address}/live")).text
    assert TOKEN.search(live)
    assert "<html" not in live


@pytest.mark.requirement("CMD-04")
async def test_a_guest_comes_back_by_the_code_alone(visit: Visit, command: RunningCommand) -> None:
    address = await buy(visit)
    found = CODE.search((await visit.get(address)).text)
    assert found
    another = command.visit()
    for elsewhere in (address, "/orders/guest.", "/orders/guest.AAAAAAAAAAAAAAAA"):
        refused = await another.get(elsewhere)
        assert refused.status_code == 404
        assert "come back to it with its code" in refused.text
    await another.get("/come-back")
    typed = found.group(1).lower().replace("-", " ")
    answer = await another.post("/come-back/open", {"code": typed})
    assert answer.headers["location"] == address
    assert "Waiting for 0.12 XMR" in (await another.get(address)).text
    wrong = await another.post("/come-back/open", {"code": "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"})
    assert wrong.status_code == 404
    assert "There is no such order" in wrong.text


@pytest.mark.requirement("CMD-09", "CMD-11")
@pytest.mark.parametrize("planted", [{ORDER_COOKIE}, {ORDER_COOKIE, GUEST_COOKIE}])
async def test_an_order_that_another_program_of_this_machine_plants_is_not_shown_or_paid(
    visit: Visit, command: RunningCommand, planted: set[str]
) -> None:
    """Ports of one host share cookies: another one's order could stand where a guest's own did."""
    own, thief = await buy(visit), command.visit()
    theirs = await buy(thief)
    kept, brought = dict(visit.http.cookies), dict(thief.http.cookies)
    visit.http.cookies.clear()
    visit.http.cookies.update(kept | {name: brought[name] for name in planted})
    for page in ("", "/live", "/code", "/codes"):
        assert (await visit.get(own + page)).status_code == 404
    await visit.get("/come-back")
    for deed in ("refund", "refund/claim", "appeal", "invoice", "code/add"):
        refused = await visit.post(f"{own}/{deed}", {"reason": "rule_wrong", "code": "0" * 25})
        assert refused.status_code == 404, deed
    for site in ("same-site", "cross-site"):
        sent = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        assert (await visit.get(theirs, **sent)).status_code == 404, "nobody is led there"
        assert (await visit.get("/orders/mine", **sent)).headers["location"] == "/come-back"
    visit.http.cookies.clear()
    visit.http.cookies.update(kept)
    assert (await visit.get(own)).status_code == 200


@pytest.mark.requirement("CMD-01", "CMD-04")
async def test_an_account_buys_activates_and_holds(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    await visit.sign_up(journey.new_person())
    address = await buy(visit)
    command.paper.happen(MONERO, CONFIRMED, depth=10)
    assert "Activate on this account" in (await visit.get(address)).text
    assert (await visit.post(f"{address}/activate")).headers["location"] == "/entitlements"
    page = (await visit.get("/entitlements")).text
    assert "Active" in page
    assert "91 days left" in page
    assert "91 days" in (await visit.get("/")).text
    again = await visit.post(f"{address}/activate")
    assert again.status_code == 404
    # The payment is taken back before it is final: what was bought is paused, not lost.
    command.paper.happen(MONERO, PaymentEventKind.REVERTED)
    for courier in command.service.shop.couriers:
        courier.deliver_due()
    assert "Paused" in (await visit.get("/entitlements")).text


@pytest.mark.requirement("CMD-04")
async def test_a_guests_token_is_activated_on_any_account_once(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    address = await buy(visit)
    command.paper.happen(MONERO, CONFIRMED, depth=10)
    found = TOKEN.search((await visit.get(address)).text)
    assert found
    first, second = command.visit(), command.visit()
    await first.sign_up(journey.new_person())
    await second.sign_up(journey.new_person())
    taken = await first.post("/entitlements/activate", {"token": found.group(1)})
    assert taken.status_code == 303
    refused = await second.post("/entitlements/activate", {"token": found.group(1)})
    assert refused.status_code in {404, 409}
    assert "Nothing yet" in refused.text
    typo = await second.post("/entitlements/activate", {"token": "A" * 43})
    assert typo.status_code == 404
    assert "Nothing can be activated with this" in typo.text


@pytest.mark.requirement("CMD-09", "PAY-01")
async def test_nobody_sees_or_touches_anothers_order(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    await visit.sign_up(journey.new_person())
    address = await buy(visit)
    other, guest = command.visit(), command.visit()
    await other.sign_up(journey.new_person())
    await guest.get("/come-back")
    for page in ("", "/live"):
        assert (await other.get(address + page)).status_code == 404
        assert (await guest.get(address + page)).status_code == 303
    for deed in ("activate", "appeal", "refund", "refund/claim"):
        fields = {"reason": "rule_wrong"}
        assert (await other.post(f"{address}/{deed}", fields)).status_code in {403, 404}
        assert (await guest.post(f"{address}/{deed}", fields)).status_code == 401
    assert "Nothing was bought" in (await other.get("/orders")).text


@pytest.mark.requirement("CMD-04", "PAY-10")
async def test_an_order_says_what_is_held_of_it_and_when_it_goes(visit: Visit) -> None:
    page = html.unescape((await visit.get(await buy(visit))).text)
    assert "What we hold about this order" in page
    assert page.count("goes ") > 15
    assert "EE" in page
    assert "1800" not in page


@pytest.mark.requirement("PAY-09")
async def test_a_guest_is_paid_back_what_came_too_late(
    visit: Visit, command: RunningCommand
) -> None:
    address = await buy(visit)
    await visit.get(address)
    command.clock.advance(3 * 86_400)
    command.paper.happen(MONERO, CONFIRMED, depth=20)
    page = (await visit.get(address)).text
    assert "Came too late" in page
    assert "Money back" in page
    offered = await visit.post(f"{address}/refund")
    found = SECRET.search(offered.text)
    assert found, offered.text
    claim = {"secret": found.group(1), "destination": "4" + "A" * 94}
    assert "It is on its way" in (await visit.post(f"{address}/refund/claim", claim)).text
    assert (await visit.post(f"{address}/refund/claim", claim)).status_code == 404


@pytest.mark.requirement("CMD-03", "PAY-09")
async def test_a_buyer_is_paid_back_by_the_pin_alone(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person = journey.new_person()
    await visit.sign_up(person)
    address = await buy(visit)
    await visit.get(address)
    command.clock.advance(3 * 86_400)
    command.paper.happen(MONERO, CONFIRMED, depth=20)
    await visit.sign_in(person)
    offered = await visit.post(f"{address}/refund")
    found = SECRET.search(offered.text)
    assert found, offered.text
    assert "PIN" in offered.text
    claim = {"secret": found.group(1), "destination": "4" + "A" * 94}
    refused = await visit.post(f"{address}/refund/claim", claim)
    assert refused.status_code == 403
    assert "PIN" in refused.text


@pytest.mark.requirement("PAY-04")
async def test_what_is_not_sold_is_refused_with_its_reason(visit: Visit) -> None:
    await visit.get("/buy/app-3m")
    for fields, status in (
        ({"country": "KP", "method": "monero"}, 403),
        ({"country": "XX", "method": "monero"}, 403),
        ({"country": "EE", "method": ""}, 400),
        ({"country": "EE", "method": "shells"}, 503),
    ):
        answer = await visit.post("/buy/app-3m/order", fields)
        assert answer.status_code == status, fields
        assert 'class="refusal"' in answer.text
    assert (await visit.get("/buy/nothing")).status_code == 404


@pytest.mark.requirement("PAY-01")
async def test_where_nobody_can_pay_the_pages_say_so_and_ask_for_nothing(
    visit: Visit, command: RunningCommand
) -> None:
    for name in set(command.paper.methods) - {MethodName.CODE}:
        del command.paper.methods[name]
    for page in ("/products", "/buy/app-3m"):
        assert "Nobody can buy here yet" in (await visit.get(page)).text
    assert "<form" not in (await visit.get("/buy/app-3m")).text
    assert command.paper.shop is not None
    mint = command.paper.shop.commerce.mint
    batch = mint.print_batch(20_00, 1)
    assert "Nobody can buy here yet" in (await visit.get("/products")).text, "not before it is sold"
    mint.sell_batch(batch.key.number)
    for page in ("/products", "/buy/app-3m"):
        assert "Nobody can buy" not in (await visit.get(page)).text
    assert (await visit.get(await buy(visit, method="code", code=batch.codes[0]))).is_success


@pytest.mark.requirement("PAY-02")
async def test_what_is_not_on_sale_yet_is_shown_so_and_refused(visit: Visit) -> None:
    page = (await visit.get("/products")).text
    # No provider of eSIMs is set up: nobody shall pay for one that nobody can make.
    assert page.count("Not on sale yet") == 4
    assert "/buy/srv-1y" not in page
    assert "/buy/sim-5" not in page
    assert "Not on sale yet" in (await visit.get("/buy/srv-1y")).text
    await visit.get("/buy/app-3m")
    refused = await visit.post("/buy/srv-1y/order", {"country": "EE", "method": "monero"})
    assert refused.status_code == 409
    assert "Not on sale yet" in refused.text


@pytest.mark.requirement("PAY-02", "PAY-09")
async def test_where_many_guests_come_a_browser_works_for_its_order_and_an_account_does_not(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    for _ in range(FREE_GUEST_ORDERS.amount):
        await buy(visit)
    fields = {"country": "EE", "method": "monero"}
    asked = await visit.post("/buy/app-3m/order", fields)
    assert asked.status_code == 429
    assert "does a little work first" in asked.text
    found = re.search(r'name="challenge" value="([\w-]+)"', asked.text)
    bits = re.search(r'data-bits="(\d+)"', asked.text)
    assert found
    assert bits
    challenge = found.group(1)
    right = b64(registration_proof.solve(unb64(challenge), int(bits.group(1))))
    for wrong in ("!", "AAAA", ""):
        refused = await visit.post(
            "/buy/app-3m/order", fields | {"challenge": challenge, "nonce": wrong}
        )
        assert refused.status_code == 422
    worked = fields | {"challenge": challenge, "nonce": right}
    assert (await visit.post("/buy/app-3m/order", worked)).status_code == 303
    again = await visit.post("/buy/app-3m/order", worked)
    assert again.status_code == 422, "work is worth one order"
    other = (await visit.get("/sign-up/guard")).json()["challenge"]
    elsewhere = b64(registration_proof.solve(unb64(other), 1))
    refused = await visit.post(
        "/buy/app-3m/order", fields | {"challenge": other, "nonce": elsewhere}
    )
    assert refused.status_code == 422, "nor is work that was done for something else"
    await visit.sign_up(journey.new_person())
    assert (await visit.post("/buy/app-3m/order", fields)).status_code == 303


@pytest.mark.requirement("PAY-12", "PAY-07")
async def test_each_way_to_pay_says_what_it_tells_of_the_payer(visit: Visit) -> None:
    page = html.unescape((await visit.get("/buy/app-3m")).text)
    assert "Never as private as a code" in page
    assert "e-mail address on its own page" in page
    assert "public for good" in page


@pytest.mark.requirement("PAY-07", "CMD-11")
async def test_a_payer_who_comes_back_from_the_processor_finds_the_order(visit: Visit) -> None:
    address = await buy(visit, method="card")
    assert "Go to the processor" in (await visit.get(address)).text
    cookies = dict(visit.http.cookies)
    visit.http.cookies.clear()
    # The visit from another site carries no cookie of ours; the next one is our own page's.
    crossed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert "/orders/mine" in (await visit.get("/orders/back", **crossed)).text
    visit.http.cookies.update(cookies)
    assert (await visit.get("/orders/mine")).headers["location"] == address
