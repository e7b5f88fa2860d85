"""The duress PIN answers exactly as the PIN does; only what can be undone is done."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from enigm.domains.accounts.rules import PIN_HOLD_SECONDS
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import NO_HANDLE, Category, Role
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from tests.support.journey import Device, Journey, Person, Problem, b64
from tests.support.pin_deeds import DURESS_PIN, PIN
from tests.support.service import Running, settings_of_tests

OTHER_PIN = "161803"
TABLES = ("pin", "session", "account", "entry", "handle")
# What differs from one answer to the next whoever asks: random bytes, of one length.
_RANDOM = re.compile(r"[A-Za-z0-9_-]{20,}|(?<=request:)[a-z0-9-]+")


class Transcript:
    """What somebody sees who watches a person's requests, and the service's work for them."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self.answers: list[tuple[Any, ...]] = []
        self.statements: list[str] = []
        self.is_ending = False

    @contextmanager
    def watched(self) -> Generator[None]:
        send = self._journey.http.request

        async def request(method: str, path: str, **rest: Any) -> httpx.Response:
            answer = await send(method, path, **rest)
            self.answers.append(_seen(method, path, answer))
            return answer

        def execute(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            # Handing an erasure on costs by the devices there are: docs/known-limits.md.
            tables = ("pin", "session", "account") if self.is_ending else TABLES
            if any(table in statement for table in tables):
                self.statements.append(statement)

        self._journey.http.request = request  # type: ignore[method-assign]
        sa.event.listen(sa.Engine, "before_cursor_execute", execute)
        try:
            yield
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", execute)
            self._journey.http.request = send  # type: ignore[method-assign]


def _seen(method: str, path: str, answer: httpx.Response) -> tuple[Any, ...]:
    """Return an answer with what is random in it replaced by its length."""
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    body = json.loads(answer.content) if answer.content else None
    if isinstance(body, dict) and "chain" in body:
        body["chain"] = [len(entry) for entry in body["chain"]]
    shown = _RANDOM.sub(lambda found: f"<{len(found.group())}>", json.dumps(body, sort_keys=True))
    return (method, path, answer.status_code, headers, len(answer.content), shown)


@pytest.fixture
async def people(running: Running) -> tuple[Person, Person]:
    """Two people with two devices each and both PINs: one is free, one is forced."""
    made: list[Person] = []
    for _ in range(2):
        person = await running.journey.register()
        await running.journey.link(person)
        await running.journey.link(person)
        await running.journey.set_pin(person)
        made.append(person)
    return made[0], made[1]


def acts(running: Running, tmp_path: Any) -> Counter[str]:
    keys = load_or_create_keys(settings_of_tests(tmp_path).key_file, SystemEntropy())
    database = running.service.databases["audit"]
    log = AuditLog(database, keys, running.clock, SystemEntropy())
    found = log.read(Role.AUDITOR, Category.ACCOUNT, 0, NO_HANDLE)
    return Counter(msgspec.json.decode(each.payload)["act"] for each in found)


async def _everything(journey: Journey, person: Person, pin: str, transcript: Transcript) -> None:
    """Do every critical deed that there is, the last one being the end."""
    await journey.revoke(person, person.others[0], pin=pin)
    record = await journey.pin_record(person, OTHER_PIN)
    grant = await journey.grant(person, "accounts.pin.change", record, pin=pin)
    body = {"opaque_record": b64(record)}
    await journey.as_device(person, "POST", "/accounts/v1/pin/change", body, grant=grant)
    duress = await journey.pin_record(person, "577215")
    grant = await journey.grant(person, "accounts.pin.duress", duress, pin=OTHER_PIN)
    body = {"opaque_record": b64(duress)}
    await journey.as_device(person, "POST", "/accounts/v1/pin/duress", body, grant=grant)
    await journey.as_device(person, "GET", "/accounts/v1/pin")
    await journey.change_password(person, "a new password", pin=OTHER_PIN)
    grant = await journey.grant(person, "accounts.pin.remove", pin=OTHER_PIN)
    await journey.as_device(person, "DELETE", "/accounts/v1/pin", grant=grant)
    await journey.as_device(person, "GET", "/accounts/v1/pin")
    await journey.set_pin(person, PIN)
    with pytest.raises(Problem):
        await journey.grant(person, "accounts.delete", pin="999983")
    transcript.is_ending = True
    await journey.erase(person, pin=PIN)
    with pytest.raises(Problem):
        await journey.as_device(person, "GET", "/accounts/v1/pin")
    with pytest.raises(Exception, match="Authentication failed"):
        await journey.sign_in(person)


@pytest.mark.requirement("CMD-03")
async def test_whoever_watches_cannot_tell_duress_from_consent(
    running: Running, people: tuple[Person, Person]
) -> None:
    journey = running.journey
    seen: list[Transcript] = []
    # The first of all meets keys that are not made yet; that is no person's doing.
    first = await journey.register()
    await journey.revoke(first, await journey.link(first))
    await journey.erase(first)
    for person, pin in zip(people, (PIN, DURESS_PIN), strict=True):
        transcript = Transcript(journey)
        with transcript.watched():
            await _everything(journey, person, pin, transcript)
        seen.append(transcript)
    free, forced = seen
    assert len(free.answers) > 30
    assert free.answers == forced.answers
    assert Counter(free.statements) - Counter(forced.statements) == Counter()
    assert Counter(forced.statements) - Counter(free.statements) == Counter()


@pytest.mark.requirement("CMD-03")
async def test_the_watch_would_notice(running: Running, people: tuple[Person, Person]) -> None:
    """The control: one try more, and one refusal, are seen."""
    journey, (alice, bob) = running.journey, people
    first, second = Transcript(journey), Transcript(journey)
    with first.watched():
        await journey.start_pin(alice, "accounts.delete")
    with second.watched():
        await journey.start_pin(bob, "accounts.delete")
        await journey.start_pin(bob, "accounts.delete")
    assert first.answers != second.answers
    assert Counter(first.statements) != Counter(second.statements)


@pytest.mark.requirement("CMD-03")
async def test_what_cannot_be_undone_is_not_done_under_duress(
    running: Running, people: tuple[Person, Person], tmp_path: Any
) -> None:
    journey, (_, alice) = running.journey, people
    first, _ = alice.others
    await journey.revoke(alice, first, pin=DURESS_PIN)
    assert first.signing.public in (await journey.chain(alice)).trusted
    assert await journey.as_device(alice, "GET", "/devices/v1/key-packages", device=first)
    await journey.erase(alice, pin=DURESS_PIN)
    (token,) = await journey.tokens(await journey.register())
    found = await journey.look_up(token, lookup_id=alice.lookup_id)
    assert len(found["devices"]) == 3
    counted = acts(running, tmp_path)
    assert (counted["pin.duress"], counted["operation.held"]) == (2, 2)
    assert (counted["pin.granted"], counted["account.deleted"]) == (0, 0)


@pytest.mark.requirement("CMD-03")
async def test_within_a_hold_the_pin_itself_looks_wrong_and_the_phrase_lifts_it(
    running: Running, people: tuple[Person, Person]
) -> None:
    journey, (_, alice) = running.journey, people
    before = await journey.grant(alice, "accounts.delete")
    await journey.grant(alice, "accounts.delete", pin=DURESS_PIN)
    with pytest.raises(Problem, match="pin_refused"):
        await journey.grant(alice, "accounts.delete")
    # Leave that was given a moment before is held, too.
    await journey.as_device(alice, "DELETE", "/accounts/v1/account", grant=before)
    with pytest.raises(Exception, match="Authentication failed"):
        await journey.sign_in(alice)
    await journey.recover(alice, "mine again")
    await journey.sign_in(alice)
    await journey.erase(alice, pin=PIN)
    with pytest.raises(Problem, match="recovery_refused"):
        await journey.recover(alice, "nothing is left")


@pytest.mark.requirement("CMD-03")
async def test_a_reset_lifts_a_hold_and_leaves_the_duress_pin(
    running: Running, people: tuple[Person, Person]
) -> None:
    journey, (_, alice) = running.journey, people
    await journey.grant(alice, "accounts.delete", pin=DURESS_PIN)
    await journey.reset_pin(alice, OTHER_PIN)
    await journey.revoke(alice, alice.others[0])
    assert alice.others[0].signing.public in (await journey.chain(alice)).revoked
    await journey.revoke(alice, alice.others[1], pin=DURESS_PIN)
    assert alice.others[1].signing.public in (await journey.chain(alice)).trusted


@pytest.mark.requirement("CMD-03")
async def test_a_pin_that_seemed_to_be_removed_opens_nothing_either(
    running: Running, people: tuple[Person, Person]
) -> None:
    journey, (_, alice) = running.journey, people
    grant = await journey.grant(alice, "accounts.pin.remove", pin=DURESS_PIN)
    await journey.as_device(alice, "DELETE", "/accounts/v1/pin", grant=grant)
    for pin in (PIN, DURESS_PIN):
        with pytest.raises(Problem, match="pin_refused"):
            await journey.grant(alice, "accounts.delete", pin=pin)
    await journey.reset_pin(alice, OTHER_PIN)
    assert await journey.grant(alice, "accounts.delete", pin=DURESS_PIN), "it was there all along"


@pytest.mark.requirement("CMD-03")
async def test_a_hold_ends_by_itself(running: Running, people: tuple[Person, Person]) -> None:
    journey, (_, alice) = running.journey, people
    await journey.erase(alice, pin=DURESS_PIN)
    running.clock.advance(PIN_HOLD_SECONDS)
    await journey.sign_in(alice)
    second: Device = alice.others[0]
    await journey.revoke(alice, second)
    assert second.signing.public in (await journey.chain(alice)).revoked
