"""Tokens: a day's quota for an account, signed by the published key, by trusted devices only."""

from __future__ import annotations

import pytest

from enigm.crypto import tokens
from enigm.domains.accounts import rules
from tests.support.journey import Journey, Problem, b64
from tests.support.service import Running

PATH = "/accounts/v1/tokens"


async def test_signed_tokens_hold_for_the_published_key(journey: Journey) -> None:
    alice = await journey.register()
    key = await journey.ask("GET", f"{PATH}/key")
    assert len(key["public_key"]) == 43
    assert len(set(await journey.tokens(alice, 64))) == 64


async def test_an_account_has_512_tokens_a_day(running: Running) -> None:
    journey = running.journey
    alice, bob = await journey.register(), await journey.register()
    for _ in range(rules.TOKENS_PER_DAY // 64):
        await journey.tokens(alice, 64)
    with pytest.raises(Problem) as raised:
        await journey.tokens(alice, 1)
    assert (raised.value.status, raised.value.code) == (429, "accounts.token_quota")
    wait = raised.value.body["retry_after_seconds"]
    assert 0 < wait <= 86_400
    assert raised.value.answer.headers["retry-after"] == str(wait)
    await journey.tokens(bob, 1)
    running.clock.advance(wait)
    await journey.sign_in(alice)
    await journey.tokens(alice, 64)


@pytest.mark.parametrize("count", [0, 65])
async def test_a_batch_has_1_to_64(journey: Journey, count: int) -> None:
    alice = await journey.register()
    _, blinded = tokens.blind(1, journey.entropy)
    body = {"blinded": [b64(blinded[0])] * count}
    with pytest.raises(Problem) as raised:
        await journey.as_device(alice, "POST", PATH, body)
    assert raised.value.status == 400


@pytest.mark.parametrize("octets", [bytes(32), b"\xff" * 32])
async def test_what_is_no_blinded_token_is_refused(journey: Journey, octets: bytes) -> None:
    alice = await journey.register()
    with pytest.raises(Problem) as raised:
        await journey.as_device(alice, "POST", PATH, {"blinded": [b64(octets)]})
    assert (raised.value.status, raised.value.code) == (400, "crypto.token_format")
