"""The chain over HTTP: approval, revocation, and one winner where two append at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from enigm.domains.devices import rules
from enigm.wire.device_chain import DeviceChain, Kind
from tests.support.journey import Device, Journey, Person, Problem, b64, unb64
from tests.support.service import Running

CHAIN, ENROLMENTS = "/devices/v1/chain", "/devices/v1/enrolments"


async def _refusal(
    journey: Journey, person: Person, method: str, path: str, body: Any = None
) -> Problem:
    with pytest.raises(Problem) as raised:
        await journey.as_device(person, method, path, body)
    return raised.value


def _entry(chain: DeviceChain, kind: Kind, named: Device, issuer: Device) -> dict[str, str]:
    return {"entry": b64(chain.by_device(kind, named.signing.public, issuer.signing, 0))}


@pytest.mark.requirement("APP-05", "TRU-01")
async def test_a_second_device_is_pending_until_a_first_approves_it(journey: Journey) -> None:
    alice = await journey.register()
    second = await journey.enrol(alice)
    shown = await journey.as_session(alice, "GET", CHAIN)
    assert shown["pending"] == [
        {
            "device_public": b64(second.signing.public),
            "requested_at": journey.clock.now_seconds(),
        }
    ]
    with pytest.raises(Problem, match="not_trusted"):
        await journey.as_device(alice, "GET", "/devices/v1/key-packages", device=second)
    await journey.certify(alice, second)
    shown = await journey.as_session(alice, "GET", CHAIN)
    assert shown["pending"] == []
    await journey.as_device(alice, "GET", "/devices/v1/key-packages", device=second)


@pytest.mark.requirement("APP-05")
async def test_the_phrase_approves_a_device_too(journey: Journey) -> None:
    alice = await journey.register()
    second = await journey.enrol(alice)
    chain = await journey.chain(alice)
    entry = chain.by_root(Kind.CERTIFY, second.signing.public, alice.root, 0)
    await journey.as_device(alice, "POST", CHAIN, {"entry": b64(entry)})
    assert second.signing.public in (await journey.chain(alice)).trusted


@pytest.mark.requirement("APP-06")
async def test_a_revoked_device_never_returns(journey: Journey) -> None:
    alice = await journey.register()
    second = await journey.link(alice)
    await journey.revoke(alice, second)
    with pytest.raises(Problem, match=r"devices\.revoked"):
        await journey.as_device(alice, "GET", "/devices/v1/key-packages", device=second)
    with pytest.raises(Problem, match=r"devices\.revoked"):
        await journey.enrol(alice, second)
    (token,) = await journey.tokens(alice)
    found = await journey.look_up(token, lookup_id=alice.lookup_id)
    assert [device["device_public"] for device in found["devices"]] == [
        b64(alice.device.signing.public)
    ]


@pytest.mark.requirement("APP-06")
async def test_a_device_revokes_itself(journey: Journey) -> None:
    alice = await journey.register()
    await journey.revoke(alice, alice.device)
    with pytest.raises(Problem, match=r"devices\.revoked"):
        await journey.tokens(alice)


async def test_a_second_revokes_the_first_and_takes_over(journey: Journey) -> None:
    alice = await journey.register()
    first, alice.device = alice.device, await journey.link(alice)
    await journey.revoke(alice, first)
    third = await journey.link(alice)
    assert set((await journey.chain(alice)).trusted) == {
        alice.device.signing.public,
        third.signing.public,
    }


async def test_of_two_appends_at_once_one_wins(journey: Journey) -> None:
    alice = await journey.register()
    waiting = [await journey.enrol(alice) for _ in range(4)]
    chain = await journey.chain(alice)
    bodies = [_entry(chain, Kind.CERTIFY, device, alice.device) for device in waiting]
    answers = await asyncio.gather(
        *(journey.as_device(alice, "POST", CHAIN, body) for body in bodies),
        return_exceptions=True,
    )
    codes = sorted(a.code if isinstance(a, Problem) else "won" for a in answers)
    assert codes == ["devices.chain_moved"] * 3 + ["won"]
    assert len((await journey.chain(alice)).trusted) == 2


async def test_the_same_append_twice_changes_nothing(journey: Journey) -> None:
    alice = await journey.register()
    second = await journey.enrol(alice)
    body = _entry(await journey.chain(alice), Kind.CERTIFY, second, alice.device)
    await journey.as_device(alice, "POST", CHAIN, body)
    await journey.as_device(alice, "POST", CHAIN, body)
    assert len((await journey.chain(alice)).entries) == 2


async def test_an_entry_that_does_not_name_the_head_is_refused(journey: Journey) -> None:
    alice = await journey.register()
    old = await journey.chain(alice)
    second, third = await journey.link(alice), await journey.enrol(alice)
    for stale in (old, DeviceChain.empty(alice.root.public)):
        entry = _forged(stale, third, alice.device)
        refusal = await _refusal(journey, alice, "POST", CHAIN, {"entry": b64(entry)})
        assert (refusal.status, refusal.code) == (409, "devices.chain_moved")
    assert second.signing.public in (await journey.chain(alice)).trusted


def _forged(chain: DeviceChain, named: Device, issuer: Device) -> bytes:
    entry = chain._next(Kind.CERTIFY, named.signing.public, (1, issuer.signing.public), 0)  # type: ignore[arg-type]
    from dataclasses import replace

    return replace(entry, signature=bytes(64)).encode()


async def test_an_entry_that_no_trusted_device_signed_is_refused(journey: Journey) -> None:
    alice = await journey.register()
    second = await journey.enrol(alice)
    entry = _forged(await journey.chain(alice), second, alice.device)
    for octets in (entry, entry[:-1], b"\x00"):
        refusal = await _refusal(journey, alice, "POST", CHAIN, {"entry": b64(octets)})
        assert (refusal.status, refusal.code) == (422, "wire.device_chain")
    assert len((await journey.chain(alice)).entries) == 1


async def test_a_device_without_a_card_is_not_certified(journey: Journey) -> None:
    alice, unknown = await journey.register(), journey.new_device()
    body = _entry(await journey.chain(alice), Kind.CERTIFY, unknown, alice.device)
    refusal = await _refusal(journey, alice, "POST", CHAIN, body)
    assert (refusal.status, refusal.code) == (400, "devices.card_needed")
    await journey.as_device(
        alice, "POST", CHAIN, body | {"card": b64(journey.card(alice, unknown))}
    )
    assert unknown.signing.public in (await journey.chain(alice)).trusted


@pytest.mark.requirement("TRU-01")
async def test_one_account_moves_no_other_accounts_chain(journey: Journey) -> None:
    alice, mallory = await journey.register(), await journey.register()
    body = _entry(await journey.chain(alice), Kind.REVOKE, alice.device, alice.device)
    refusal = await _refusal(journey, mallory, "POST", CHAIN, body)
    assert refusal.status in {409, 422}
    assert (await journey.chain(alice)).trusted


async def test_waiting_ends_after_a_day(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    second = await journey.enrol(alice)
    running.clock.advance(rules.ENROLMENT_SECONDS)
    await journey.sign_in(alice)
    assert (await journey.as_session(alice, "GET", CHAIN))["pending"] == []
    body = _entry(await journey.chain(alice), Kind.CERTIFY, second, alice.device)
    refusal = await _refusal(journey, alice, "POST", CHAIN, body)
    assert refusal.code == "devices.card_needed"


async def test_five_devices_may_wait(journey: Journey) -> None:
    alice = await journey.register()
    waiting = [await journey.enrol(alice) for _ in range(rules.PENDING_MAX)]
    await journey.enrol(alice, waiting[0])
    with pytest.raises(Problem) as raised:
        await journey.enrol(alice)
    assert (raised.value.status, raised.value.code) == (429, "devices.too_many_pending")
    await journey.as_device(alice, "DELETE", f"{ENROLMENTS}/{b64(waiting[0].device_id)}")
    await journey.enrol(alice)


async def test_a_refused_device_waits_no_more(journey: Journey) -> None:
    alice, mallory = await journey.register(), await journey.register()
    second = await journey.enrol(alice)
    path = f"{ENROLMENTS}/{b64(second.device_id)}"
    assert (await _refusal(journey, mallory, "DELETE", path)).code == "devices.no_enrolment"
    await journey.as_device(alice, "DELETE", path)
    assert (await journey.as_session(alice, "GET", CHAIN))["pending"] == []
    assert (await _refusal(journey, alice, "DELETE", path)).code == "devices.no_enrolment"


async def test_a_trusted_device_does_not_wait_again(journey: Journey) -> None:
    alice = await journey.register()
    with pytest.raises(Problem, match="already_trusted"):
        await journey.enrol(alice, alice.device)


async def test_a_strangers_enrolment_of_ones_key_takes_nothing(journey: Journey) -> None:
    # Device keys are public to contacts: claiming one under another account must not block it.
    alice, mallory = await journey.register(), await journey.register()
    second = journey.new_device()
    await journey.enrol(mallory, second)
    await journey.certify(mallory, second)
    await journey.enrol(alice, second)
    await journey.certify(alice, second)
    await journey.as_device(alice, "GET", "/devices/v1/key-packages", device=second)


async def test_the_chain_is_shown_whole(journey: Journey) -> None:
    alice = await journey.register()
    await journey.link(alice)
    shown = await journey.as_session(alice, "GET", CHAIN)
    assert unb64(shown["root_public"]) == alice.root.public
    assert len(shown["chain"]) == 2
