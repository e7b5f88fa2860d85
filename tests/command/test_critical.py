"""What cannot be undone asks for the PIN, entered for exactly that, in that session."""

from __future__ import annotations

import pytest

from enigm.crypto.signatures import Ed25519
from enigm.wire.device_chain import Kind
from tests.support.command import RunningCommand, Visit
from tests.support.journey import Journey, Person, b64
from tests.support.pin_deeds import DURESS_PIN

MEANT = {"is_meant": "yes"}


async def _arrived(visit: Visit, journey: Journey) -> Person:
    person = journey.new_person()
    await visit.sign_up(person)
    await visit.set_pin(person)
    return person


@pytest.mark.requirement("CMD-02", "CMD-03")
async def test_an_account_is_deleted_by_the_pin_and_by_nothing_less(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person = await _arrived(visit, journey)
    other = command.visit()
    await other.sign_in(person)
    wrong = {
        "none": "",
        "a wrong PIN's": await visit.grant(person, "accounts.delete", pin="000000"),
        "for another deed": await visit.grant(person, "accounts.pin.remove"),
        "of another session": await other.grant(person, "accounts.delete"),
        "noise": "A" * 43,
    }
    for why, grant in wrong.items():
        refused = await visit.post("/account/delete", MEANT | {"grant": grant})
        assert refused.status_code == 403, why
    grant = await visit.grant(person, "accounts.delete")
    assert (await visit.post("/account/delete", {"grant": grant})).status_code == 400
    assert (await visit.post("/account/delete", MEANT | {"grant": grant})).status_code == 303
    assert (await visit.get("/account")).status_code == 303
    assert (await other.get("/account")).status_code == 303


@pytest.mark.requirement("CMD-03")
async def test_a_grant_ends_after_a_minute_and_is_spent_once(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person = await _arrived(visit, journey)
    grant = await visit.grant(person, "accounts.delete")
    command.clock.advance(61)
    late = await visit.post("/account/delete", MEANT | {"grant": grant})
    assert late.status_code == 403


@pytest.mark.requirement("CMD-03")
async def test_guesses_wait_longer_and_longer(visit: Visit, journey: Journey) -> None:
    person = await _arrived(visit, journey)
    for _ in range(5):
        assert await visit.grant(person, "accounts.delete", pin="000000") == ""
    body = {"action": "accounts.delete", "parameters": "A" * 43, "opaque_requests": ["A" * 128] * 2}
    locked = await visit.ask("/pin/start", body)
    assert (locked.status_code, locked.json()["code"]) == (429, "accounts.pin_locked")
    assert "Too many wrong tries" in (await visit.get("/pin")).text


@pytest.mark.requirement("CMD-03")
async def test_under_duress_the_account_looks_gone_and_is_not(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person = await _arrived(visit, journey)
    grant = await visit.grant(person, "accounts.delete", pin=DURESS_PIN)
    answer = await visit.post("/account/delete", MEANT | {"grant": grant})
    assert (answer.status_code, answer.headers["location"]) == (303, "/deleted")
    assert (await visit.get("/account")).status_code == 303
    # The phrase brings it back.
    await journey.recover(person, "another password")
    again = command.visit()
    await again.sign_in(person)
    assert (await again.get("/account")).status_code == 200


@pytest.mark.requirement("CMD-05", "CMD-03")
async def test_a_device_is_revoked_by_the_root_and_the_pin_together(
    visit: Visit, journey: Journey
) -> None:
    person = journey.new_person()
    await visit.sign_up(person)
    device = await journey.recover(person, person.password)
    await visit.sign_in(person)
    await visit.set_pin(person)
    assert "Trusted since" in (await visit.get("/devices")).text
    chain, now = await journey.chain(person), journey.clock.now_seconds()
    public = device.signing.public
    entry = b64(chain.by_root(Kind.REVOKE, public, person.root, now))
    assert (await visit.post("/devices/revoke", {"entry": entry})).status_code == 403
    stranger = Ed25519.generate(journey.entropy).public
    certify = b64(chain.by_root(Kind.CERTIFY, stranger, person.root, now))
    grant = await visit.grant(person, "devices.revoke", public)
    refused = await visit.post("/devices/revoke", {"entry": certify, "grant": grant})
    assert refused.status_code == 400
    done = await visit.post("/devices/revoke", {"entry": entry, "grant": grant})
    assert done.status_code == 303
    page = (await visit.get("/devices")).text
    assert "Trusted since" not in page
    assert "Revoked" in page
