"""A service that listens, replays, reorders, withholds: what it learns, and who notices."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from enigm.app.conversations.told import DISPUTED
from enigm.app.identity.phrase import read_phrase, root_key
from enigm.app.service.opaque import sign_in_secret
from enigm.wire import delivery
from tests.support.app_world import (
    PASSWORD,
    befriend,
    has_text,
    is_accepted,
    register,
    texts,
    until,
)

if TYPE_CHECKING:
    from enigm.app.app import App
    from tests.support.app_world import World


@pytest.mark.requirement("APP-02", "APP-04")
async def test_no_secret_and_no_plaintext_leaves_the_device(world: World) -> None:
    alice = await world.open("alice")
    phrase = await register(alice, "alice-the-unusual")
    bob = await world.person("bob-the-unusual")
    talk = await befriend(alice, bob, "a greeting in the clear")
    await alice.send(talk, "a very secret sentence")
    await until(lambda: has_text(bob, talk, "a very secret sentence"))
    await alice.create_group("A secret title", [bob.state().fingerprint])
    seen = bytes(world.service.middleman.seen)
    recovered = read_phrase(phrase)
    secrets = [
        *(
            word.encode()
            for word in (" ".join(phrase), *(" ".join(phrase[i : i + 2]) for i in range(23)))
        ),
        recovered.entropy,
        root_key(recovered).private,
        PASSWORD.encode(),
        sign_in_secret(PASSWORD).encode(),
        b"the-unusual",
        b"greeting in the clear",
        b"very secret",
        b"secret title",
        *private_keys(alice),
        *private_keys(bob),
    ]
    for secret in secrets:
        for form in forms(secret):
            assert form not in seen
    assert len(seen) > 20_000


async def test_a_replayed_record_changes_nothing(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")

    def twice(frames: list[Any]) -> list[Any]:
        return [
            copy for frame in frames for copy in [frame] * (1 + isinstance(frame, delivery.Record))
        ]

    def again_later(frames: list[Any]) -> list[Any]:
        kept.extend(frame for frame in frames if isinstance(frame, delivery.Record))
        late = [
            delivery.Record(frame.request, frame.seq + 1000, frame.epoch, frame.flags, frame.body)
            for frame in kept
        ]
        return [*frames, *late] if any(isinstance(f, delivery.Record) for f in frames) else frames

    kept: list[Any] = []
    for number, alter in enumerate((twice, again_later)):
        world.service.middleman.alter = alter
        await alice.send(talk, f"once only {number}")
        await until(lambda number=number: has_text(bob, talk, f"once only {number}"))
    world.service.middleman.alter = None
    await asyncio.sleep(0.2)
    assert (await texts(bob, talk)).count("once only 0") == 1
    assert (await texts(bob, talk)).count("once only 1") == 1


async def test_a_withheld_message_is_noticed_by_the_next_one(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await alice.send(talk, "first")
    await until(lambda: has_text(bob, talk, "first"))
    await settled(alice, bob)

    def withhold(frames: list[Any]) -> list[Any]:
        return [frame for frame in frames if not isinstance(frame, delivery.Record)]

    world.service.middleman.alter = withhold
    await alice.send(talk, "withheld")
    await until(lambda: is_sent(alice, talk, "withheld"))
    world.service.middleman.alter = None
    await alice.lock()
    await alice.unlock(PASSWORD)
    await alice.settle(5)
    await alice.send(talk, "next")
    await until(lambda: has_text(bob, talk, "next"))
    await until(lambda: has_text(bob, talk, DISPUTED))


async def test_reordered_messages_are_noticed(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await settled(alice, bob)
    await bob.lock()
    await bob.unlock(PASSWORD)
    await settled(bob)
    held: list[Any] = []

    def swap(frames: list[Any]) -> list[Any]:
        """Keep the first record back until the second one went by."""
        out: list[Any] = []
        for frame in frames:
            if not isinstance(frame, delivery.Record) or len(held) > 1:
                out.append(frame)
                continue
            held.append(frame)
            if len(held) > 1:
                first, second = held
                out += [
                    delivery.Record(frame.request, first.seq, first.epoch, 0, second.body),
                    delivery.Record(frame.request, second.seq, first.epoch, 0, first.body),
                ]
        return out

    world.service.middleman.only = world.service.middleman.connections
    world.service.middleman.alter = swap
    await alice.send(talk, "first")
    await until(lambda: is_sent(alice, talk, "first"))
    await alice.send(talk, "second")
    await until(lambda: has_text(bob, talk, "second"))
    world.service.middleman.alter = None
    await bob.send(talk, "what I saw")
    await until(lambda: any_disputed(alice, bob, talk))


async def test_a_garbled_record_is_said_and_the_next_one_read(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await settled(alice, bob)

    def garble(frames: list[Any]) -> list[Any]:
        return [
            delivery.Record(f.request, f.seq, f.epoch, f.flags, bytes(len(f.body)))
            if isinstance(f, delivery.Record)
            else f
            for f in frames
        ]

    world.service.middleman.alter = garble
    await alice.send(talk, "garbled")
    await until(lambda: has_text(bob, talk, "A message arrived that this device cannot read."))
    world.service.middleman.alter = None
    await alice.send(talk, "sound")
    await until(lambda: has_text(bob, talk, "sound"))


async def test_a_strangers_request_opens_nothing(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    contact = await bob.add_contact(username="alice", greeting="you do not know me")
    request = (await until(alice.requests))[0]
    assert request.greeting == "you do not know me"
    await bob.send(contact.conversation, "more words")
    await alice.settle(5)
    assert await alice.conversations() == []
    assert await alice.contacts() == []
    await alice.refuse_request(request.id)
    assert await alice.requests() == []
    await bob.settle(5)
    assert not await is_accepted(bob, contact.account)


async def test_a_blocked_person_is_not_heard(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await alice.block(bob.state().fingerprint)
    await bob.send(talk, "can you hear me")
    await until(lambda: is_sent(bob, talk, "can you hear me"))
    await alice.settle(5)
    assert "can you hear me" not in await texts(alice, talk)
    await alice.unblock(bob.state().fingerprint)
    await bob.send(talk, "and now")
    await until(lambda: has_text(alice, talk, "and now"))


async def test_nothing_is_lost_while_the_service_is_away(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await world.service.stop()
    await until(lambda: alice.state().connection == "offline")
    sent = await alice.send(talk, "into the void")
    assert sent.state == "sending"
    await world.service.start()
    await until(lambda: has_text(bob, talk, "into the void"))
    await until(lambda: is_sent(alice, talk, "into the void"))


def private_keys(app: App) -> list[bytes]:
    device = app._access.unlocked().home.device
    return [device.signing_seed, device.hpke_private]


def forms(secret: bytes) -> list[bytes]:
    """Return how a value could be written on the wire."""
    import base64

    raw = base64.urlsafe_b64encode(secret).rstrip(b"=")
    return [secret, secret.hex().encode(), raw, base64.b64encode(secret).rstrip(b"=")]


async def settled(*apps: App) -> None:
    for app in apps:
        assert await app.settle(10)


async def is_sent(app: App, conversation: str, text: str) -> bool:
    line = await has_text(app, conversation, text)
    return line is not None and line.state != "sending"


async def any_disputed(one: App, other: App, talk: str) -> bool:
    return bool(await has_text(one, talk, DISPUTED) or await has_text(other, talk, DISPUTED))
