"""The directory: one token for one look-up, one key package for one asker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from enigm.domains.devices import rules
from enigm.wire.contact_card import open_card
from enigm.wire.device_chain import UnverifiedChain
from tests.support.journey import Journey, Person, Problem, b64, unb64
from tests.support.service import Running

KEY_PACKAGES, CARD = "/devices/v1/key-packages", "/devices/v1/card"
LOOKUP = "/directory/v1/lookup"


async def _leave(journey: Journey, person: Person, *packages: bytes, last: bytes = b"last") -> Any:
    body = {"key_packages": [b64(package) for package in packages], "last_resort": b64(last)}
    return await journey.as_device(person, "POST", KEY_PACKAGES, body)


@pytest.mark.parametrize("by", ["lookup_id", "fingerprint"])
async def test_who_knows_the_name_finds_verifies_and_reaches(journey: Journey, by: str) -> None:
    alice, bob = await journey.register(), await journey.register()
    await journey.link(alice)
    (token,) = await journey.tokens(bob)
    found = await journey.look_up(token, **{by: getattr(alice, by)})
    entries = [unb64(entry) for entry in found["chain"]]
    chain = UnverifiedChain(unb64(found["root_public"]), entries).verify(alice.fingerprint)
    inboxes = set()
    for device in found["devices"]:
        public = unb64(device["device_public"])
        assert public in chain.trusted
        assert "key_package" not in device
        card = open_card(
            unb64(device["card"]),
            card_key=alice.card_key,
            fingerprint=alice.fingerprint,
            device_public=public,
        )
        inboxes.add(card.inbox)
    assert inboxes == {alice.device.inbox, alice.others[0].inbox}


async def test_a_key_package_is_handed_out_once_and_the_last_resort_stays(
    journey: Journey,
) -> None:
    alice, bob = await journey.register(), await journey.register()
    assert await _leave(journey, alice, b"one", b"two") == {"remaining": 2}
    given = []
    for token in await journey.tokens(bob, 4):
        found = await journey.look_up(token, lookup_id=alice.lookup_id, key_packages=True)
        given.append(unb64(found["devices"][0]["key_package"]))
    assert given == [b"one", b"two", b"last", b"last"]
    assert await journey.as_device(alice, "GET", KEY_PACKAGES) == {"remaining": 0}


async def test_askers_at_once_get_different_key_packages(journey: Journey) -> None:
    alice, bob = await journey.register(), await journey.register()
    packages = [bytes([number]) * 40 for number in range(8)]
    await _leave(journey, alice, *packages)
    found = await asyncio.gather(
        *(
            journey.look_up(token, lookup_id=alice.lookup_id, key_packages=True)
            for token in await journey.tokens(bob, 8)
        )
    )
    given = [unb64(answer["devices"][0]["key_package"]) for answer in found]
    assert sorted(given) == packages


async def test_a_device_that_left_none_is_listed_without(journey: Journey) -> None:
    alice = await journey.register()
    (token,) = await journey.tokens(alice)
    found = await journey.look_up(token, lookup_id=alice.lookup_id, key_packages=True)
    assert "key_package" not in found["devices"][0]


@pytest.mark.requirement("APP-06")
async def test_a_revoked_devices_key_packages_are_gone(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    second = await journey.link(alice)
    body = {"key_packages": [b64(b"soon gone")], "last_resort": b64(b"gone too")}
    await journey.as_device(alice, "POST", KEY_PACKAGES, body, device=second)
    await journey.revoke(alice, second)
    with running.service.databases["devices"].read() as connection:
        for table in ("key_package", "last_resort"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0


async def test_a_token_is_spent_once_wherever(journey: Journey) -> None:
    alice = await journey.register()
    (token,) = await journey.tokens(alice)
    await journey.look_up(token, lookup_id=alice.lookup_id)
    with pytest.raises(Problem) as raised:
        await journey.look_up(token, lookup_id=alice.lookup_id)
    assert (raised.value.status, raised.value.code) == (409, "messaging.token_spent")


@pytest.mark.parametrize("fault", ["forged", "changed"])
async def test_what_is_no_token_is_refused(journey: Journey, fault: str) -> None:
    alice = await journey.register()
    (token,) = await journey.tokens(alice)
    wrong = bytes(96) if fault == "forged" else token[:-1] + bytes([token[-1] ^ 1])
    with pytest.raises(Problem) as raised:
        await journey.look_up(wrong, lookup_id=alice.lookup_id)
    assert (raised.value.status, raised.value.code) == (422, "crypto.token")


async def test_nobody_is_found_under_what_nobody_has(journey: Journey) -> None:
    alice = await journey.register()
    nobody: list[dict[str, Any]] = [{"lookup_id": bytes(32)}, {"fingerprint": bytes(32)}]
    for whom in nobody:
        (token,) = await journey.tokens(alice)
        with pytest.raises(Problem) as raised:
            await journey.look_up(token, **whom)
        assert (raised.value.status, raised.value.code) == (404, "devices.unknown")


@pytest.mark.parametrize("whom", [{}, {"lookup_id": bytes(32), "fingerprint": bytes(32)}])
async def test_a_lookup_names_one_account_in_one_way(
    journey: Journey, whom: dict[str, Any]
) -> None:
    alice = await journey.register()
    (token,) = await journey.tokens(alice)
    with pytest.raises(Problem) as raised:
        await journey.look_up(token, **whom)
    assert (raised.value.status, raised.value.code) == (400, "devices.lookup")
    await journey.look_up(token, lookup_id=alice.lookup_id)


async def test_a_lookup_asks_for_no_session(journey: Journey) -> None:
    alice = await journey.register()
    (token,) = await journey.tokens(alice)
    body = {"token": b64(token), "lookup_id": b64(alice.lookup_id), "session": alice.session}
    with pytest.raises(Problem) as raised:
        await journey.ask("POST", LOOKUP, body)
    assert raised.value.code == "http.invalid"


async def test_a_device_leaves_a_bounded_number_of_key_packages(journey: Journey) -> None:
    alice = await journey.register()
    hundred = [bytes([number]) for number in range(100)]
    await _leave(journey, alice, *hundred)
    await _leave(journey, alice, *hundred)
    with pytest.raises(Problem) as raised:
        await _leave(journey, alice, b"one more")
    assert (raised.value.status, raised.value.code) == (429, "devices.too_many_key_packages")
    assert rules.KEY_PACKAGES_MAX == 200
    with pytest.raises(Problem) as raised:
        await _leave(journey, alice, *hundred, b"one more")
    assert raised.value.status == 400


async def test_key_packages_of_the_greatest_size_fit(journey: Journey) -> None:
    alice = await journey.register()
    greatest = [bytes([number]) * (16 * 1024) for number in range(100)]
    assert await _leave(journey, alice, *greatest, last=bytes(16 * 1024)) == {"remaining": 100}
    with pytest.raises(Problem) as raised:
        await _leave(journey, alice, bytes(16 * 1024 + 1))
    assert raised.value.status == 400


async def test_a_device_replaces_its_own_card(journey: Journey) -> None:
    alice, bob = await journey.register(), await journey.register()
    await journey.link(alice)
    alice.device.inbox = bytes(16)
    card = journey.card(alice, alice.device)
    await journey.as_device(alice, "PUT", CARD, {"card": b64(card)})
    (token,) = await journey.tokens(bob)
    found = await journey.look_up(token, lookup_id=alice.lookup_id)
    cards = {device["device_public"]: device["card"] for device in found["devices"]}
    assert cards[b64(alice.device.signing.public)] == b64(card)
    assert len(set(cards.values())) == 2
