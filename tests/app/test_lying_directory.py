"""A directory or token issuer that lies: the App believes nothing that it can check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from enigm.app.service.directory import LOOKUP_PATH
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.errors import Refusal, UnverifiableError
from tests.support.app_world import (
    PASSWORD,
    PIN,
    ServiceOnPort,
    World,
    befriend,
    detail,
    has_text,
    texts,
    until,
)
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

TOKENS_PATH = "/accounts/v1/tokens"
SIX_HOURS_SECONDS = 6 * 3600


async def test_somebody_elses_key_package_is_not_let_in(world: World) -> None:
    """The service answers a look-up of bob's devices with mallory's key package."""
    alice, bob = await world.person("alice"), await world.person("bob")
    mallory = await world.person("mallory")
    package = mallory._access.unlocked().engine.upkeep._fresh_packages(1)[0].message

    def swap(body: bytes) -> bytes:
        answer = json.loads(body)
        for device in answer.get("devices", []):
            if "key_package" in device:
                device["key_package"] = base64url_encode(package)
        return json.dumps(answer).encode()

    world.service.middleman.rewrite[LOOKUP_PATH] = swap
    contact = await alice.add_contact(username="bob", greeting="only for bob")
    engine = alice._access.unlocked().engine
    await until(lambda: not engine.home.queues.intents(contact.conversation, engine.home.now()))
    found = await detail(alice, contact.conversation)
    assert found is not None
    assert [member.name for member in found.members] == ["alice"]
    await mallory.settle(5)
    assert await mallory.requests() == await bob.requests() == []


async def test_a_forged_chain_is_refused(world: World) -> None:
    alice = await world.person("alice")
    await world.person("bob")

    def forge(body: bytes) -> bytes:
        answer = json.loads(body)
        entry = answer["chain"][0]
        answer["chain"][0] = entry[:-4] + ("AAAA" if entry[-4:] != "AAAA" else "BBBB")
        return json.dumps(answer).encode()

    world.service.middleman.rewrite[LOOKUP_PATH] = forge
    with pytest.raises(UnverifiableError):
        await alice.add_contact(username="bob")


async def test_another_accounts_chain_under_a_known_fingerprint_is_refused(world: World) -> None:
    alice, bob, mallory = [await world.person(name) for name in ("alice", "bob", "mallory")]
    await befriend(alice, bob, "")
    answers: list[bytes] = []

    def keep(body: bytes) -> bytes:
        answers.append(body)
        return body

    world.service.middleman.rewrite[LOOKUP_PATH] = keep
    lookups = alice._access.unlocked().engine.lookups
    await lookups.by_account(mallory.state().fingerprint)
    world.service.middleman.rewrite[LOOKUP_PATH] = lambda _: answers[0]
    with pytest.raises(UnverifiableError):
        await lookups.by_account(bob.state().fingerprint)


async def test_a_list_of_devices_that_forgets_is_noticed(world: World) -> None:
    """Old answers are served again; what was known stays known, a revocation above all."""
    alice, bob = await world.person("alice"), await world.person("bob")
    await befriend(alice, bob, "")
    old: list[bytes] = []

    def keep(body: bytes) -> bytes:
        old.append(body)
        return body

    world.service.middleman.rewrite[LOOKUP_PATH] = keep
    lookups, home = (alice._access.unlocked().engine.lookups, alice._access.unlocked().home)
    account = bob.state().fingerprint
    await lookups.by_account(account)
    world.service.middleman.rewrite.clear()
    second = await world.open("second")
    await second.link("bob", PASSWORD)
    waiting = next(item for item in await bob.devices() if item.state == "pending")
    await bob.approve_device(waiting.id)
    await bob.set_pin(PASSWORD, PIN)
    await bob.revoke_device(waiting.id, PIN)
    await lookups.by_account(account)
    assert len(home.chains.chains[account].revoked) == 1
    world.service.middleman.rewrite[LOOKUP_PATH] = lambda _: old[0]
    await lookups.by_account(account)
    assert len(home.chains.chains[account].revoked) == 1


@pytest.mark.parametrize("part", ["evaluated", "proof", "public_key"])
async def test_tokens_under_a_key_of_ones_own_are_refused(world: World, part: str) -> None:
    """Such tokens would mark whoever spends them."""
    alice = await world.person("alice")
    home = alice._access.unlocked().home
    with home.vault.transaction():
        home.vault.run("DELETE FROM token")

    def mark(body: bytes) -> bytes:
        answer: dict[str, Any] = json.loads(body)
        if part == "evaluated":
            answer[part] = list(reversed(answer[part]))
        else:
            answer[part] = base64url_encode(bytes(len(answer[part]) * 3 // 4))
        return json.dumps(answer).encode()

    world.service.middleman.rewrite[TOKENS_PATH] = mark
    with pytest.raises(Refusal):
        await alice.add_contact(username="bob")
    assert alice._access.unlocked().engine.wallet.count() == 0


@pytest.mark.requirement("APP-07")
async def test_a_session_that_ended_is_opened_again_and_the_talk_goes_on(tmp_path: Path) -> None:
    clock = FakeClock()
    service = ServiceOnPort(tmp_path / "service", clock=clock)
    await service.start()
    world = World(service, tmp_path)
    try:
        alice, bob = await world.person("alice"), await world.person("bob")
        talk = await befriend(alice, bob, "")
        sign_in = alice._access._require_accounts()._require_sign_in()
        first = sign_in.session
        assert first is not None
        assert first.expires_at == clock.now_seconds() + SIX_HOURS_SECONDS
        clock.advance(SIX_HOURS_SECONDS + 1)
        await alice.send(talk, "six hours later")
        await until(lambda: has_text(bob, talk, "six hours later"))
        assert len(await alice.devices()) == 1
        assert sign_in.session is not None
        assert sign_in.session.session != first.session
        assert await texts(bob, talk) == ["six hours later"]
    finally:
        await world.close()
