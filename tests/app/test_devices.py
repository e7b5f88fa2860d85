"""One account on several devices: approved, in step, revoked, brought back by the phrase."""

from __future__ import annotations

import pytest

from enigm.app.app import App
from enigm.app.errors import (
    DeviceNotTrustedError,
    InvalidPhraseError,
    NotAllowedError,
    PinMissingError,
    WrongPasswordError,
    WrongStageError,
    WrongWordsError,
)
from enigm.app.home import Home
from enigm.app.options import Options
from enigm.app.views import Device
from enigm.domains.accounts.rules import FREE_ATTEMPTS
from enigm.foundation.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    UnverifiableError,
)
from enigm.wire import registration_proof
from enigm.wire.device_chain import DeviceChain
from tests.support.app_world import (
    PASSWORD,
    PIN,
    World,
    befriend,
    detail,
    has_text,
    register,
    texts,
    until,
)


@pytest.mark.requirement("APP-05", "APP-14")
async def test_a_second_device_joins_and_catches_up_on_new_messages(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await alice.send(talk, "before the second device")
    second = await linked(world, alice, "second")
    await until(lambda: knows(second, talk))
    await bob.send(talk, "to both of you")
    await until(lambda: has_text(second, talk, "to both of you"))
    await second.send(talk, "from the second")
    await until(lambda: has_text(bob, talk, "from the second"))
    mine = await until(lambda: has_text(alice, talk, "from the second"))
    assert mine.mine
    assert "before the second device" not in await texts(second, talk)
    contacts = await second.contacts()
    assert [(item.name, item.state) for item in contacts] == [("bob", "accepted")]


@pytest.mark.requirement("APP-05", "APP-19")
async def test_a_device_that_only_signed_in_opens_nothing(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    waiting = await world.open("waiting")
    code = await waiting.link("alice", PASSWORD)
    assert waiting.state().stage == "awaiting_approval"
    for deed in (waiting.conversations(), waiting.contacts(), waiting.send(talk, "hello")):
        with pytest.raises(WrongStageError):
            await deed
    pending = await pending_device(alice)
    assert pending.code == code.code
    await alice.refuse_device(pending.id)
    await until(lambda: waiting.state().stage == "welcome")


@pytest.mark.requirement("CMD-05")
async def test_one_sees_which_device_is_signed_in_and_ends_its_session(world: World) -> None:
    alice = await world.person("alice")
    second = await linked(world, alice, "second")
    (own,) = [each for each in await alice.sessions() if each.this]
    (here,) = [each for each in await alice.devices() if each.this]
    assert (own.kind, own.device) == ("app", here.name)
    others = [each for each in await alice.sessions() if not each.this]
    assert others
    for each in others:
        await alice.end_session(each.id)
    assert await alice.sessions() == [own]
    with pytest.raises(NotFoundError):
        await alice.end_session(others[0].id)
    # The other device is still trusted: it signs in again by itself, and says so.
    assert [each.this for each in await second.sessions()].count(True) == 1
    assert len(await alice.sessions()) == 2


@pytest.mark.requirement("APP-05")
async def test_the_code_of_a_waiting_device_outlives_a_restart(world: World) -> None:
    alice, waiting = await world.person("alice"), await world.open("waiting")
    with pytest.raises(WrongStageError):
        await alice.link_code()
    code = await waiting.link("alice", PASSWORD)
    assert await waiting.link_code() == code
    await waiting.close()
    again = await world.open("waiting")
    with pytest.raises(WrongStageError):
        await again.link_code()
    assert (await again.unlock(PASSWORD)).stage == "awaiting_approval"
    assert await again.link_code() == code
    await alice.approve_device((await pending_device(alice)).id)
    await until(lambda: again.state().stage == "ready")
    with pytest.raises(WrongStageError):
        await again.link_code()


@pytest.mark.requirement("APP-07")
async def test_strangers_who_guess_do_not_make_a_trusted_device_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, stranger = await world.person("alice"), await world.open("stranger")
    for _ in range(FREE_ATTEMPTS):
        with pytest.raises(WrongPasswordError):
            await stranger.link("alice", "not the password")
    worked: list[int] = []

    def solve(challenge: bytes, difficulty_bits: int) -> bytes:
        worked.append(difficulty_bits)
        return registration_proof_solve(challenge, difficulty_bits)

    registration_proof_solve = registration_proof.solve
    monkeypatch.setattr(registration_proof, "solve", solve)
    await alice.lock()
    await alice.unlock(PASSWORD)
    assert await alice.devices()
    assert worked == []
    with pytest.raises(WrongPasswordError):
        await stranger.link("alice", "not the password")
    assert worked


@pytest.mark.requirement("APP-06")
async def test_a_revoked_device_loses_every_conversation(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    second = await linked(world, alice, "second")
    await until(lambda: knows(second, talk))
    found = next(item for item in await alice.devices() if not item.this)
    with pytest.raises(PinMissingError):
        await alice.revoke_device(found.id, PIN)
    await alice.set_pin(PASSWORD, PIN)
    revoked = await alice.revoke_device(found.id, PIN)
    assert revoked.state == "revoked"
    await until(lambda: stands(second, talk, "removed"))
    await alice.send(talk, "without the second")
    await until(lambda: has_text(bob, talk, "without the second"))
    assert "without the second" not in await texts(second, talk)
    detail = await bob.conversation(talk)
    assert [item.devices for item in detail.members] == [1, 1]
    own = next(item for item in await alice.devices() if item.this)
    with pytest.raises(NotAllowedError):
        await alice.revoke_device(own.id, PIN)
    await until(lambda: is_untrusted(second))
    with pytest.raises(DeviceNotTrustedError):
        await second.add_contact(username="bob")


@pytest.mark.requirement("APP-03")
async def test_the_phrase_alone_brings_an_account_back(world: World) -> None:
    alice = await world.open("alice")
    phrase = await register(alice, "alice")
    bob = await world.person("bob")
    await befriend(alice, bob)
    fingerprint = alice.state().fingerprint
    await alice.close()
    fresh = await world.open("fresh")
    state = await fresh.recover(phrase, "another password")
    assert (state.stage, state.username, state.fingerprint) == ("ready", "alice", fingerprint)
    contact = await fresh.add_contact(username="bob", greeting="it is me again")
    await until(lambda: has_text(bob, contact.conversation, "it is me again"))
    await bob.send(contact.conversation, "welcome back")
    await until(lambda: has_text(fresh, contact.conversation, "welcome back"))


async def test_a_wrong_phrase_is_refused(world: World) -> None:
    app = await world.open("nobody")
    for words in (["abandon"] * 24, ["abandon"] * 12, [], ["zzz"] * 24):
        with pytest.raises(InvalidPhraseError):
            await app.recover(words, PASSWORD)
    unknown = ["abandon"] * 23 + ["art"]
    with pytest.raises(InvalidPhraseError):
        await app.recover(unknown, PASSWORD)
    assert app.state().stage == "welcome"


async def test_words_typed_back_wrongly_lose_nothing(world: World) -> None:
    app = await world.open("alice")
    shown = await app.register("alice", PASSWORD)
    wrong = dict.fromkeys(shown.ask, "zebra")
    for words in (wrong, {}, {1: "a"}):
        with pytest.raises(WrongWordsError):
            await app.confirm_phrase(words)
    assert app.state().stage == "confirm_phrase"
    await app.lock()
    await app.unlock(PASSWORD)
    assert await app.phrase_to_confirm() == shown
    await app.confirm_phrase({place: shown.phrase[place - 1].upper() for place in shown.ask})
    with pytest.raises(WrongStageError):
        await app.phrase_to_confirm()


async def test_a_taken_name_and_a_wrong_password_are_refused(world: World) -> None:
    await world.person("alice")
    other = await world.open("other")
    with pytest.raises(ConflictError) as taken:
        await other.register("Alice ", PASSWORD)
    assert taken.value.code == "accounts.name_taken"
    with pytest.raises(WrongPasswordError):
        await other.link("alice", "not the password")
    with pytest.raises(WrongPasswordError):
        await other.link("nobody-at-all", PASSWORD)
    with pytest.raises(InvalidError):
        await other.register("x", PASSWORD)
    with pytest.raises(InvalidError):
        await other.register("someone", "short")
    assert other.state().stage == "welcome"


async def test_a_new_password_opens_the_account_and_the_old_one_does_not(world: World) -> None:
    alice = await world.person("alice")
    second = await linked(world, alice, "second")
    await alice.set_pin(PASSWORD, PIN)
    await alice.change_password(PASSWORD, "a new password", PIN)
    await alice.lock()
    with pytest.raises(WrongPasswordError):
        await alice.unlock(PASSWORD)
    await alice.unlock("a new password")
    await until(lambda: alice.settle(1))
    await until(lambda: second.settle(1))
    assert await second.devices()
    third = await world.open("third")
    with pytest.raises(WrongPasswordError):
        await third.link("alice", PASSWORD)
    await third.link("alice", "a new password")


@pytest.mark.requirement("APP-18")
async def test_a_deleted_account_is_gone_here_and_there(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob)
    await alice.set_pin(PASSWORD, PIN)
    with pytest.raises(WrongPasswordError):
        await alice.delete_account("not the password", PIN)
    await alice.delete_account(PASSWORD, PIN)
    assert alice.state().stage == "welcome"
    assert list((world.folder / "profiles" / "alice").glob("vault*")) == []
    await until(lambda: stands(bob, talk, "left"))
    again = App(Options("again", world.service.address, world.folder / "profiles"))
    world.apps.append(again)
    with pytest.raises(WrongPasswordError):
        await again.link("alice", PASSWORD)


async def test_a_revoked_device_starts_nothing_with_those_who_know_its_owner(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await befriend(alice, bob, "")
    second = await linked(world, alice, "second")
    carol = await world.person("carol")
    thief = second._access.unlocked()
    found = next(item for item in await alice.devices() if not item.this)
    # The thief's App does not believe that it was revoked.
    believed, accept = thief.home.own_chain, Home.accept_chain

    def disbelieve(home: Home, fresh: DeviceChain) -> DeviceChain:
        is_own = home is thief.home and fresh.fingerprint == believed.fingerprint
        return believed if is_own else accept(home, fresh)

    monkeypatch.setattr(Home, "accept_chain", disbelieve)
    await alice.set_pin(PASSWORD, PIN)
    await alice.revoke_device(found.id, PIN)
    await second.add_contact(username="carol", greeting="it is alice, believe me")
    request = (await until(carol.requests))[0]
    with pytest.raises(UnverifiableError):
        await carol.accept_request(request.id)
    with thief.home.vault.transaction():
        thread = thief.talk.begin_direct(bob.state().fingerprint, "it is alice, believe me")
    thief.engine.wake(thread.id)
    to_bob = "SELECT count(*) FROM letter WHERE account = ?"
    await until(lambda: len(thief.detail(thread.id).members) > 1)
    await until(lambda: not thief.home.vault.value(to_bob, bob.state().fingerprint))
    await bob.settle(5)
    assert not await knows(bob, thread.id)


async def is_untrusted(app: App) -> bool:
    return not app._access.unlocked().home.is_trusted


async def linked(world: World, app: App, profile: str) -> App:
    """Return a second device of somebody, approved and in step."""
    second = await world.open(profile)
    await second.link(app.state().username, PASSWORD)
    await app.approve_device((await pending_device(app)).id)
    await until(lambda: second.state().stage == "ready")
    await until(lambda: second.settle(0.1))
    await until(lambda: app.settle(0.1))
    return second


async def pending_device(app: App) -> Device:
    for device in await app.devices():
        if device.state == "pending":
            return device
    raise AssertionError("no device waits")


async def knows(app: App, conversation: str) -> bool:
    return any(item.id == conversation for item in await app.conversations())


async def stands(app: App, conversation: str, state: str) -> bool:
    found = await detail(app, conversation)
    return found is not None and found.state == state
