"""Every critical action asks for a PIN's grant, and no other grant than its own will do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from enigm.domains.accounts.model import CriticalAction
from enigm.domains.accounts.rules import PIN_GRANT_SECONDS, PIN_TRIES
from enigm.faces.http.door import access_of, operation_of
from enigm.foundation.access import PIN_OPTION, Access
from enigm.wire.device_chain import Kind
from tests.support.journey import Device, Journey, Person, Problem, b64
from tests.support.pin_deeds import PIN
from tests.support.service import Running

OTHER_PIN = "161803"
# Critical operations that no PIN can authorise, because they are what gives an owner one.
BEFORE_ANY_PIN = {"accounts.pin.set", "accounts.pin.reset"}
# Pages of Command alone do these: no route of the account path does. Command's tests try them.
ON_COMMAND_ALONE = {
    action for action in CriticalAction if action.value.startswith(("esim.", "commerce."))
}


@dataclass
class Deed:
    """One critical action as a request, with its exact parameters."""

    method: str
    path: str
    parameters: tuple[bytes, ...]
    body: Any
    is_done: Callable[[Any], Awaitable[bool]]


async def _answered(_answer: Any) -> bool:
    return True


async def _delete(journey: Journey, alice: Person, _second: Device) -> Deed:
    async def is_gone(_answer: Any) -> bool:
        with pytest.raises(Problem, match="session_ended"):
            await journey.chain(alice)
        return True

    return Deed("DELETE", "/accounts/v1/account", (), None, is_gone)


async def _password(journey: Journey, alice: Person, _second: Device) -> Deed:
    record = await journey.opaque_record(alice, "a new password")

    async def is_new(answer: Any) -> bool:
        alice.session = answer["session"]
        return bool(await journey.sign_in(alice, "a new password"))

    return Deed("PUT", "/accounts/v1/password", (record,), {"opaque_record": b64(record)}, is_new)


async def _change(journey: Journey, alice: Person, _second: Device) -> Deed:
    record = await journey.pin_record(alice, OTHER_PIN)

    async def is_changed(_answer: Any) -> bool:
        return bool(await journey.grant(alice, "accounts.delete", pin=OTHER_PIN))

    body = {"opaque_record": b64(record)}
    return Deed("POST", "/accounts/v1/pin/change", (record,), body, is_changed)


async def _duress(journey: Journey, alice: Person, _second: Device) -> Deed:
    record = await journey.pin_record(alice, OTHER_PIN)

    async def is_changed(_answer: Any) -> bool:
        return bool(await journey.grant(alice, "accounts.delete", pin=OTHER_PIN))

    body = {"opaque_record": b64(record)}
    return Deed("POST", "/accounts/v1/pin/duress", (record,), body, is_changed)


async def _remove(journey: Journey, alice: Person, _second: Device) -> Deed:
    async def is_removed(_answer: Any) -> bool:
        return not (await journey.as_device(alice, "GET", "/accounts/v1/pin"))["is_set"]

    return Deed("DELETE", "/accounts/v1/pin", (), None, is_removed)


async def _revoke(journey: Journey, alice: Person, second: Device) -> Deed:
    chain, now = await journey.chain(alice), journey.clock.now_seconds()
    entry = chain.by_device(Kind.REVOKE, second.signing.public, alice.device.signing, now)

    async def is_revoked(_answer: Any) -> bool:
        return second.signing.public in (await journey.chain(alice)).revoked

    body, public = {"entry": b64(entry)}, second.signing.public
    return Deed("POST", "/devices/v1/chain", (public,), body, is_revoked)


DEEDS = {
    CriticalAction.ACCOUNT_DELETE: _delete,
    CriticalAction.PASSWORD_CHANGE: _password,
    CriticalAction.PIN_CHANGE: _change,
    CriticalAction.PIN_REMOVE: _remove,
    CriticalAction.DURESS_PIN_CHANGE: _duress,
    CriticalAction.DEVICE_REVOKE: _revoke,
}


def _pin_of_routes(running: Running) -> dict[str, str | None]:
    """Return what PIN each protected operation's route asks for."""
    path = running.service.account_path
    assert path is not None
    return {
        operation_of(handler).word: handler.opt[PIN_OPTION]
        for route in path.application.routes
        for handler in route.route_handlers
        if access_of(handler) is Access.PROTECTED and operation_of(handler).is_critical
    }


@pytest.mark.requirement("CMD-03")
async def test_every_critical_route_says_which_pin_it_asks_for(running: Running) -> None:
    asked = _pin_of_routes(running)
    assert {word for word, pin in asked.items() if pin is None} == BEFORE_ANY_PIN
    here = set(CriticalAction) - ON_COMMAND_ALONE
    assert {pin for pin in asked.values() if pin} == {action.value for action in here}
    assert set(DEEDS) == here, "each critical action is tried below"


@pytest.mark.requirement("CMD-03")
@pytest.mark.parametrize("action", DEEDS, ids=lambda action: action.value)
async def test_a_critical_action_takes_its_own_grant_and_no_other(
    running: Running, action: CriticalAction
) -> None:
    journey = running.journey
    alice, mallory = await journey.register(), await journey.register()
    second = await journey.link(alice)
    await journey.set_pin(alice)
    deed = await DEEDS[action](journey, alice, second)

    async def send(grant: str | None, **changes: Any) -> Any:
        return await journey.as_device(
            alice, deed.method, deed.path, deed.body, grant=grant, **changes
        )

    async def refused(grant: str | None, **changes: Any) -> str:
        with pytest.raises(Problem) as problem:
            await send(grant, **changes)
        assert problem.value.status == 403
        return problem.value.code

    async def own(person: Person = alice) -> str:
        return await journey.grant(person, action.value, *deed.parameters)

    refusal = "accounts.pin_grant_refused"
    assert await refused(None) == "accounts.pin_needed"
    assert await refused("") == refusal, "an empty one"
    assert await refused("A" * 43) == refusal, "noise"
    assert await refused("!" * 43) == refusal, "no base64"
    others = (each for each in CriticalAction if each is not action)
    for other in others:
        grant = await journey.grant(alice, other.value, *deed.parameters)
        assert await refused(grant) == refusal, other
    grant = await journey.grant(alice, action.value, *deed.parameters, b"more")
    assert await refused(grant) == refusal, "other parameters"
    assert await refused(await own(mallory)) == refusal, "another account's"
    assert await refused(await own(), device=second) == refusal, "another device"
    late = await own()
    running.clock.advance(PIN_GRANT_SECONDS)
    assert await refused(late) == refusal, "too old"
    elsewhere = await own()
    await journey.sign_in(alice)
    assert await refused(elsewhere) == refusal, "another session"
    grant = await own()
    assert await deed.is_done(await send(grant))
    # After the end there is nobody to ask; the same revocation again is answered as the first.
    if action not in {CriticalAction.ACCOUNT_DELETE, CriticalAction.DEVICE_REVOKE}:
        assert await refused(grant) == refusal, "spent"


@pytest.mark.requirement("CMD-03")
@pytest.mark.parametrize("action", DEEDS, ids=lambda action: action.value)
async def test_nothing_critical_is_begun_while_the_pin_is_locked(
    running: Running, action: CriticalAction
) -> None:
    journey = running.journey
    alice = await journey.register()
    await journey.set_pin(alice)
    for _ in range(PIN_TRIES):
        await journey.start_pin(alice, action.value, pin=OTHER_PIN)
    with pytest.raises(Problem) as problem:
        await journey.grant(alice, action.value, pin=PIN)
    assert (problem.value.status, problem.value.code) == (429, "accounts.pin_locked")
    assert problem.value.body["retry_after_seconds"] == 60
