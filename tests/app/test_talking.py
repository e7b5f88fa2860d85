"""People talk through a real service: two, three, and those who were removed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from enigm.app.errors import NotActiveError, NotAllowedError, UnknownThingError
from tests.support.app_world import befriend, detail, has_text, texts, until

if TYPE_CHECKING:
    from enigm.app.app import App
    from tests.support.app_world import World


async def test_two_people_talk_both_ways(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "it is me")
    await alice.send(talk, "one")
    await until(lambda: has_text(bob, talk, "one"))
    await bob.send(talk, "two")
    await until(lambda: has_text(alice, talk, "two"))
    assert await texts(alice, talk) == ["it is me", "one", "two"]
    assert await texts(bob, talk) == ["it is me", "one", "two"]


async def test_a_message_is_sent_then_delivered_then_read(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    sent = await alice.send(talk, "look")
    assert sent.state == "sending"
    await until(lambda: state_is(alice, talk, "look", "delivered"))
    assert (await bob.conversations())[0].unread == 1
    line = await until(lambda: has_text(bob, talk, "look"))
    await bob.mark_read(talk, line.id)
    assert (await bob.conversations())[0].unread == 0
    await until(lambda: state_is(alice, talk, "look", "read"))


async def test_a_third_is_added_and_reads_only_from_then_on(world: World) -> None:
    alice, bob, carol = await people(world)
    group = (await alice.create_group("Plans", [account(bob)])).id
    await alice.send(group, "before carol")
    await until(lambda: has_text(bob, group, "before carol"))
    detail = await alice.add_member(group, account(carol))
    assert {member.name for member in detail.members} == {"alice", "bob", "carol"}
    await alice.send(group, "with carol")
    await until(lambda: is_in(carol, group))
    await until(lambda: has_text(carol, group, "with carol"))
    await carol.send(group, "glad to be here")
    await until(lambda: has_text(bob, group, "glad to be here"))
    assert await texts(carol, group) == ["with carol", "glad to be here"]


async def test_a_removed_member_reads_nothing_after(world: World) -> None:
    alice, bob, carol = await people(world)
    group = (await alice.create_group("Plans", [account(bob), account(carol)])).id
    await until(lambda: is_in(carol, group))
    await alice.send(group, "all of us")
    await until(lambda: has_text(carol, group, "all of us"))
    await alice.remove_member(group, account(carol))
    await until(lambda: stands(carol, group, "removed"))
    await alice.send(group, "without carol")
    await until(lambda: has_text(bob, group, "without carol"))
    await carol.settle(10)
    assert await texts(carol, group) == ["all of us"]
    with pytest.raises(NotActiveError):
        await carol.send(group, "let me in")
    members = (await bob.conversation(group)).members
    assert account(carol) not in {member.account for member in members}


async def test_who_leaves_is_removed_by_the_others(world: World) -> None:
    alice, bob, carol = await people(world)
    group = (await alice.create_group("Plans", [account(bob), account(carol)])).id
    await until(lambda: is_in(carol, group))
    await carol.leave(group)
    assert (await carol.conversation(group)).state == "left"
    await until(lambda: has_accounts(alice, group, 2))
    await until(lambda: has_accounts(bob, group, 2))
    await until(lambda: has_text(bob, group, "carol left."))


async def test_a_title_reaches_everybody(world: World) -> None:
    alice, bob, _ = await people(world)
    group = (await alice.create_group("Plans", [account(bob)])).id
    await alice.rename(group, "Better plans")
    await until(lambda: is_called(bob, group, "Better plans"))


async def test_only_an_administrator_changes_a_group(world: World) -> None:
    alice, bob, carol = await people(world)
    await befriend(bob, carol)
    group = (await alice.create_group("Plans", [account(bob)])).id
    await until(lambda: is_in(bob, group))
    with pytest.raises(NotAllowedError):
        await bob.add_member(group, account(carol))
    with pytest.raises(NotAllowedError):
        await bob.rename(group, "Mine")
    with pytest.raises(NotAllowedError):
        await alice.remove_member(group, account(alice))


async def test_two_members_who_commit_at_once_both_get_their_way(world: World) -> None:
    alice, bob, carol = await people(world)
    dave = await world.person("dave")
    await befriend(alice, dave)
    group = (await alice.create_group("Plans", [account(bob), account(carol)])).id
    await until(lambda: is_in(bob, group))
    await until(lambda: is_in(carol, group))
    await asyncio.gather(
        alice.rename(group, "New name"),
        alice.add_member(group, account(dave)),
        bob.leave(group),
        alice.send(group, "in between"),
        carol.send(group, "meanwhile"),
    )
    await until(lambda: is_in(dave, group))
    for app in (alice, carol, dave):
        await until(lambda app=app: has_accounts(app, group, 3))
        await until(lambda app=app: is_called(app, group, "New name"))
    for app in (alice, carol):
        await until(lambda app=app: has_text(app, group, "in between"))
        await until(lambda app=app: has_text(app, group, "meanwhile"))
    await dave.send(group, "everyone")
    for app in (alice, carol):
        await until(lambda app=app: has_text(app, group, "everyone"))


async def test_an_unknown_name_is_not_found(world: World) -> None:
    alice = await world.person("alice")
    with pytest.raises(UnknownThingError):
        await alice.add_contact(username="nobody-here")


async def people(world: World) -> tuple[App, App, App]:
    """Return three people; the first knows the other two."""
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await befriend(alice, bob)
    await befriend(alice, carol)
    return alice, bob, carol


def account(app: App) -> str:
    return app.state().fingerprint


async def is_in(app: App, conversation: str) -> bool:
    return any(row.id == conversation for row in await app.conversations())


async def stands(app: App, conversation: str, state: str) -> bool:
    found = await detail(app, conversation)
    return found is not None and found.state == state


async def is_called(app: App, conversation: str, title: str) -> bool:
    found = await detail(app, conversation)
    return found is not None and found.title == title


async def has_accounts(app: App, conversation: str, count: int) -> bool:
    found = await detail(app, conversation)
    return found is not None and len(found.members) == count


async def state_is(app: App, conversation: str, text: str, state: str) -> bool:
    line = await has_text(app, conversation, text)
    return line is not None and line.state == state


async def test_the_last_administrator_who_leaves_leaves_the_group_to_all(world: World) -> None:
    alice, bob, carol = await people(world)
    await befriend(bob, carol)
    group = (await alice.create_group("Plans", [account(bob)])).id
    await until(lambda: is_in(bob, group))
    await alice.leave(group)
    await until(lambda: has_accounts(bob, group, 1))
    await bob.add_member(group, account(carol))
    await until(lambda: is_in(carol, group))
    await carol.send(group, "just us two")
    await until(lambda: has_text(bob, group, "just us two"))
    await alice.settle(10)
    assert await texts(alice, group) == []
