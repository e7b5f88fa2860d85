"""A member who runs another App than ours: what the rules forbid is not followed by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.app.content import Receipt, group_policy
from enigm.app.conversations.groups import extensions_with, leaves, next_token_hash
from enigm.app.vault.queues import SentCommit
from enigm.crypto.mls.extensions import POLICY, Extension
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.proposals import GroupContextExtensions, Remove
from tests.support.app_world import befriend, detail, has_text, texts, until

if TYPE_CHECKING:
    from enigm.app.app import App
    from enigm.crypto.mls.proposals import Proposal
    from tests.support.app_world import World


async def test_a_member_who_removes_the_administrator_is_not_followed(world: World) -> None:
    alice, mallory, group = await two_in_a_group(world)
    engine = mallory._access.unlocked().engine
    victim = next(
        index
        for index, name in leaves(engine.groups.get(group)).items()
        if name.account == alice.state().fingerprint
    )
    force(mallory, group, [Remove(victim)])
    await until(lambda: ended(alice, group))
    notice = (await alice.messages(group))[-1].text
    assert notice == "This conversation ended: only an administrator may remove members."


@pytest.mark.parametrize("kind", ["unreadable", "bare", "title"])
async def test_a_member_who_rewrites_the_rules_is_not_followed(world: World, kind: str) -> None:
    alice, mallory, group = await two_in_a_group(world)
    own = mallory._access.unlocked().home.account.fingerprint
    forged = {
        "unreadable": (Extension(POLICY, b"nonsense"),),
        "bare": (Extension(POLICY, group_policy("Plans", (own,))),),
        "title": extensions_with(group_policy("mine now", (own,))),
    }[kind]
    force(mallory, group, [GroupContextExtensions(forged)])
    await until(lambda: ended(alice, group))
    assert (await alice.conversation(group)).title == "Plans"


async def test_a_direct_conversation_admits_no_third(world: World) -> None:
    alice, mallory = await world.person("alice"), await world.person("mallory")
    carol = await world.person("carol")
    talk = await befriend(alice, mallory, "")
    await befriend(mallory, carol, "")
    engine = mallory._access.unlocked().engine
    with engine.home.vault.transaction():
        engine.home.queues.put_intent(talk, "add_account", bytes.fromhex(carol.state().fingerprint))
    engine.wake(talk)
    await until(lambda: ended(alice, talk))
    await carol.settle(10)
    assert await detail(carol, talk) is None


async def test_a_proposal_from_a_member_does_not_silence_the_others(world: World) -> None:
    alice, mallory, group = await two_in_a_group(world)
    engine = mallory._access.unlocked().engine
    with engine.groups.change(group) as mls:
        message = mls.propose_update()
        mls.state.received.clear()
        mls.state.own_updates.clear()
        engine.told.queue(group, Receipt(b"", b""), b"p" * 16)
        engine.home.queues.set_ciphertext(b"p" * 16, message, mls.epoch)
    engine.wake(group)
    await mallory.settle(10)
    await alice.send(group, "still talking")
    await until(lambda: has_text(mallory, group, "still talking"))


async def test_contents_that_nobody_can_read_are_said_and_passed_over(world: World) -> None:
    alice, mallory, group = await two_in_a_group(world)
    engine = mallory._access.unlocked().engine
    with engine.groups.change(group) as mls:
        engine.told.queue(group, Receipt(b"", b""), b"q" * 16)
        engine.home.queues.set_ciphertext(b"q" * 16, mls.encrypt(b"\xc1 garbage"), mls.epoch)
    engine.wake(group)
    await until(lambda: has_text(alice, group, "A message arrived that this device cannot read."))
    await mallory.send(group, "a proper one")
    await until(lambda: has_text(alice, group, "a proper one"))
    assert await texts(alice, group) == ["a proper one"]


def force(app: App, conversation: str, proposals: list[Proposal]) -> None:
    """Send a commit that this member's own App would never make."""
    engine = app._access.unlocked().engine
    with engine.groups.change(conversation) as group:
        pending = group.commit(proposals, CommitOptions(include_received=False))
        engine.home.queues.put_commit(
            conversation,
            SentCommit(b"c" * 16, pending.epoch, pending.message, next_token_hash(group, pending)),
        )
    engine.wake(conversation)


async def two_in_a_group(world: World) -> tuple[App, App, str]:
    """Return an administrator, a member, and their group."""
    alice, mallory = await world.person("alice"), await world.person("mallory")
    await befriend(alice, mallory, "")
    group = (await alice.create_group("Plans", [mallory.state().fingerprint])).id
    await until(lambda: is_in(mallory, group))
    await alice.settle(10)
    await mallory.settle(10)
    return alice, mallory, group


async def is_in(app: App, conversation: str) -> bool:
    return await detail(app, conversation) is not None


async def ended(app: App, conversation: str) -> bool:
    found = await detail(app, conversation)
    return found is not None and found.state == "left"
