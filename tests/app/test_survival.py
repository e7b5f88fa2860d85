"""An App that is killed at any instant loses nothing and shows nothing twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from enigm.app.errors import WrongStageError
from enigm.foundation.errors import UnavailableError
from tests.support.app_world import PASSWORD, befriend, is_accepted, register, texts, until
from tests.support.vectors import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.app.app import App
    from tests.support.app_world import World

KILLS = 4
MESSAGES_PER_LIFE = 12

LISTENER = """
import asyncio, sys
from pathlib import Path
from enigm.app.app import App
from enigm.app.options import Options

async def main():
    app = App(Options(sys.argv[1], None, Path(sys.argv[2])))
    await app.start()
    await app.unlock(sys.argv[3])
    print("ready", flush=True)
    async for event in app.events():
        if event.type == "message" and event.value.kind == "text":
            print(event.value.text, flush=True)
            if not event.value.mine:
                await app.send(event.value.conversation, "echo " + event.value.text)

asyncio.run(main())
"""


@pytest.mark.slow
async def test_kill_9_between_receiving_and_acknowledging_loses_and_doubles_nothing(
    world: World,
) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await bob.settle(10)
    await bob.close()
    sent: list[str] = []
    for life in range(KILLS):
        process = await listener(world.folder / "profiles")
        writing = asyncio.create_task(write(alice, talk, life, sent))
        # Killed when some of this life's messages were shown, while others are on their way.
        await heard(process, 1 + life * 2)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await writing
    bob = await world.open("bob")
    await bob.unlock(PASSWORD)
    await until(lambda: all_arrived(bob, talk, sent))
    received = [text for text in await texts(bob, talk) if not text.startswith("echo ")]
    assert received == sent
    echoes = [text for text in await texts(bob, talk) if text.startswith("echo ")]
    await until(lambda: all_arrived(alice, talk, echoes))
    shown = [text for text in await texts(alice, talk) if text.startswith("echo ")]
    assert len(shown) == len(set(shown)) == len(echoes)


async def test_a_killed_app_sends_what_it_had_queued(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await world.service.stop()
    await until(lambda: alice.state().connection == "offline")
    for number in range(3):
        await alice.send(talk, f"queued {number}")
    await alice.lock()
    await world.service.start()
    await alice.unlock(PASSWORD)
    await until(lambda: all_arrived(bob, talk, [f"queued {number}" for number in range(3)]))
    assert await texts(bob, talk) == [f"queued {number}" for number in range(3)]


async def test_a_request_waits_through_restarts(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.lock()
    contact = await alice.add_contact(username="bob", greeting="when you are back")
    assert await alice.settle(20)
    await alice.lock()
    await world.service.stop()
    await world.service.start()
    await bob.unlock(PASSWORD)
    request = (await until(bob.requests))[0]
    await bob.accept_request(request.id)
    assert await bob.settle(20)
    await alice.unlock(PASSWORD)
    await until(lambda: is_accepted(alice, contact.account))
    assert await texts(bob, contact.conversation) == ["when you are back"]


FINISH = "/accounts/v1/registration/finish"


async def test_a_registration_whose_answer_was_lost_is_not_lost(world: World) -> None:
    app = await world.open("alice")
    world.service.middleman.unanswered.add(FINISH)
    with pytest.raises(UnavailableError):
        await app.register("alice", PASSWORD)
    assert app.state().stage == "locked"
    world.service.middleman.unanswered.clear()
    assert (await app.unlock(PASSWORD)).stage == "confirm_phrase"
    shown = await app.phrase_to_confirm()
    words = {place: shown.phrase[place - 1] for place in shown.ask}
    assert (await app.confirm_phrase(words)).stage == "ready"


async def test_a_registration_that_never_arrived_can_be_made_again(world: World) -> None:
    app = await world.open("alice")
    world.service.middleman.unheard.add(FINISH)
    with pytest.raises(UnavailableError):
        await app.register("alice", PASSWORD)
    world.service.middleman.unheard.clear()
    with pytest.raises(WrongStageError):
        await app.unlock(PASSWORD)
    assert app.state().stage == "welcome"
    await register(app, "alice")


async def listener(folder: Path) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LISTENER,
        "bob",
        str(folder),
        PASSWORD,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def write(app: App, talk: str, life: int, sent: list[str]) -> None:
    for number in range(MESSAGES_PER_LIFE):
        text = f"life {life} number {number}"
        await app.send(talk, text)
        sent.append(text)
        await asyncio.sleep(0)


async def heard(process: asyncio.subprocess.Process, count: int) -> None:
    assert process.stdout is not None
    for _ in range(count):
        await asyncio.wait_for(process.stdout.readline(), 20)


async def all_arrived(app: App, talk: str, expected: list[str]) -> bool:
    return set(expected) <= set(await texts(app, talk))


async def test_a_long_absence_is_caught_up_in_order(world: World) -> None:
    """More than one subscription's credit: it must be given back while the backlog is read."""
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await bob.lock()
    expected = [f"{number} " + "x" * 20_000 for number in range(40)]
    for text in expected:
        await alice.send(talk, text)
    assert await alice.settle(40)
    await bob.unlock(PASSWORD)
    await until(lambda: all_arrived(bob, talk, expected))
    assert await texts(bob, talk) == expected
