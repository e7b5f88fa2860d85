"""Recovery: the root alone brings the account back, and nothing less does."""

from __future__ import annotations

from typing import Any

import pytest
from opaque_snake import OpaqueError

from enigm.crypto.signatures import Hybrid
from enigm.domains.accounts import rules
from enigm.wire.account_recovery import sign_recovery
from enigm.wire.device_chain import DeviceChain, Kind
from tests.support.journey import Journey, Person, Problem, b64, unb64
from tests.support.service import Running

START, CHAIN = "/accounts/v1/recovery/start", "/accounts/v1/recovery/chain"
FINISH = "/accounts/v1/recovery/finish"


async def _body(journey: Journey, person: Person) -> dict[str, Any]:
    """Return a recovery that would succeed."""
    fingerprint = b64(person.fingerprint)
    start = await journey.ask("POST", START, {"fingerprint": fingerprint})
    challenge = unb64(start["challenge"])
    chain = await journey.chain(person)
    device = journey.new_device()
    entry = chain.by_root(Kind.CERTIFY, device.signing.public, person.root, 0)
    return {
        "fingerprint": fingerprint,
        "challenge": start["challenge"],
        "signature": b64(sign_recovery(person.root, challenge, entry)),
        "lookup_id": b64(person.lookup_id),
        "root_public": b64(person.root.public),
        "chain_entry": b64(entry),
        "card": b64(journey.card(person, device)),
        "opaque_record": b64(await journey.opaque_record(person, "new")),
    }


async def _refusal(journey: Journey, body: dict[str, Any], path: str = FINISH) -> Problem:
    with pytest.raises(Problem) as raised:
        await journey.ask("POST", path, body)
    return raised.value


@pytest.mark.requirement("APP-03")
async def test_the_phrase_alone_brings_an_account_back(journey: Journey) -> None:
    alice = await journey.register()
    old_session, old_device = alice.session, alice.device
    device = await journey.recover(alice, "a new password")
    chain = await journey.chain(alice)
    assert set(chain.trusted) == {old_device.signing.public, device.signing.public}
    await journey.revoke(alice, old_device)
    await journey.sign_in(alice)
    with pytest.raises(OpaqueError):
        await journey.sign_in(alice, "correct horse")
    alice.session = old_session
    with pytest.raises(Problem, match="session_ended"):
        await journey.chain(alice)


@pytest.mark.requirement("APP-03")
async def test_every_device_lost_is_no_account_lost(journey: Journey) -> None:
    alice = await journey.register()
    await journey.revoke(alice, alice.device)
    assert not (await journey.chain(alice)).trusted
    device = await journey.recover(alice, "new")
    assert list((await journey.chain(alice)).trusted) == [device.signing.public]


async def test_recovery_gives_the_backup_back(journey: Journey) -> None:
    alice = await journey.register()
    body = {"fingerprint": b64(alice.fingerprint)}
    assert unb64((await journey.ask("POST", START, body))["backup"]) == alice.backup


async def test_an_unknown_root_gets_a_stable_fake_of_the_same_size(journey: Journey) -> None:
    alice, nobody = await journey.register(), journey.new_person()
    known = await journey.ask("POST", START, {"fingerprint": b64(alice.fingerprint)})
    asked = {"fingerprint": b64(nobody.fingerprint)}
    unknown, again = [await journey.ask("POST", START, asked) for _ in range(2)]
    assert {name: len(text) for name, text in known.items()} == {
        name: len(text) for name, text in unknown.items()
    }
    assert unknown["backup"] == again["backup"]
    assert unknown["challenge"] != again["challenge"]


async def test_an_unknown_root_and_a_wrong_signature_are_told_the_same(journey: Journey) -> None:
    alice, nobody = await journey.register(), journey.new_person()
    told = []
    for person in (alice, nobody):
        start = await journey.ask("POST", START, {"fingerprint": b64(person.fingerprint)})
        challenge = unb64(start["challenge"])
        signature = sign_recovery(person.root, challenge, b"not empty" if person is alice else b"")
        body = {
            "fingerprint": b64(person.fingerprint),
            "challenge": start["challenge"],
            "signature": b64(signature),
            "root_public": b64(person.root.public),
        }
        problem = (await _refusal(journey, body, CHAIN)).body
        problem.pop("instance")
        told.append(problem)
    assert told[0] == told[1]
    assert told[0]["code"] == "accounts.recovery_refused"


@pytest.mark.parametrize(
    "fault", ["signature", "challenge", "late", "name", "root", "fingerprint", "entry", "spent"]
)
async def test_a_recovery_that_does_not_hold_is_refused(running: Running, fault: str) -> None:
    journey = running.journey
    alice, other = await journey.register(), await journey.register()
    body = await _body(journey, alice)
    code = "accounts.recovery_refused"
    if fault == "signature":
        wrong = sign_recovery(other.root, unb64(body["challenge"]), unb64(body["chain_entry"]))
        body["signature"] = b64(wrong)
    elif fault == "challenge":
        start = await journey.ask("POST", START, {"fingerprint": b64(other.fingerprint)})
        entry, challenge = unb64(body["chain_entry"]), unb64(start["challenge"])
        body["challenge"] = start["challenge"]
        body["signature"] = b64(sign_recovery(alice.root, challenge, entry))
    elif fault == "late":
        running.clock.advance(rules.CHALLENGE_SECONDS)
    elif fault == "name":
        body["lookup_id"] = b64(other.lookup_id)
    elif fault == "root":
        body["root_public"] = b64(other.root.public)
    elif fault == "fingerprint":
        body["fingerprint"] = b64(other.fingerprint)
    elif fault == "entry":
        entry = unb64((await _body(journey, alice))["chain_entry"])
        body["chain_entry"] = b64(entry)
    else:
        await journey.ask("POST", FINISH, body)
    refusal = await _refusal(journey, body)
    assert (refusal.status, refusal.code) == (422, code)


async def test_recovery_certifies_by_the_root_and_nothing_else(journey: Journey) -> None:
    alice = await journey.register()
    body = await _body(journey, alice)
    chain, other = await journey.chain(alice), journey.new_device().signing.public
    first = alice.device.signing
    entries = [
        chain.by_device(Kind.CERTIFY, other, first, 0),
        chain.by_root(Kind.REVOKE, first.public, alice.root, 0),
    ]
    for entry in entries:
        body["chain_entry"] = b64(entry)
        body["signature"] = b64(sign_recovery(alice.root, unb64(body["challenge"]), entry))
        assert (await _refusal(journey, body)).code == "wire.device_chain"
    assert list((await journey.chain(alice)).trusted) == [first.public]


async def test_recovery_of_a_chain_that_moved_is_refused_and_changes_nothing(
    journey: Journey,
) -> None:
    alice = await journey.register()
    body = await _body(journey, alice)
    await journey.link(alice)
    refusal = await _refusal(journey, body)
    assert (refusal.status, refusal.code) == (409, "devices.chain_moved")
    await journey.sign_in(alice)


async def test_a_chain_that_a_crash_kept_from_beginning_begins_by_recovery(
    running: Running,
) -> None:
    from enigm.domains.devices.store import metadata

    journey = running.journey
    alice = await journey.register()
    with running.service.databases["devices"].begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    device = await journey.recover(alice, "new")
    assert list((await journey.chain(alice)).trusted) == [device.signing.public]


async def test_recovery_without_a_new_password_keeps_the_old_one(journey: Journey) -> None:
    alice = await journey.register()
    body = await _body(journey, alice)
    del body["opaque_record"]
    await journey.ask("POST", FINISH, body)
    await journey.sign_in(alice)


async def test_another_root_reads_no_chain(journey: Journey) -> None:
    alice = await journey.register()
    thief = Hybrid.generate(journey.entropy)
    start = await journey.ask("POST", START, {"fingerprint": b64(alice.fingerprint)})
    body = {
        "fingerprint": b64(alice.fingerprint),
        "challenge": start["challenge"],
        "signature": b64(sign_recovery(thief, unb64(start["challenge"]), b"")),
        "root_public": b64(thief.public),
    }
    assert (await _refusal(journey, body, CHAIN)).code == "accounts.recovery_refused"
    assert DeviceChain.empty(thief.public).fingerprint != alice.fingerprint
