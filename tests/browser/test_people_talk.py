"""Two people on one machine register, find each other and talk, with real processes throughout."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.support.people import Person, arrive

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.support.own_machine import OwnMachine


pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.timeout(600)
@pytest.mark.requirement("APP-01", "APP-02", "APP-08")
async def test_two_people_find_each_other_talk_and_read_on_after_a_restart(
    machine: OwnMachine, browser: Browser
) -> None:
    names = ("noor", "mira", "wren")
    async with AsyncExitStack() as windows:
        noor, mira, wren = [await arrive(windows, machine, browser, name) for name in names]
        for person in (noor, mira, wren):
            await person.register()
        await _find_each_other_and_talk(noor, mira)
        await _meet_by_invite(noor, wren)
        await _add_a_third_and_remove_one(noor, mira, wren)
        for person in (noor, mira, wren):
            person.seen.assert_clean()
            await person.page.goto("about:blank")
    await machine.stop_everything()

    await machine.start_service()
    async with AsyncExitStack() as windows:
        noor, mira, wren = [await arrive(windows, machine, browser, name) for name in names]
        for person in (noor, mira, wren):
            await person.unlock()
        await _read_on(noor, mira, wren)


async def _find_each_other_and_talk(noor: Person, mira: Person) -> None:
    await noor.ask("mira", "It's Noor from the night desk.")
    await expect(noor.page.get_by_text("Waiting for an answer").first).to_be_visible()
    await mira.accept("noor", "It's Noor from the night desk.")
    await noor.open("mira")
    await noor.write("Did the scans arrive?")
    await mira.reads("Did the scans arrive?")
    await mira.write("All forty pages.")
    await noor.reads("All forty pages.")
    await expect(noor.page.locator(".message.mine .tick").last).to_contain_text("Read")
    numbers = [await _safety_digits(person) for person in (noor, mira)]
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) == 12


async def _meet_by_invite(noor: Person, wren: Person) -> None:
    await wren.page.get_by_role("link", name="Settings").click()
    await wren.page.get_by_role("link", name="My invite").click()
    link = await wren.page.get_by_label("Invite link").input_value()
    assert link.startswith("enigm:invite#")
    await noor.ask(link, "Mira gave me your link.")
    await wren.page.get_by_role("link", name="Chats").click()
    await wren.accept("noor", "Mira gave me your link.")
    await noor.open("wren")
    await expect(noor.page.locator("#composer")).to_be_visible()


async def _add_a_third_and_remove_one(noor: Person, mira: Person, wren: Person) -> None:
    await noor.page.get_by_role("link", name="New group").click()
    await noor.page.get_by_label("Name of the group").fill("Harbour")
    await noor.page.get_by_role("checkbox", name="mira").check(force=True)
    await noor.page.get_by_role("button", name="Create with 1 person").click()
    await noor.write("For the harbour story.")
    await _join(mira, "Harbour")
    await mira.write("Good idea.")
    await noor.reads("Good idea.")

    await noor.page.get_by_role("link", name="Details").click()
    await noor.page.get_by_role("link", name="Add people").click()
    await noor.page.locator(".drawer").get_by_role("checkbox", name="wren").check(force=True)
    await noor.page.get_by_role("button", name="Add 1 person").click()
    await expect(noor.page.locator(".drawer").get_by_text("3 people")).to_be_visible()
    await _join(wren, "Harbour")
    await noor.write("Welcome, Wren.")
    await wren.reads("Welcome, Wren.")
    await mira.reads("Welcome, Wren.")
    # What was said before the third came is not the third's to read.
    await expect(wren.page.locator(".messages")).not_to_contain_text("For the harbour story.")

    await noor.page.get_by_role("button", name="Remove mira").click()
    await noor.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(mira.page.get_by_text("You were removed from this group")).to_be_visible()
    notices = noor.page.locator(".notice")
    await expect(notices.filter(has_text="You added wren.")).to_be_visible()
    await expect(notices.filter(has_text="You removed mira.")).to_be_visible()
    await noor.write("Only the two of us now.")
    await wren.reads("Only the two of us now.")
    await wren.write("Understood.")
    await noor.reads("Understood.")
    await expect(mira.page.locator(".messages")).not_to_contain_text("Only the two of us now.")


async def _read_on(noor: Person, mira: Person, wren: Person) -> None:
    await noor.open("Harbour")
    await noor.reads("Understood.")
    await wren.open("Harbour")
    await wren.reads("Only the two of us now.")
    await wren.write("Still here after the restart.")
    await noor.reads("Still here after the restart.")
    await noor.open("mira")
    await noor.reads("All forty pages.")
    await noor.write("And we still talk.")
    await mira.open("noor")
    await mira.reads("And we still talk.")
    await mira.write("We do.")
    await noor.reads("We do.")
    await mira.open("Harbour")
    await expect(mira.page.locator(".messages")).to_contain_text("Welcome, Wren.")
    await expect(mira.page.locator(".messages")).not_to_contain_text("Only the two of us now.")


async def _join(person: Person, title: str) -> None:
    await person.page.get_by_role("link", name="Chats").first.click()
    invited = person.page.get_by_role("link", name="Requests")
    await expect(invited.or_(person.row(title)).first).to_be_visible()
    if await invited.is_visible():
        await invited.click()
        await person.page.get_by_role("button", name="Accept").click()
    else:
        await person.row(title).click()
    await expect(person.page.locator(".chat-head h2")).to_contain_text(title)


async def _safety_digits(person: Person) -> list[str]:
    await person.page.get_by_role("link", name="Details", exact=True).click()
    await person.page.locator(".drawer").get_by_role("link", name="Safety number").click()
    await expect(person.page.locator(".digits li")).to_have_count(12)
    digits = await person.page.locator(".digits li").all_inner_texts()
    await person.page.keyboard.press("Escape")
    return digits
