"""Every critical deed of an account in Command: its own grant and no other, and alike by duress."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from enigm.domains.accounts.model import CriticalAction
from enigm.wire.device_chain import Kind
from tests.support.journey import b64, unb64
from tests.support.pin_deeds import DURESS_PIN, PIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from tests.support.command import RunningCommand, Visit
    from tests.support.journey import Journey, Person

OTHER_PIN, THIRD_PIN = "161803", "577215"
_RANDOM = re.compile(r"[A-Za-z0-9_-]{20,}|(?<=request:)[a-z0-9-]+")
# Purchases and eSIMs need a shop and a provider: tests of theirs try each of these alike.
WITH_A_SHOP = {
    action for action in CriticalAction if action.value.startswith(("esim.", "commerce."))
}
# No page of Command changes a password: the App does.
IN_THE_APP_ALONE = {CriticalAction.PASSWORD_CHANGE}


@dataclass
class Deed:
    """One deed as a form or a script sends it, with its exact parameters."""

    path: str
    parameters: tuple[bytes, ...]
    fields: dict[str, str]
    is_script: bool

    async def send(self, visit: Visit, grant: str) -> httpx.Response:
        if self.is_script:
            return await visit.ask(self.path, self.fields | ({"grant": grant} if grant else {}))
        return await visit.post(self.path, self.fields | {"grant": grant})


async def _delete(*_: Any) -> Deed:
    return Deed("/account/delete", (), {"is_meant": "yes"}, is_script=False)


def _by_record(path: str) -> Callable[..., Awaitable[Deed]]:
    async def made(visit: Visit, _journey: Journey, person: Person) -> Deed:
        record = await visit.pin_record(person, OTHER_PIN)
        return Deed(path, (unb64(record),), {"opaque_record": record}, is_script=True)

    return made


async def _remove(*_: Any) -> Deed:
    return Deed("/pin/remove", (), {}, is_script=True)


async def _revoke(_visit: Visit, journey: Journey, person: Person) -> Deed:
    chain, now = await journey.chain(person), journey.clock.now_seconds()
    public = person.others[0].signing.public
    entry = b64(chain.by_root(Kind.REVOKE, public, person.root, now))
    return Deed("/devices/revoke", (public,), {"entry": entry}, is_script=False)


DEEDS = {
    CriticalAction.PIN_CHANGE: _by_record("/pin/change"),
    CriticalAction.DURESS_PIN_CHANGE: _by_record("/pin/duress"),
    CriticalAction.PIN_REMOVE: _remove,
    CriticalAction.DEVICE_REVOKE: _revoke,
    CriticalAction.ACCOUNT_DELETE: _delete,
}


async def _arrived(visit: Visit, journey: Journey) -> Person:
    person = await journey.register()
    await journey.link(person)
    await journey.set_pin(person)
    await visit.sign_in(person)
    return person


@pytest.mark.requirement("CMD-03")
def test_every_critical_action_is_tried_on_every_face_that_does_it() -> None:
    assert set(DEEDS) == set(CriticalAction) - WITH_A_SHOP - IN_THE_APP_ALONE


@pytest.mark.requirement("CMD-02", "CMD-03")
@pytest.mark.parametrize("action", DEEDS, ids=lambda action: action.value)
async def test_a_deed_in_command_takes_its_own_grant_and_no_other(
    visit: Visit, command: RunningCommand, journey: Journey, action: CriticalAction
) -> None:
    person = await _arrived(visit, journey)
    deed = await DEEDS[action](visit, journey, person)
    other = command.visit()
    await other.sign_in(person)
    another = next(each for each in DEEDS if each is not action)
    own = (action.value, *deed.parameters)
    wrong = {
        "none": "",
        "noise": "A" * 43,
        "for another deed": await visit.grant(person, another.value, *deed.parameters),
        "for other parameters": await visit.grant(person, *own, b"more"),
        "of another session": await other.grant(person, *own),
        "of the App, on a trusted device": await journey.grant(person, *own),
    }
    for why, grant in wrong.items():
        assert (await deed.send(visit, grant)).status_code in {400, 403}, why
    late = await visit.grant(person, *own)
    command.clock.advance(60)
    assert (await deed.send(visit, late)).status_code == 403
    assert (await journey.as_device(person, "GET", "/accounts/v1/pin"))["is_set"]
    assert person.others[0].signing.public in (await journey.chain(person)).trusted
    grant = await visit.grant(person, *own)
    assert (await deed.send(visit, grant)).status_code in {204, 303}
    if action not in {CriticalAction.ACCOUNT_DELETE, CriticalAction.DEVICE_REVOKE}:
        assert (await deed.send(visit, grant)).status_code == 403, "spent"


def _seen(answer: httpx.Response) -> tuple[Any, ...]:
    """Return an answer with what is random in it replaced by its length."""
    shown = _RANDOM.sub(lambda found: f"<{len(found.group())}>", answer.text)
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    return answer.status_code, headers, shown


async def _everything(visit: Visit, journey: Journey, person: Person, pin: str) -> list[Any]:
    """Do every deed about the PIN, set another one, and end the account; return what was seen."""
    seen: list[Any] = []

    async def do(action: CriticalAction, deed: Deed, own: str) -> None:
        grant = await visit.grant(person, action.value, *deed.parameters, pin=own)
        seen.extend([len(grant), _seen(await deed.send(visit, grant))])
        seen.append(_seen(await visit.get("/pin")))

    await do(CriticalAction.DEVICE_REVOKE, await _revoke(visit, journey, person), pin)
    await do(
        CriticalAction.PIN_CHANGE,
        await DEEDS[CriticalAction.PIN_CHANGE](visit, journey, person),
        pin,
    )
    record = await visit.pin_record(person, THIRD_PIN)
    duress = Deed("/pin/duress", (unb64(record),), {"opaque_record": record}, is_script=True)
    await do(CriticalAction.DURESS_PIN_CHANGE, duress, OTHER_PIN)
    await do(CriticalAction.PIN_REMOVE, await _remove(), OTHER_PIN)
    seen.append(len(await visit.grant(person, "accounts.delete", pin=OTHER_PIN)))
    await visit.sign_in(person)
    await visit.set_pin(person, PIN, OTHER_PIN)
    seen.append(_seen(await visit.get("/pin")))
    await do(CriticalAction.ACCOUNT_DELETE, await _delete(), PIN)
    seen.append(_seen(await visit.get("/account")))
    return seen


@pytest.mark.requirement("CMD-03")
async def test_whoever_watches_command_cannot_tell_duress_from_consent(
    command: RunningCommand, journey: Journey
) -> None:
    seen: list[list[Any]] = []
    for pin in (PIN, DURESS_PIN):
        visit = command.visit()
        person = await _arrived(visit, journey)
        seen.append(await _everything(visit, journey, person, pin))
    free, forced = seen
    assert len(free) > 15
    assert free == forced
