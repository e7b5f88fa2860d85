"""Sessions end after six absolute hours, or earlier by their owner, and open nothing of others."""

from __future__ import annotations

import pytest

from enigm.domains.accounts import rules
from tests.support.journey import Journey, Problem, b64
from tests.support.service import Running

SESSIONS = "/accounts/v1/sessions"


@pytest.mark.requirement("APP-07")
async def test_a_session_ends_after_six_hours_however_it_is_used(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    for _ in range(6 * 60 - 1):
        running.clock.advance(60)
    await journey.chain(alice)
    running.clock.advance(59)
    await journey.chain(alice)
    running.clock.advance(1)
    with pytest.raises(Problem) as raised:
        await journey.chain(alice)
    assert (raised.value.status, raised.value.code) == (401, "accounts.session_ended")


@pytest.mark.requirement("APP-07")
async def test_an_ended_session_changes_nothing_of_trust(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    running.clock.advance(rules.SESSION_SECONDS)
    await journey.sign_in(alice)
    assert list((await journey.chain(alice)).trusted) == [alice.device.signing.public]
    await journey.tokens(alice)


@pytest.mark.requirement("PRV-02")
async def test_what_is_past_its_time_is_gone_from_the_store(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    await journey.sign_in(alice)
    await journey.tokens(alice)
    await journey.enrol(alice)
    request, _ = journey.opaque.start_login("unfinished")
    body = {"lookup_id": b64(alice.lookup_id), "opaque_request": b64(request.to_bytes())}
    await journey.ask("POST", "/accounts/v1/session/start", body)
    timed = {
        "accounts": ["session", "login", "attempts", "spent_challenge", "token_quota"],
        "devices": ["enrolment", "nonce"],
    }
    assert all(count > 0 for count in _counts(running, timed).values())
    running.clock.advance(2 * 86_400)
    running.service.upkeep.run_once()
    assert set(_counts(running, timed).values()) == {0}
    await journey.sign_in(alice)


def _counts(running: Running, tables: dict[str, list[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for domain, names in tables.items():
        with running.service.databases[domain].read() as connection:
            for name in names:
                rows = connection.exec_driver_sql(f"SELECT count(*) FROM {name}")
                counts[name] = rows.scalar_one()
    return counts


async def test_one_lists_and_ends_ones_own_sessions(journey: Journey) -> None:
    alice = await journey.register()
    first = alice.session
    await journey.sign_in(alice)
    listed = (await journey.as_session(alice, "GET", SESSIONS))["sessions"]
    assert [entry["current"] for entry in listed].count(True) == 1
    other = next(entry for entry in listed if not entry["current"])
    await journey.as_session(alice, "DELETE", f"{SESSIONS}/{other['id']}")
    second, alice.session = alice.session, first
    with pytest.raises(Problem, match="session_ended"):
        await journey.chain(alice)
    alice.session = second
    await journey.chain(alice)


@pytest.mark.requirement("CMD-05")
async def test_a_session_says_whose_it_is_and_which_device_signed_in(journey: Journey) -> None:
    alice = await journey.register()
    await journey.change_password(alice, "new")
    (current,) = (await journey.as_session(alice, "GET", SESSIONS))["sessions"]
    assert (current["kind"], current["device"]) == ("app", b64(alice.device.device_id))
    await journey.sign_in(alice)  # by the password alone: no device signed
    listed = (await journey.as_session(alice, "GET", SESSIONS))["sessions"]
    (unsigned,) = [entry for entry in listed if entry["current"]]
    assert (unsigned["kind"], unsigned["device"]) == ("app", None)


async def test_a_first_session_is_on_the_first_device_and_a_recovered_one_on_the_new(
    journey: Journey,
) -> None:
    alice = await journey.register()
    (first,) = (await journey.as_session(alice, "GET", SESSIONS))["sessions"]
    assert first["device"] == b64(alice.device.device_id)
    device = await journey.recover(alice, "new")
    (again,) = (await journey.as_session(alice, "GET", SESSIONS))["sessions"]
    assert again["device"] == b64(device.device_id)


@pytest.mark.parametrize("whose", ["another's", "nobody's"])
async def test_one_ends_no_session_of_another(journey: Journey, whose: str) -> None:
    alice, mallory = await journey.register(), await journey.register()
    listed = (await journey.as_session(alice, "GET", SESSIONS))["sessions"]
    name = listed[0]["id"] if whose == "another's" else b64(bytes(16))
    with pytest.raises(Problem) as raised:
        await journey.as_session(mallory, "DELETE", f"{SESSIONS}/{name}")
    assert (raised.value.status, raised.value.code) == (404, "accounts.session_unknown")
    await journey.chain(alice)


async def test_a_sessions_id_opens_nothing(journey: Journey) -> None:
    alice = await journey.register()
    listed = (await journey.as_session(alice, "GET", SESSIONS))["sessions"]
    alice.session = listed[0]["id"] + "A" * 21
    with pytest.raises(Problem, match="session_ended"):
        await journey.chain(alice)


async def test_an_account_has_a_bounded_number_of_sessions(running: Running) -> None:
    journey, path = running.journey, running.service.account_path
    assert path is not None
    alice = await journey.register()
    caller = path.accounts.sessions.recognise(_token(alice.session))
    store = path.accounts.sessions._store
    for _ in range(rules.SESSIONS_MAX):
        running.clock.advance(1)
        with store.begin() as records:
            path.accounts.sessions.open_session(records, caller.account_id)
    assert len(path.accounts.sessions.list_sessions(caller)) == rules.SESSIONS_MAX
    with pytest.raises(Problem, match="session_ended"):
        await journey.chain(alice)


def _token(text: str) -> bytes:
    from tests.support.journey import unb64

    return unb64(text)
