"""What others' programs may call at Command: known by what they sign, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from enigm.outside.card_webhook import WebhookSecret
from tests.support.acquirer import WEBHOOK_SECRET, Acquirer

if TYPE_CHECKING:
    import httpx

    from tests.support.command import RunningCommand, Visit

pytestmark = pytest.mark.requirement("PAY-07")

BODY = b'{"id": "evt_1"}'


async def call(visit: Visit, header: str, body: bytes = BODY) -> httpx.Response:
    """Call as a program does: without origin, cookie or form token."""
    headers = {
        "stripe-signature": header,
        "content-type": "application/json",
        "accept": "application/json",
    }
    return await visit.http.post("/machines/card", content=body, headers=headers)


@pytest.fixture
def calls(command: RunningCommand) -> list[bytes]:
    """Command of an operator who has set a card processor up."""
    taken: list[bytes] = []
    secret = WebhookSecret(WEBHOOK_SECRET, command.clock)

    def take(body: bytes, header: str) -> None:
        secret.check(body, header)
        taken.append(body)

    parts = command.service.parts
    object.__setattr__(parts, "shop", replace(parts.shop, card_call=take))
    return taken


async def test_a_signed_call_is_heard(
    visit: Visit, command: RunningCommand, calls: list[bytes]
) -> None:
    header = Acquirer().signed_call(BODY, command.clock.now_seconds())
    assert (await call(visit, header)).status_code == 204
    assert (await call(visit, header)).status_code == 204
    assert calls == [BODY, BODY]


async def test_any_other_call_is_refused_alike(
    visit: Visit, command: RunningCommand, calls: list[bytes]
) -> None:
    acquirer, now = Acquirer(), command.clock.now_seconds()
    wrong = [
        "",
        acquirer.signed_call(BODY, now - 301),
        acquirer.signed_call(BODY, now, "whsec_forged"),
        acquirer.signed_call(b"other", now),
    ]
    answers = {(a.status_code, a.json()["code"]) for a in [await call(visit, h) for h in wrong]}
    assert answers == {(400, "commerce.webhook")}
    assert not calls


async def test_without_a_processor_nobody_listens(visit: Visit) -> None:
    assert (await call(visit, "t=1,v1=0")).status_code in (409, 503)
