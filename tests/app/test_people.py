"""Finding people, knowing that it is them, and finding again what they said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from enigm.app.errors import ContactStateError, InvalidInviteError, LyingServiceError
from enigm.app.identity.invite_link import invitation_of, write_link
from enigm.foundation.errors import NotFoundError
from tests.support.app_world import befriend, detail, has_text, is_accepted, texts, until

if TYPE_CHECKING:
    from enigm.app.app import App
    from tests.support.app_world import World


async def test_an_invite_link_leads_to_who_made_it(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    invite = await bob.invite()
    assert invite.link.startswith("enigm:invite#")
    assert invite.qr_svg.startswith("<svg")
    contact = await alice.add_contact(invite=invite.link, greeting="by your link")
    assert (contact.account, contact.name) == (bob.state().fingerprint, "bob")
    request = (await until(bob.requests))[0]
    await bob.accept_request(request.id)
    await until(lambda: is_accepted(alice, contact.account))


async def test_an_invite_that_the_directory_contradicts_is_refused(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    own = bob._access.unlocked().home.account
    forged = write_link(invitation_of("bob", bytes(32), own.card_key))
    with pytest.raises(LyingServiceError):
        await alice.add_contact(invite=forged)
    with pytest.raises(InvalidInviteError):
        await alice.add_contact(invite="enigm:invite#zzzz")
    with pytest.raises(InvalidInviteError):
        await alice.add_contact()
    assert await alice.contacts() == []


async def test_two_who_ask_each_other_have_one_conversation(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await asyncio.gather(
        alice.add_contact(username="bob", greeting=""),
        bob.add_contact(username="alice", greeting=""),
    )
    await until(lambda: agree(alice, bob))
    talk = (await alice.contacts())[0].conversation
    await alice.send(talk, "here we are")
    await until(lambda: has_text(bob, talk, "here we are"))
    assert len(await alice.conversations()) == len(await bob.conversations()) == 1
    assert await alice.requests() == await bob.requests() == []


async def test_one_cannot_ask_oneself_or_somebody_who_asked_already(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    with pytest.raises(ContactStateError):
        await alice.add_contact(username="alice")
    await bob.add_contact(username="alice")
    await until(alice.requests)
    with pytest.raises(ContactStateError):
        await alice.add_contact(username="bob")


async def test_who_left_can_be_asked_again(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await alice.leave(talk)
    await until(lambda: stands(bob, talk, "left"))
    again = await alice.add_contact(username="bob", greeting="me again")
    assert again.conversation != talk
    await until(lambda: has_text(bob, again.conversation, "me again"))


@pytest.mark.requirement("APP-15")
async def test_compared_numbers_stay_compared_on_every_screen(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    account = bob.state().fingerprint
    mine, theirs = await alice.safety(account), await bob.safety(alice.state().fingerprint)
    assert mine.digits == theirs.digits
    assert not mine.verified
    assert (await alice.set_verified(account, verified=True)).verified
    assert (await alice.contacts())[0].verified
    members = {item.name: item.verified for item in (await alice.conversation(talk)).members}
    assert members == {"alice": False, "bob": True}
    with pytest.raises(NotFoundError):
        await alice.safety("00" * 32)


async def test_words_are_found_again_whatever_their_case_and_accents(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    for text in ("the café at noon", "a CAFE on Sunday", "nothing of the kind"):
        await alice.send(talk, text)
    hits = await alice.search("cafe")
    assert {hit.text for hit in hits} == {"the café at noon", "a CAFE on Sunday"}
    assert hits[0].conversation_title == "bob"
    assert any(is_hit and word.casefold() in {"café", "cafe"} for word, is_hit in hits[0].snippet)
    for strange in ('"', "*", "AND", "x OR", "NEAR(", "'; --", "text:", "", "^", "(", "-"):
        await alice.search(strange)


async def test_every_change_is_told_to_who_listens(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    heard: list[str] = []
    end = bob.subscribe(lambda event: heard.append(event.type))
    talk = await befriend(alice, bob, "hello")
    await until(lambda: has_text(bob, talk, "hello"))
    await until(lambda: {"request", "request_gone", "conversation", "message"} <= set(heard))
    end()
    feed = alice.events()
    await bob.send(talk, "listen")
    async with asyncio.timeout(20):
        async for event in feed:
            if event.type == "message" and event.value.text == "listen":  # type: ignore[union-attr]
                break


async def test_pages_of_messages_follow_each_other(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    for number in range(7):
        await alice.send(talk, str(number))
    latest = await alice.messages(talk, limit=3)
    earlier = await alice.messages(talk, before=latest[0].id, limit=3)
    assert [line.text for line in earlier + latest] == ["1", "2", "3", "4", "5", "6"]
    with pytest.raises(NotFoundError):
        await alice.messages(talk, before="nothing")
    with pytest.raises(NotFoundError):
        await alice.messages("nothing")
    await until(lambda: all_there(bob, talk, 7))


async def agree(one: App, other: App) -> bool:
    mine, theirs = await one.contacts(), await other.contacts()
    return bool(
        mine
        and theirs
        and mine[0].state == theirs[0].state == "accepted"
        and mine[0].conversation == theirs[0].conversation
    )


async def all_there(app: App, talk: str, count: int) -> bool:
    return len(await texts(app, talk)) == count


async def stands(app: App, conversation: str, state: str) -> bool:
    found = await detail(app, conversation)
    return found is not None and found.state == state


async def test_a_token_that_was_spent_before_stops_nothing(world: World) -> None:
    """As after a power cut that gave the vault back a token which the service had seen."""
    alice, bob = await world.person("alice"), await world.person("bob")
    home = alice._access.unlocked().home
    with home.vault.transaction():
        home.vault.run("UPDATE token SET token = (SELECT min(token) FROM token) WHERE place < 8")
    talk = await befriend(alice, bob, "all the same")
    await until(lambda: has_text(bob, talk, "all the same"))
