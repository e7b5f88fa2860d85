"""A session of Command: six hours, listed, ended, and worth nothing anywhere else."""

from __future__ import annotations

import base64

import pytest

from tests.support.command import RunningCommand, Visit
from tests.support.journey import Journey, Problem

SIX_HOURS = 6 * 3600


@pytest.mark.requirement("CMD-11", "APP-07")
async def test_a_session_of_command_opens_nothing_on_the_account_path(
    visit: Visit, journey: Journey
) -> None:
    person = await journey.register()
    await visit.sign_in(person)
    person.session = visit.http.cookies["enigm-command"]
    with pytest.raises(Problem) as refused:
        await journey.as_session(person, "GET", "/accounts/v1/sessions")
    assert refused.value.code == "accounts.session_ended"


@pytest.mark.requirement("CMD-11", "APP-07")
async def test_a_session_of_the_app_opens_no_page_of_command(
    visit: Visit, journey: Journey
) -> None:
    person = await journey.register()
    visit.http.cookies["enigm-command"] = person.session
    answer = await visit.get("/sessions")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/sessions"


@pytest.mark.requirement("CMD-05", "APP-07")
async def test_a_session_ends_after_six_hours_whatever_is_done_with_it(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    await visit.sign_in(await journey.register())
    command.clock.advance(SIX_HOURS - 1)
    assert (await visit.get("/sessions")).status_code == 200
    command.clock.advance(1)
    assert (await visit.get("/sessions")).status_code == 303


@pytest.mark.requirement("CMD-05")
async def test_sessions_here_and_in_the_app_are_listed_and_ended(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person = await journey.register()
    await visit.sign_in(person)
    page = await visit.get("/sessions")
    assert page.text.count("This session: Command, in a browser") == 1
    assert page.text.count("Another session: the App, on device") == 1
    number = person.device.device_id.hex()
    assert f"{number[:4]} {number[4:8]}" in page.text
    sessions = await journey.as_session(person, "GET", "/accounts/v1/sessions")
    (app,) = [entry for entry in sessions["sessions"] if entry["current"]]
    assert (await visit.post(f"/sessions/{app['id']}/end")).status_code == 303
    with pytest.raises(Problem):
        await journey.as_session(person, "GET", "/accounts/v1/sessions")
    assert (await visit.get("/sessions")).text.count("Another session") == 0


@pytest.mark.requirement("CMD-05")
async def test_nobody_ends_anothers_session(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    person, other = await journey.register(), await journey.register()
    await visit.sign_in(person)
    theirs = await journey.as_session(other, "GET", "/accounts/v1/sessions")
    answer = await visit.post(f"/sessions/{theirs['sessions'][0]['id']}/end")
    assert answer.status_code == 404
    await journey.as_session(other, "GET", "/accounts/v1/sessions")


async def test_signing_out_ends_the_session_itself(visit: Visit, journey: Journey) -> None:
    await visit.sign_in(await journey.register())
    kept = visit.http.cookies["enigm-command"]
    assert (await visit.post("/sign-out")).status_code == 303
    visit.http.cookies["enigm-command"] = kept
    assert (await visit.get("/sessions")).status_code == 303


async def test_a_wrong_password_opens_nothing(visit: Visit, journey: Journey) -> None:
    person = await journey.register()
    await visit.get("/sign-in")
    body = {
        "login": base64.urlsafe_b64encode(bytes(16)).decode().rstrip("="),
        "opaque_finalization": "A" * 86,
    }
    answer = await visit.ask("/sign-in/finish", body)
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.sign_in_failed")
    assert person.session
    assert "enigm-command" not in visit.http.cookies


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.test",
        "https://evil.test/",
        "/\\evil.test",
        # What browsers drop from an address before they read it.
        "/\t/evil.test",
        "/\n/evil.test",
        "/\r\\evil.test",
        "/a/..\\/evil.test",
        "javascript:alert(1)",
        "",
    ],
)
async def test_signing_in_leads_to_a_page_of_command_only(visit: Visit, asked: str) -> None:
    page = await visit.http.get("/sign-in", params={"next": asked})
    assert 'data-next="/"' in page.text
