"""What cannot be undone asks for the PIN, entered for exactly that, in that session."""

from __future__ import annotations

import opaque_snake
import pytest

from enigm.crypto.signatures import Ed25519
from enigm.wire.device_chain import Kind
from tests.support.command import RunningCommand, Visit, running_command
from tests.support.journey import Journey, Person, b64
from tests.support.pin_deeds import DURESS_PIN
from tests.support.service import Running

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


async def _refused(visit: Visit, person: Person) -> tuple[int, str, str]:
    """Return how an entry is refused before anything of it is looked at."""
    client = opaque_snake.OpaqueClient()
    begun = [b64(client.start_login(person.password)[0].to_bytes()) for _ in range(2)]
    body = {"action": "accounts.delete", "parameters": "A" * 43, "opaque_requests": begun}
    answer = await visit.ask("/pin/start", body)
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


@pytest.mark.requirement("CMD-03")
async def test_a_stolen_session_is_stopped_before_the_owner_waits(
    running: Running, visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person = await journey.register()
    await journey.set_pin(person)
    await visit.sign_in(person)
    for _ in range(3):
        assert await visit.grant(person, "accounts.delete", pin="000000") == ""
    assert (await _refused(visit, person))[:2] == (429, "accounts.pin_session_spent")
    assert "has used its tries" in (await visit.get("/pin")).text
    # What is counted is on disk: another process stops that session, too, and waiting helps not.
    async with running_command(running.settings, running.clock) as beside:
        again = beside.visit()
        again.http.cookies.update(visit.http.cookies)
        await again.get("/sessions")
        running.clock.advance(3600)
        assert (await _refused(again, person))[:2] == (429, "accounts.pin_session_spent")
    # The owner's own session, and the owner's device, have theirs; a right PIN gives no tries back
    # to the stolen one.
    assert await journey.grant(person, "accounts.delete")
    assert (await journey.as_device(person, "GET", "/accounts/v1/pin"))["tries_left"] == 5
    owners = command.visit()
    await owners.sign_in(person)
    assert await owners.grant(person, "accounts.delete")
    assert (await _refused(visit, person))[:2] == (429, "accounts.pin_session_spent")


@pytest.mark.requirement("CMD-03")
async def test_many_sessions_wait_together_and_make_no_device_wait(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person = await journey.register()
    await journey.set_pin(person)
    for tries in (3, 2):
        thief = command.visit()
        await thief.sign_in(person)
        for _ in range(tries):
            assert await thief.grant(person, "accounts.delete", pin="000000") == ""
    await visit.sign_in(person)
    assert (await _refused(visit, person))[:2] == (429, "accounts.pin_locked")
    assert "Too many wrong tries" in (await visit.get("/pin")).text
    assert (await journey.as_device(person, "GET", "/accounts/v1/pin"))["tries_left"] == 5
    assert await journey.grant(person, "accounts.delete")


@pytest.mark.requirement("CMD-03")
async def test_a_spent_session_learns_nothing_of_a_pin(
    command: RunningCommand, journey: Journey
) -> None:
    """No PIN, a PIN, and a hold under the duress PIN: the same answers, try by try."""
    seen: list[list[object]] = []
    for pins, forced in ((False, False), (True, False), (True, True)):
        person, thief = await journey.register(), command.visit()
        if pins:
            await journey.set_pin(person)
        if forced:
            await journey.grant(person, "accounts.pin.remove", pin=DURESS_PIN)
        await thief.sign_in(person)
        tried: list[object] = [
            await thief.grant(person, "accounts.delete", pin="000000") for _ in range(3)
        ]
        seen.append([*tried, await _refused(thief, person)])
    assert seen[0] == seen[1] == seen[2]


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
