"""The PIN at the service: counted before it is looked at, bound, reset by the phrase alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from enigm.domains.accounts import rules
from enigm.domains.accounts.model import CriticalAction, CriticalDeed
from enigm.wire.account_recovery import sign_recovery
from enigm.wire.critical_action import parameters_digest, reset_statement
from tests.support.journey import Journey, Person, Problem, b64, unb64
from tests.support.pin_deeds import PIN
from tests.support.service import Running, running_service, settings_of_tests

DELETE, OTHER_PIN = "accounts.delete", "161803"
START, FINISH = "/accounts/v1/pin/start", "/accounts/v1/pin/finish"


async def state(journey: Journey, person: Person) -> Any:
    return await journey.as_device(person, "GET", "/accounts/v1/pin")


def _shape(answer: Any) -> dict[str, Any]:
    """Return an answer to an entry with what is random in it as its length."""
    return answer | {
        "attempt": len(answer["attempt"]),
        "opaque_responses": [len(each) for each in answer["opaque_responses"]],
    }


def test_each_try_after_the_fifth_waits_longer_and_none_for_ever() -> None:
    delays = [rules.pin_delay_seconds(tries) for tries in range(14)]
    assert delays[: rules.PIN_TRIES] == [0] * rules.PIN_TRIES
    assert delays == sorted(delays)
    assert delays[-1] == delays[-2] == 86_400


def test_an_action_and_its_parameters_make_one_binding() -> None:
    deeds = [
        CriticalDeed(action, parameters_digest(*parameters))
        for action in CriticalAction
        for parameters in [(), (b"",), (b"a",), (b"a", b"b"), (b"ab",), (b"", b"ab")]
    ]
    assert len({rules.pin_binding(deed) for deed in deeds}) == len(deeds)


@pytest.mark.requirement("CMD-03")
async def test_no_pin_and_a_wrong_pin_answer_alike(journey: Journey) -> None:
    alice, bob = await journey.register(), await journey.register()
    await journey.set_pin(alice)
    for tries in range(rules.PIN_TRIES):
        wrong, opened = await journey.start_pin(alice, DELETE, pin=OTHER_PIN)
        unset, unopened = await journey.start_pin(bob, DELETE, pin=OTHER_PIN)
        assert opened == unopened == [None, None]
        assert _shape(wrong) == _shape(unset)
        assert wrong["tries_left"] == rules.PIN_TRIES - 1 - tries
    locked = [await _refused(journey, person) for person in (alice, bob)]
    assert locked[0] == locked[1]
    assert locked[0][:2] == (429, "accounts.pin_locked")


async def _refused(journey: Journey, person: Person) -> tuple[Any, ...]:
    with pytest.raises(Problem) as problem:
        await journey.start_pin(person, DELETE, pin=PIN)
    answer: httpx.Response = problem.value.answer
    shown = {name: value for name, value in problem.value.body.items() if name != "instance"}
    return answer.status_code, problem.value.code, len(answer.content), json.dumps(shown)


@pytest.mark.requirement("CMD-03")
async def test_who_signs_with_no_trusted_device_learns_nothing_of_a_pin(journey: Journey) -> None:
    answers: set[tuple[int, str, int]] = set()
    for is_set, is_locked in [(False, False), (True, False), (True, True)]:
        alice = await journey.register()
        if is_set:
            await journey.set_pin(alice)
        for _ in range(rules.PIN_TRIES if is_locked else 0):
            await journey.start_pin(alice, DELETE, pin=OTHER_PIN)
        waiting = await journey.enrol(alice)
        for method, path in [("GET", "/accounts/v1/pin"), ("POST", START), ("POST", FINISH)]:
            body = None if method == "GET" else {}
            with pytest.raises(Problem) as problem:
                await journey.as_device(alice, method, path, body, device=waiting)
            answer = problem.value.answer
            answers.add((answer.status_code, problem.value.code, len(answer.content)))
    assert len(answers) == 1
    assert answers.pop()[:2] == (403, "devices.not_trusted")


@pytest.mark.requirement("CMD-03")
async def test_tries_outlive_a_restart_and_a_right_pin_clears_them(tmp_path: Path) -> None:
    settings = settings_of_tests(tmp_path)
    async with running_service(settings) as running:
        alice, clock = await running.journey.register(), running.clock
        await running.journey.set_pin(alice)
        for _ in range(rules.PIN_TRIES - 1):
            await running.journey.start_pin(alice, DELETE, pin=OTHER_PIN)
    async with running_service(settings, clock) as running:
        journey = running.journey
        assert (await state(journey, alice))["tries_left"] == 1
        assert await journey.grant(alice, DELETE)
        assert (await state(journey, alice))["tries_left"] == rules.PIN_TRIES
        for _ in range(rules.PIN_TRIES):
            await journey.start_pin(alice, DELETE, pin=OTHER_PIN)
    async with running_service(settings, clock) as running:
        journey = running.journey
        with pytest.raises(Problem, match="pin_locked"):
            await journey.grant(alice, DELETE)
        clock.advance(60)
        assert await journey.grant(alice, DELETE)


@pytest.mark.requirement("CMD-03")
async def test_a_first_pin_needs_a_fresh_session(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    record = b64(await journey.pin_record(alice, PIN))
    body = {"opaque_record": record, "duress_record": record}
    running.clock.advance(rules.PIN_SESSION_SECONDS + 1)
    with pytest.raises(Problem) as problem:
        await journey.as_device(alice, "PUT", "/accounts/v1/pin", body)
    assert (problem.value.status, problem.value.code) == (401, "accounts.fresh_session_needed")
    await journey.sign_in(alice)
    await journey.as_device(alice, "PUT", "/accounts/v1/pin", body)
    with pytest.raises(Problem, match="pin_is_set"):
        await journey.as_device(alice, "PUT", "/accounts/v1/pin", body)


@pytest.mark.requirement("CMD-03")
async def test_an_entry_is_finished_once_in_time_and_from_where_it_began(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    second = await journey.link(alice)
    await journey.set_pin(alice)

    async def begun() -> dict[str, Any]:
        answer, opened = await journey.start_pin(alice, DELETE)
        place = next(at for at, found in enumerate(opened) if found is not None)
        final = b64(opened[place])
        return {"attempt": answer["attempt"], "place": place, "opaque_finalization": final}

    async def refused(body: dict[str, Any], **changes: Any) -> str:
        with pytest.raises(Problem) as problem:
            await journey.as_device(alice, "POST", FINISH, body, **changes)
        return problem.value.code

    body = await begun()
    assert await refused(body | {"place": 1 - body["place"]}) == "accounts.pin_refused"
    assert await refused(body) == "accounts.pin_refused", "finished before"
    assert await refused(await begun(), device=second) == "accounts.pin_refused"
    body = await begun()
    await journey.sign_in(alice)
    assert await refused(body) == "accounts.pin_refused", "another session"
    body = await begun()
    running.clock.advance(rules.PIN_ATTEMPT_SECONDS)
    assert await refused(body) == "accounts.pin_refused", "too late"
    assert (await journey.as_device(alice, "POST", FINISH, await begun()))["grant"]


@pytest.mark.requirement("CMD-03")
async def test_the_root_key_alone_resets_a_pin(journey: Journey) -> None:
    alice, mallory = await journey.register(), await journey.register()
    with pytest.raises(Problem, match="pin_unset"):
        await journey.reset_pin(alice, PIN)
    await journey.set_pin(alice)
    for _ in range(rules.PIN_TRIES):
        await journey.start_pin(alice, DELETE, pin=OTHER_PIN)
    record = await journey.pin_record(alice, OTHER_PIN)
    for root, stated in [
        (mallory.root, reset_statement(record)),
        (alice.root, record),
        (alice.root, b""),
        (alice.root, reset_statement(bytes(192))),
    ]:
        fingerprint = b64(alice.fingerprint)
        begin = {"fingerprint": fingerprint}
        start = await journey.ask("POST", "/accounts/v1/recovery/start", begin)
        body = {
            "fingerprint": fingerprint,
            "challenge": start["challenge"],
            "signature": b64(sign_recovery(root, unb64(start["challenge"]), stated)),
            "root_public": b64(alice.root.public),
            "opaque_record": b64(record),
        }
        with pytest.raises(Problem, match="recovery_refused"):
            await journey.as_device(alice, "POST", "/accounts/v1/pin/reset", body)
    session = alice.session
    await journey.reset_pin(alice, OTHER_PIN)
    assert alice.session == session, "a reset ends no session"
    assert await journey.grant(alice, DELETE)


@pytest.mark.requirement("CMD-03", "APP-18")
async def test_a_deleted_accounts_pin_is_gone_with_it(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    await journey.grant(alice, DELETE)
    await journey.start_pin(alice, DELETE)
    await journey.erase(alice)
    with running.service.databases["accounts"].read() as connection:
        for table in ("pin", "pin_attempt", "pin_grant"):
            count = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar()
            assert count == 0, table


@pytest.mark.requirement("CMD-03")
async def test_nothing_of_a_pin_is_logged(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    grant = await journey.grant(alice, DELETE)
    await journey.start_pin(alice, DELETE, pin=OTHER_PIN)
    with pytest.raises(Problem):
        await journey.as_device(alice, "DELETE", "/accounts/v1/pin", grant=grant)
    said = running.log.getvalue()
    assert not any(secret in said for secret in (PIN, OTHER_PIN, grant))


async def test_answers_that_would_test_a_guess_uncounted_are_few(tmp_path: Path) -> None:
    """One try's answer at home, and a new PIN's answer for each guess, would open the record."""
    settings = settings_of_tests(tmp_path)
    async with running_service(settings) as running:
        journey, clock = running.journey, running.clock
        alice = await journey.register()
        await journey.set_pin(alice)
        for _ in range(8):
            await journey.pin_record(alice, OTHER_PIN)
        assert await _is_spent(journey, alice)
        # The PIN itself goes on: nobody who uses up the answers keeps the owner from a deed.
        assert await journey.grant(alice, DELETE)
    # A restart gives none back; time gives one for each tenth of a day.
    async with running_service(settings, clock) as running:
        assert await _is_spent(running.journey, alice)
        clock.advance(8640)
        await running.journey.sign_in(alice)
        await running.journey.pin_record(alice, OTHER_PIN)
        assert await _is_spent(running.journey, alice)
        await running.journey.erase(alice)
        with running.service.databases["accounts"].read() as connection:
            left = connection.execute(sa.text("SELECT count(*) FROM opaque_answer")).scalar()
        assert left == 0


async def _is_spent(journey: Journey, person: Person) -> bool:
    with pytest.raises(Problem) as refused:
        await journey.pin_record(person, OTHER_PIN)
    return refused.value.code == "limits.accounts.pin_answers"
