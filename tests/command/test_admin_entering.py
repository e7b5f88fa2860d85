"""Passkeys of administrators: what opens a session, what does not, and who stays apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from enigm.assembly.trust import build_trust
from enigm.domains.administration.errors import (
    AdministratorUnknownError,
    LabelError,
    LastOwnerError,
)
from enigm.domains.administration.model import AdministratorId, Role
from enigm.domains.audit.model import NO_HANDLE, Category
from enigm.domains.audit.model import Role as AuditRole
from enigm.foundation.encoding import base64url_encode
from tests.support.administrators import (
    appointments_of,
    at_desk,
    enrolled,
    invited,
    named,
    sign_in,
)
from tests.support.command import Visit
from tests.support.passkeys import SecurityKey

if TYPE_CHECKING:
    from httpx import Response

    from tests.support.administrators import AtDesk
    from tests.support.command import RunningCommand
    from tests.support.journey import Journey

MINUTE, DAY = 60, 86_400


async def _begun(desk: AtDesk) -> dict[str, Any]:
    await desk.visit.get("/admin/sign-in")
    return (await desk.visit.ask("/admin/sign-in/start", {})).json()


async def _finished(desk: AtDesk, credential: dict[str, Any]) -> str:
    answer = await desk.visit.ask("/admin/sign-in/finish", {"credential": credential})
    return "" if answer.status_code == 204 else str(answer.json()["code"])


async def _enrolling(
    visit: Visit, key: SecurityKey, invitation: str, *, made_for: dict[str, Any] | None = None
) -> Response:
    await visit.get("/admin/enrol")
    begun = await visit.ask("/admin/enrol/start", {"invitation": invitation})
    if begun.status_code != 200:
        return begun
    made = key.make(made_for or begun.json())
    return await visit.ask("/admin/enrol/finish", {"invitation": invitation, "credential": made})


def _records(command: RunningCommand) -> list[str]:
    """Return what the log says of administration, in order."""
    log = build_trust(command.service.around, dict(command.service.databases)).audit
    read = log.read(AuditRole.AUDITOR, Category.ADMINISTRATION, 0, NO_HANDLE)
    return [each.payload.decode() for each in read]


@pytest.mark.requirement("CMD-09", "CMD-11")
async def test_a_link_enrols_one_passkey_that_signs_in(command: RunningCommand) -> None:
    desk = await at_desk(command, Role.AUDITOR, "night shift")
    page = await desk.visit.get("/admin")
    assert page.status_code == 200
    assert "Auditor" in page.text
    assert "night shift" in page.text


@pytest.mark.requirement("CMD-09")
async def test_a_link_works_once_and_for_a_day(command: RunningCommand) -> None:
    address = named(command.address)
    invitation = invited(command, Role.SHOP)
    visit = Visit(command.service, address)
    assert (await _enrolling(visit, SecurityKey(address, "localhost"), invitation)).is_success
    other = SecurityKey(address, "localhost", b"another")
    again = await _enrolling(visit, other, invitation)
    assert again.json()["code"] == "administration.invitation_refused"
    late = invited(command, Role.SHOP)
    command.clock.advance(DAY)
    assert (await _enrolling(visit, other, late)).status_code == 403
    guessed = await _enrolling(visit, other, base64url_encode(bytes(32)))
    assert guessed.json()["code"] == "administration.invitation_refused"


@pytest.mark.requirement("CMD-09")
async def test_a_passkey_must_be_made_here_for_this_name_by_who_unlocked_it(
    command: RunningCommand,
) -> None:
    address = named(command.address)
    visit, invitation = Visit(command.service, address), invited(command, Role.SHOP)
    lying = {
        "origin": SecurityKey("https://evil.example", "localhost"),
        "host": SecurityKey(address, "evil.example"),
        "locked": SecurityKey(address, "localhost", is_verified=False),
    }
    codes = {
        what: (await _enrolling(visit, key, invitation)).json()["code"]
        for what, key in lying.items()
    }
    assert codes == dict.fromkeys(lying, "administration.passkey_refused")
    stale = {"challenge": base64url_encode(bytes(56))}
    key = SecurityKey(address, "localhost")
    answer = await _enrolling(visit, key, invitation, made_for=stale)
    assert answer.json()["code"] == "administration.challenge_refused"
    # Nothing of this used the link up.
    assert (await _enrolling(visit, key, invitation)).is_success


@pytest.mark.requirement("CMD-09")
async def test_what_a_passkey_signed_opens_one_session_only(command: RunningCommand) -> None:
    desk = await enrolled(command, Role.FLEET)
    credential = desk.key.sign(await _begun(desk))
    assert await _finished(desk, credential) == ""
    await desk.visit.get("/admin/sign-in")
    assert await _finished(desk, credential) == "administration.challenge_refused"


@pytest.mark.requirement("CMD-09")
async def test_a_challenge_is_for_one_browser_one_purpose_and_five_minutes(
    command: RunningCommand,
) -> None:
    desk = await enrolled(command, Role.FLEET)
    begun = await _begun(desk)
    thief = Visit(command.service, named(command.address))
    await thief.get("/admin/sign-in")
    stolen = await thief.ask("/admin/sign-in/finish", {"credential": desk.key.sign(begun)})
    assert stolen.json()["code"] == "administration.challenge_refused"
    invitation = invited(command, Role.SHOP)
    for_enrolment = await desk.visit.ask("/admin/enrol/start", {"invitation": invitation})
    signed = desk.key.sign(for_enrolment.json())
    assert await _finished(desk, signed) == "administration.challenge_refused"
    command.clock.advance(5 * MINUTE)
    assert await _finished(desk, desk.key.sign(begun)) == "administration.challenge_refused"


@pytest.mark.requirement("CMD-09")
async def test_a_sign_in_is_refused_that_lies_about_anything(command: RunningCommand) -> None:
    desk = await enrolled(command, Role.FLEET)
    key, address = desk.key, named(command.address)
    refused: dict[str, str] = {}
    for what, origin, host, is_verified in (
        ("origin", "http://localhost:1", "localhost", True),
        ("host", address, "127.0.0.1", True),
        ("locked", address, "localhost", False),
    ):
        key.origin, key.host, key.is_verified = origin, host, is_verified
        refused[what] = await _finished(desk, key.sign(await _begun(desk)))
    key.origin, key.host, key.is_verified = address, "localhost", True
    begun = await _begun(desk)
    forged = SecurityKey(address, "localhost", key.credential_id, count=99).sign(begun)
    refused["forged"] = await _finished(desk, forged)
    unknown = SecurityKey(address, "localhost", b"never enrolled").sign(begun)
    refused["unknown"] = await _finished(desk, unknown)
    refused["nothing"] = await _finished(desk, {"rawId": 5})
    assert set(refused.values()) == {"administration.passkey_refused"}, refused
    assert await _finished(desk, key.sign(await _begun(desk))) == ""


@pytest.mark.requirement("CMD-09")
async def test_a_passkey_that_counts_backwards_was_copied_and_is_on_record(
    command: RunningCommand,
) -> None:
    desk = await at_desk(command, Role.FLEET)
    desk.key.count = 0
    code = await _finished(desk, desk.key.sign(await _begun(desk)))
    assert code == "administration.passkey_copied"
    told = [each for each in _records(command) if "administration.passkey_copied" in each]
    assert len(told) == 1
    assert '"decision":"denied"' in told[0]


async def test_a_passkey_that_never_counts_is_taken_each_time(command: RunningCommand) -> None:
    # Passkeys that are synchronised between devices say 0 always (WebAuthn §6.1.1).
    desk = await enrolled(command, Role.FLEET)
    for _ in range(2):
        desk.key.count = -1
        assert await _finished(desk, desk.key.sign(await _begun(desk))) == ""


@pytest.mark.requirement("CMD-09")
async def test_every_deed_is_recorded_under_a_handle_and_by_no_name(
    command: RunningCommand,
) -> None:
    desk = await at_desk(command, Role.AUDITOR, "night shift")
    await desk.visit.get("/admin/orders")
    records = _records(command)
    handle = records[-1].partition('"actor":"')[2][:40]
    deeds = [each for each in records if f'"actor":"{handle}"' in each]
    assert [('"reason":"overview.read"' in each) for each in deeds].count(True) == 1
    assert '"decision":"denied"' in deeds[-1]
    assert '"reason":"administration.role"' in deeds[-1]
    assert "night shift" not in "".join(records)
    (who,) = appointments_of(command).administrators()
    assert who.administrator_id.hex() not in "".join(records)


@pytest.mark.requirement("CMD-09")
async def test_one_owner_remains(command: RunningCommand) -> None:
    first = await at_desk(command, Role.OWNER, "first")
    appointments = appointments_of(command)
    (owner,) = appointments.administrators()
    with pytest.raises(LastOwnerError):
        appointments.revoke(owner.administrator_id)
    address = f"/admin/administrators/{owner.administrator_id.hex()}/revoke"
    await first.visit.get("/admin/administrators")
    kept = await first.visit.post(address, {"confirmed": "yes"})
    assert kept.status_code == 409
    second = await at_desk(command, Role.OWNER, "second")
    await second.visit.get("/admin/administrators")
    assert (await second.visit.post(address, {"confirmed": "yes"})).status_code == 303
    assert [each.label for each in appointments.administrators()] == ["second"]
    gone = await first.visit.get("/admin", accept="application/json")
    assert gone.json()["code"] == "administration.session_ended"
    assert await _finished(first, first.key.sign(await _begun(first))) == (
        "administration.passkey_refused"
    )


async def test_an_unused_link_can_be_taken_back(command: RunningCommand) -> None:
    appointments = appointments_of(command)
    invitation = invited(command, Role.SHOP)
    (waiting,) = appointments.invitations()
    appointments.revoke(waiting.administrator_id)
    with pytest.raises(AdministratorUnknownError):
        appointments.revoke(AdministratorId(waiting.administrator_id))
    visit = Visit(command.service, named(command.address))
    key = SecurityKey(named(command.address), "localhost")
    assert (await _enrolling(visit, key, invitation)).status_code == 403


def test_a_label_is_short_and_one_line(command: RunningCommand) -> None:
    for label in ("x" * 41, "two\nlines"):
        with pytest.raises(LabelError):
            appointments_of(command).invite(Role.OWNER, label)


@pytest.mark.requirement("CMD-11")
async def test_an_administrator_is_nobody_on_a_persons_pages(command: RunningCommand) -> None:
    desk = await at_desk(command, Role.OWNER)
    for path in ("/sessions", "/devices", "/account", "/orders", "/entitlements", "/pin"):
        answer = await desk.visit.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.requirement("CMD-11")
async def test_a_persons_session_is_nobody_under_admin(
    command: RunningCommand, journey: Journey
) -> None:
    visit = command.visit()
    (await visit.sign_up(journey.new_person())).raise_for_status()
    answer = await visit.get("/admin", accept="application/json")
    assert answer.json()["code"] == "administration.session_needed"
    # Not even with its cookie under the administrators' name.
    for cookie in list(visit.http.cookies.jar):
        visit.http.cookies.set("enigm-command-administrator", cookie.value or "")
    answer = await visit.get("/admin", accept="application/json")
    assert answer.json()["code"].startswith("administration.session_")


@pytest.mark.requirement("CMD-11")
async def test_both_sessions_in_one_browser_do_not_mix(
    command: RunningCommand, journey: Journey
) -> None:
    desk = await at_desk(command, Role.SHOP)
    (await desk.visit.sign_up(journey.new_person())).raise_for_status()
    page = await desk.visit.get("/admin")
    assert 'href="/sessions"' not in page.text
    theirs = desk.visit.form_token
    await desk.visit.get("/sessions")
    persons = desk.visit.form_token
    assert theirs != persons
    desk.visit.form_token = theirs
    refused = await desk.visit.post("/sign-out")
    assert "command.form_refused" in refused.text
    desk.visit.form_token = persons
    refused = await desk.visit.post("/admin/sign-out")
    assert "command.form_refused" in refused.text


async def test_signing_out_ends_the_session_itself(command: RunningCommand) -> None:
    desk = await at_desk(command, Role.SHOP)
    copied = Visit(command.service, desk.visit.address)
    copied.http.cookies.update(desk.visit.http.cookies)
    assert (await desk.visit.post("/admin/sign-out")).headers["location"] == "/admin/sign-in"
    answer = await copied.get("/admin", accept="application/json")
    assert answer.json()["code"] == "administration.session_ended"
    await sign_in(desk)
    assert (await desk.visit.get("/admin")).status_code == 200


async def test_passkeys_hold_for_a_name_so_an_address_leads_there(command: RunningCommand) -> None:
    answer = await command.visit().get("/admin/sign-in")
    assert answer.headers["location"] == f"{named(command.address)}/admin/sign-in"
