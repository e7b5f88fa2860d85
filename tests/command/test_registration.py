"""An account made in Command: no device, the root key's word, and the App takes it up."""

from __future__ import annotations

import pytest

from enigm.wire.account_registration import sign_registration
from tests.support.command import RunningCommand, Visit
from tests.support.journey import Journey, Problem, b64, unb64


@pytest.mark.requirement("CMD-01")
async def test_an_account_made_here_is_taken_up_by_the_phrase(
    visit: Visit, journey: Journey
) -> None:
    person = journey.new_person()
    assert (await visit.sign_up(person)).status_code == 200
    assert (await visit.get("/sessions")).status_code == 200
    assert "No device yet" in (await visit.get("/")).text
    device = await journey.recover(person, "another password")
    chain = await journey.chain(person)
    assert list(chain.trusted) == [device.signing.public]
    # The old sessions ended with the recovery, and the new password opens Command.
    assert (await visit.get("/sessions")).status_code == 303
    await visit.sign_in(person)
    assert "No device yet" not in (await visit.get("/")).text


@pytest.mark.requirement("CMD-01")
async def test_no_device_links_before_the_phrase_brought_the_first(
    visit: Visit, journey: Journey
) -> None:
    person = journey.new_person()
    await visit.sign_up(person)
    await journey.sign_in(person)
    with pytest.raises(Problem) as refused:
        await journey.as_session(person, "GET", "/devices/v1/chain")
    assert refused.value.code == "devices.no_chain"


@pytest.mark.requirement("CMD-01")
async def test_a_root_key_of_somebody_else_begins_no_account(
    visit: Visit, journey: Journey
) -> None:
    person, thief = journey.new_person(), journey.new_person()
    body = await visit.registration_body(thief)
    record = unb64(body["opaque_record"])
    by_thief = sign_registration(thief.root, thief.lookup_id, record, thief.backup)
    answers = [
        await visit.ask("/sign-up", body | {"root_public": b64(person.root.public)}),
        await visit.ask("/sign-up", body | {"lookup_id": b64(person.lookup_id)}),
        await visit.ask(
            "/sign-up",
            body | {"backup": b64(person.backup), "signature": b64(by_thief)},
        ),
    ]
    assert [answer.json()["code"] for answer in answers] == ["crypto.signature"] * 3


@pytest.mark.requirement("CMD-01")
async def test_a_taken_name_and_a_used_phrase_are_refused(visit: Visit, journey: Journey) -> None:
    person = await journey.register()
    namesake, twin = journey.new_person(), journey.new_person()
    namesake.lookup_id, twin.root = person.lookup_id, person.root
    codes = [(await visit.sign_up(who)).json()["code"] for who in (namesake, twin)]
    assert codes == ["accounts.name_taken", "accounts.root_key_in_use"]


@pytest.mark.requirement("CMD-01")
async def test_registration_here_costs_the_same_work(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    body = await visit.registration_body(journey.new_person())
    spent = await visit.ask("/sign-up", body)
    assert spent.status_code == 200
    again = await visit.registration_body(journey.new_person()) | {"proof": body["proof"]}
    assert (await visit.ask("/sign-up", again)).json()["code"] == "accounts.proof_refused"
    none = await visit.registration_body(journey.new_person()) | {"proof": {}}
    assert (await visit.ask("/sign-up", none)).json()["code"] == "accounts.proof_refused"
