"""Registration: what it takes, what it refuses, and what it tells about others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from enigm.assembly.service import make_invite
from enigm.domains.accounts import rules
from enigm.foundation.entropy import SystemEntropy
from enigm.wire.device_chain import DeviceChain, Kind
from tests.support.clock import FakeClock
from tests.support.journey import Journey, Problem, b64, unb64
from tests.support.service import Running, running_service, settings_of_tests

FINISH = "/accounts/v1/registration/finish"


async def _refusal(journey: Journey, body: dict[str, Any], path: str = FINISH) -> Problem:
    with pytest.raises(Problem) as raised:
        await journey.ask("POST", path, body)
    return raised.value


@pytest.mark.requirement("APP-01")
async def test_a_name_a_password_and_a_device_make_an_account(journey: Journey) -> None:
    alice = await journey.register()
    chain = await journey.chain(alice)
    assert list(chain.trusted) == [alice.device.signing.public]
    sessions = await journey.as_session(alice, "GET", "/accounts/v1/sessions")
    assert [entry["current"] for entry in sessions["sessions"]] == [True]


async def test_a_taken_name_is_refused(journey: Journey) -> None:
    alice, other = await journey.register(), journey.new_person()
    other.lookup_id = alice.lookup_id
    refusal = await _refusal(journey, await journey.registration_body(other))
    assert (refusal.status, refusal.code) == (409, "accounts.name_taken")


async def test_a_root_key_has_one_account(journey: Journey) -> None:
    alice, other = await journey.register(), journey.new_person()
    other.root = alice.root
    refusal = await _refusal(journey, await journey.registration_body(other))
    assert (refusal.status, refusal.code) == (409, "accounts.root_key_in_use")


async def test_asking_for_a_taken_name_costs_its_work(journey: Journey) -> None:
    alice, other = await journey.register(), journey.new_person()
    other.lookup_id = alice.lookup_id
    body = await journey.registration_body(other)
    await _refusal(journey, body)
    assert (await _refusal(journey, body)).code == "accounts.proof_refused"


async def test_the_same_registration_again_is_ones_own(journey: Journey) -> None:
    # The answer to the first try was lost on the way.
    alice = journey.new_person()
    body = await journey.registration_body(alice)
    first = await journey.ask("POST", FINISH, body)
    body["proof"] = await journey.registration_proof()
    again = await journey.ask("POST", FINISH, body)
    assert again["session"] != first["session"]
    alice.session = again["session"]
    assert len((await journey.chain(alice)).entries) == 1


async def test_who_knows_the_chain_but_not_the_record_is_not_let_in(journey: Journey) -> None:
    # A contact knows root key and first entry; only the owner knows the OPAQUE record.
    alice = await journey.register()
    body = await journey.registration_body(alice)
    body["opaque_record"] = b64(await journey.opaque_record(alice, "the contact's password"))
    assert (await _refusal(journey, body)).code == "accounts.name_taken"


async def test_a_registration_whose_chain_never_began_is_taken_up_again(running: Running) -> None:
    journey = running.journey
    alice = journey.new_person()
    body = await journey.registration_body(alice)
    path = running.service.account_path
    assert path is not None
    answer = await journey.ask("POST", FINISH, body)
    alice.session = answer["session"]
    # As if the process had died between the two stores.
    _erase_devices(running)
    assert (await _chain_refusal(journey, alice)).code == "devices.no_chain"
    body["proof"] = await journey.registration_proof()
    await journey.ask("POST", FINISH, body)
    assert len((await journey.chain(alice)).entries) == 1


async def test_what_is_left_of_a_lost_account_makes_way(running: Running) -> None:
    journey = running.journey
    lost = await journey.register()
    _erase_accounts(running)
    heir = journey.new_person()
    heir.lookup_id = lost.lookup_id
    await journey.register(heir)
    assert list((await journey.chain(heir)).trusted) == [heir.device.signing.public]


async def _chain_refusal(journey: Journey, person: Any) -> Problem:
    with pytest.raises(Problem) as raised:
        await journey.as_session(person, "GET", "/devices/v1/chain")
    return raised.value


def _erase_devices(running: Running) -> None:
    from enigm.domains.devices.store import metadata

    with running.service.databases["devices"].begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())


def _erase_accounts(running: Running) -> None:
    from enigm.domains.accounts.store import metadata

    with running.service.databases["accounts"].begin() as connection:
        for name in ("account", "recovery", "session"):
            connection.execute(metadata.tables[name].delete())


@pytest.mark.parametrize("fault", ["nonce", "spent", "late", "foreign", "another purpose", "none"])
async def test_work_that_does_not_hold_is_refused(running: Running, fault: str) -> None:
    journey = running.journey
    body = await journey.registration_body(journey.new_person())
    proof = body["proof"]
    if fault == "nonce":
        challenge = unb64(proof["challenge"])
        body["proof"] = proof | {"nonce": b64(_wrong_nonce(challenge))}
    elif fault == "spent":
        await journey.ask("POST", FINISH, body)
        body = await journey.registration_body(journey.new_person(), proof)
    elif fault == "late":
        running.clock.advance(rules.CHALLENGE_SECONDS)
    elif fault == "foreign":
        body["proof"] = proof | {"challenge": b64(bytes(32))}
    elif fault == "another purpose":
        asked = {"fingerprint": b64(bytes(32))}
        other = await journey.ask("POST", "/accounts/v1/recovery/start", asked)
        body["proof"] = proof | {"challenge": other["challenge"]}
    else:
        body["proof"] = {}
    refusal = await _refusal(journey, body)
    assert (refusal.status, refusal.code) == (422, "accounts.proof_refused")


def _wrong_nonce(challenge: bytes) -> bytes:
    import hashlib

    nonces = (number.to_bytes(8, "big") for number in range(1000))
    return next(nonce for nonce in nonces if hashlib.sha256(challenge + nonce).digest()[0] & 0x80)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"opaque_record": b64(bytes(192))}, 400, "accounts.opaque_message"),
        ({"root_public": b64(bytes(1984))}, 422, "wire.device_chain"),
        ({"chain_entry": b64(bytes(300))}, 422, "wire.device_chain"),
        ({"card": b64(bytes(10))}, 400, "http.invalid"),
        ({"backup": b64(bytes(10))}, 400, "http.invalid"),
        ({"proof": {"invite": b64(bytes(16))}}, 403, "accounts.invite_refused"),
        ({"email": "alice@example.org"}, 400, "http.invalid"),
    ],
)
async def test_a_registration_that_does_not_hold_is_refused(
    journey: Journey, change: dict[str, Any], status: int, code: str
) -> None:
    body = await journey.registration_body(journey.new_person())
    refusal = await _refusal(journey, body | change)
    assert (refusal.status, refusal.code) == (status, code)


async def test_a_first_entry_by_a_device_is_refused(journey: Journey) -> None:
    alice = journey.new_person()
    body = await journey.registration_body(alice)
    chain = DeviceChain.empty(alice.root.public).append(unb64(body["chain_entry"]))
    other = journey.new_device().signing.public
    second = chain.by_device(Kind.CERTIFY, other, alice.device.signing, 0)
    refusal = await _refusal(journey, body | {"chain_entry": b64(second)})
    assert refusal.code == "wire.device_chain"


@pytest.mark.parametrize("octets", [bytes(32), b"\xff" * 32])
async def test_what_is_no_opaque_message_is_refused(journey: Journey, octets: bytes) -> None:
    body = {"lookup_id": b64(bytes(32)), "opaque_request": b64(octets)}
    refusal = await _refusal(journey, body, "/accounts/v1/registration/start")
    assert (refusal.status, refusal.code) == (400, "accounts.opaque_message")


async def test_where_invites_are_asked_for_work_does_not_do(tmp_path: Path) -> None:
    settings = settings_of_tests(tmp_path, registration_guard="invite")
    async with running_service(settings) as running:
        journey = running.journey
        guard = await journey.ask("GET", "/accounts/v1/registration")
        assert (guard["guard"], guard["challenge"]) == ("invite", "")
        alice = journey.new_person()
        work = {"challenge": b64(bytes(32)), "nonce": b64(bytes(8))}
        body = await journey.registration_body(alice, work)
        assert (await _refusal(journey, body)).code == "accounts.invite_refused"
        invite = make_invite(settings, running.clock, SystemEntropy())
        body["proof"] = {"invite": invite}
        await journey.ask("POST", FINISH, body)
        again = await journey.registration_body(journey.new_person(), {"invite": invite})
        assert (await _refusal(journey, again)).code == "accounts.invite_refused"


async def test_an_invite_ends_after_a_week(tmp_path: Path) -> None:
    settings, clock = settings_of_tests(tmp_path, registration_guard="invite"), FakeClock()
    async with running_service(settings, clock) as running:
        invite = make_invite(settings, clock, SystemEntropy())
        body = await running.journey.registration_body(
            running.journey.new_person(), {"invite": invite}
        )
        clock.advance(rules.INVITE_SECONDS)
        assert (await _refusal(running.journey, body)).code == "accounts.invite_refused"


async def test_an_invite_does_not_let_its_holder_ask_for_many_names(tmp_path: Path) -> None:
    settings = settings_of_tests(tmp_path, registration_guard="invite")
    async with running_service(settings) as running:
        journey = running.journey
        invites = [make_invite(settings, running.clock, SystemEntropy()) for _ in range(2)]
        taken = journey.new_person()
        body = await journey.registration_body(taken, {"invite": invites[0]})
        await journey.ask("POST", FINISH, body)
        other = journey.new_person()
        other.lookup_id = taken.lookup_id
        body = await journey.registration_body(other, {"invite": invites[1]})
        codes = [(await _refusal(journey, body)).code for _ in range(21)]
        assert set(codes[:20]) == {"accounts.name_taken"}
        assert codes[20] == "limits.accounts.invite_tries"
