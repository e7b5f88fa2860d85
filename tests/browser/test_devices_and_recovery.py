"""One account on two devices, brought back by its words, and erased, with real processes."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.support.people import PASSWORD, PIN, arrive

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.support.own_machine import OwnMachine

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.requirement("APP-05", "APP-06", "APP-14")
async def test_a_second_device_is_approved_by_its_code_catches_up_and_is_revoked(
    machine: OwnMachine, browser: Browser
) -> None:
    async with AsyncExitStack() as windows:
        noor, mira, tablet = [
            await arrive(windows, machine, browser, name) for name in ("noor", "mira", "tablet")
        ]
        await noor.register()
        await mira.register()
        await noor.ask("mira", "Hello from Noor.")
        await mira.accept("noor", "Hello from Noor.")

        await tablet.page.get_by_role("link", name="Use an account you have").click()
        await tablet.page.get_by_label("User name").fill("noor")
        await tablet.page.get_by_label("Password").fill(PASSWORD)
        await tablet.page.get_by_role("button", name="Continue").click()
        await noor.page.get_by_role("link", name="Settings").click()
        await noor.page.get_by_role("link", name="Devices").click()
        await expect(noor.page.locator(".device-request .code")).to_contain_text(re.compile(r"\d"))
        shown = await noor.page.locator(".device-request .code").inner_text()
        await expect(tablet.page.locator(".code")).to_have_text(shown)
        await noor.page.get_by_role("button", name="The code matches: approve").click()
        await expect(tablet.page.get_by_role("heading", name="Chats", exact=True)).to_be_visible()

        # It reads what is written once it was brought into the conversation, not before.
        await expect(tablet.row("mira")).to_be_visible()
        await mira.open("noor")
        await mira.write("Do both of you hear me?")
        await expect(tablet.row("mira")).to_contain_text("Do both of you hear me?")
        await noor.open("mira")
        await noor.reads("Do both of you hear me?")

        await noor.page.get_by_role("link", name="Settings").click()
        await noor.page.get_by_role("link", name="Devices").click()
        await noor.page.get_by_role("button", name="Revoke").click()
        await noor.choose_pin("Revoke")
        await expect(noor.page.get_by_text("Cannot read anything new")).to_be_visible()
        await noor.open("mira")
        await noor.write("Only on this device now.")
        await mira.reads("Only on this device now.")
        await expect(tablet.page.locator("body")).not_to_contain_text("Only on this device now.")


@pytest.mark.requirement("APP-03", "APP-18")
async def test_an_account_comes_back_by_its_words_and_goes_for_ever(
    machine: OwnMachine, browser: Browser
) -> None:
    async with AsyncExitStack() as windows:
        noor, again = [
            await arrive(windows, machine, browser, name) for name in ("noor", "elsewhere")
        ]
        words = await noor.register()
        await again.page.get_by_role("link", name="Recover an account").click()
        await again.page.get_by_label("Your 24 words").fill(" ".join(words))
        await again.page.get_by_label("New password").fill("another four quiet words")
        await again.page.get_by_role("button", name="Recover account").click()
        await expect(again.page.get_by_role("heading", name="Chats", exact=True)).to_be_visible()
        await again.page.get_by_role("link", name="Settings").click()
        await expect(again.page.get_by_role("heading", name="noor")).to_be_visible()

        await again.page.get_by_role("link", name="Password and account").click()
        password = again.page.get_by_label("Your password, to be sure")
        await again.page.get_by_role("link", name="PIN").click()
        await again.page.get_by_label("PIN", exact=True).fill(PIN)
        await again.page.get_by_label("The same PIN again").fill(PIN)
        await again.page.get_by_label("Your password").fill("another four quiet words")
        await again.page.get_by_role("button", name="Set PIN").click()
        await expect(again.page.get_by_role("button", name="Change PIN")).to_be_visible()
        await again.page.get_by_role("link", name="Password and account").click()
        await password.fill("wrong")
        await _delete(again.page)
        await expect(again.page.locator(".danger-card .refusal")).to_be_visible()
        await password.fill("another four quiet words")
        await _delete(again.page)
        await expect(again.page.get_by_role("heading", name="Talk in private")).to_be_visible()
        again.seen.assert_clean()


async def _delete(page: Page) -> None:
    await page.get_by_role("button", name="Delete my account").click()
    await page.get_by_role("dialog").get_by_label("PIN").fill(PIN)
    await page.get_by_role("dialog").get_by_role("button", name="Delete for ever").click()
