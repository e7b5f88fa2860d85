"""An eSIM's whole life through Command, against an SM-DP+ over mutual TLS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.foundation.encoding import base64url_decode
from tests.support.command import RunningCommand, running_command
from tests.support.esim_world import certificates, smdp
from tests.support.smdp import provider_settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.esim_world import Certificates
    from tests.support.journey import Journey, Person
    from tests.support.service import Running
    from tests.support.smdp import SmDp

__all__ = ["certificates", "smdp"]

TOKEN = re.compile(r'name="token" class="mono" value="([\w-]{43})"')
LPA = re.compile(r'id="lpa">(LPA:1\$[^<]+)<')
RETRIEVAL = re.compile(r'id="retrieval">([^<]+)<')


@pytest.fixture
async def command(
    running: Running, smdp: SmDp, certificates: Certificates
) -> AsyncGenerator[RunningCommand]:
    """Command of an operator who has set a provider up."""
    esim = provider_settings(smdp.url, certificates.authority.file, certificates.shop)
    settings = msgspec.structs.replace(running.settings, esim=esim)
    async with running_command(settings, running.clock) as started:
        yield started


class Holder:
    """Somebody at Command with an account, a PIN and one eSIM."""

    def __init__(self, command: RunningCommand, person: Person) -> None:
        self.command = command
        self.person = person
        self.visit = command.visit()
        self.page = ""

    async def arrive(self) -> None:
        """Buy an eSIM, pay it for good and set it up."""
        visit = self.visit
        await visit.sign_up(self.person)
        await visit.set_pin(self.person)
        await visit.get("/buy/sim-5")
        bought = await visit.post("/buy/sim-5/order", {"country": "EE", "method": "monero"})
        order = bought.headers["location"]
        await visit.get(order)
        self.command.paper.happen(MethodName.MONERO, PaymentEventKind.CONFIRMED, depth=25)
        assert "Set up the eSIM" in (await visit.get(order)).text
        found = TOKEN.search((await visit.get(f"/esims?order={order.rpartition('/')[2]}")).text)
        assert found
        token = {"token": found.group(1)}
        assert (await visit.post("/esims/set-up", token)).status_code == 400
        made = await visit.post("/esims/set-up", token | {"notice": "1"})
        assert made.status_code == 303, made.text
        self.page = made.headers["location"]

    async def by_pin(self, deed: str) -> str:
        """Do something that asks for the PIN; return the page that follows."""
        esim_id = base64url_decode(self.page.rpartition("/")[2])
        grant = await self.visit.grant(self.person, f"esim.{deed}", esim_id)
        answer = await self.visit.post(f"{self.page}/{deed}", {"grant": grant})
        assert answer.status_code in {200, 303}, answer.text
        if answer.status_code == 303:
            self.page = answer.headers["location"]
        return answer.text


@pytest.fixture
async def holder(command: RunningCommand, journey: Journey) -> Holder:
    """Somebody with an eSIM that is bought."""
    made = Holder(command, journey.new_person())
    await made.arrive()
    return made


@pytest.mark.requirement("CMD-12", "SIM-01", "SIM-02")
async def test_an_esim_is_bought_activated_shown_by_pin_replaced_and_deleted(
    holder: Holder,
) -> None:
    visit = holder.visit
    assert (await visit.post(f"{holder.page}/activate")).status_code == 303
    page = (await visit.get(holder.page)).text
    assert "Ready to install" in page
    assert "LPA:" not in page
    for grant in ("", "A" * 43):
        refused = await visit.post(f"{holder.page}/reveal", {"grant": grant})
        assert refused.status_code == 403
        assert "LPA:" not in refused.text
    shown = await holder.by_pin("reveal")
    assert LPA.search(shown)
    assert "data:image/svg+xml" in shown
    before = holder.page
    await holder.by_pin("replace")
    assert holder.page != before
    assert "erased here" in await holder.by_pin("delete")
    assert (await visit.get(holder.page)).status_code == 404


@pytest.mark.requirement("CMD-12", "SIM-03")
async def test_an_esim_is_unlinked_and_taken_back_by_its_code(
    holder: Holder, command: RunningCommand, journey: Journey
) -> None:
    found = RETRIEVAL.search(await holder.by_pin("unlink"))
    assert found
    assert (await holder.visit.get(holder.page)).status_code == 404
    other = command.visit()
    await other.sign_up(journey.new_person())
    linked = await other.post("/esims/link", {"code": found.group(1)})
    assert linked.status_code == 303
    assert (await other.get(linked.headers["location"])).status_code == 200


@pytest.mark.requirement("CMD-09", "SIM-01")
async def test_nobody_sees_or_touches_anothers_esim(
    holder: Holder, command: RunningCommand, journey: Journey
) -> None:
    other = command.visit()
    await other.sign_up(journey.new_person())
    assert (await other.get(holder.page)).status_code == 404
    for deed in ("look", "activate"):
        assert (await other.post(f"{holder.page}/{deed}")).status_code == 404, deed
    for deed in ("reveal", "installed", "replace", "unlink", "retire", "delete"):
        answer = await other.post(f"{holder.page}/{deed}", {"grant": "A" * 43})
        assert answer.status_code in {403, 404}, deed
    assert "No eSIM yet" in (await other.get("/esims")).text


@pytest.mark.requirement("CMD-03", "SIM-04")
async def test_a_session_alone_ends_no_plan(holder: Holder) -> None:
    for grant in ("", "A" * 43):
        refused = await holder.visit.post(f"{holder.page}/retire", {"grant": grant})
        assert refused.status_code == 403
    assert "Retired" not in (await holder.visit.get(holder.page)).text
    await holder.by_pin("retire")
    assert "End the plan" not in (await holder.visit.get(holder.page)).text


@pytest.mark.requirement("CMD-03", "SIM-04")
async def test_a_session_alone_erases_no_code_and_ends_no_profile_that_is_replaced(
    holder: Holder,
) -> None:
    assert (await holder.visit.post(f"{holder.page}/activate")).status_code == 303
    for grant in ("", "A" * 43):
        refused = await holder.visit.post(f"{holder.page}/installed", {"grant": grant})
        assert refused.status_code == 403
    assert LPA.search(await holder.by_pin("reveal"))
    await holder.by_pin("installed")
    assert "Show the activation code" not in (await holder.visit.get(holder.page)).text
