"""The page "Security": unknown is never shown as good, and the switch says what leaves."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.support.people import arrive
from tests.support.screens import SCREENS, shown

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.support.own_machine import OwnMachine

pytestmark = [pytest.mark.browser, pytest.mark.requirement("TSC-02")]

SECURITY = next(screen for screen in SCREENS if screen.name == "security")


async def test_each_reading_says_why_and_what_to_do_and_unknown_is_not_well(page: Page) -> None:
    async with shown(page, SECURITY):
        await expect(page.get_by_text("8 of 12 checks are fine")).to_be_visible()
        await expect(page.get_by_text("None of it leaves this computer.")).to_be_visible()
        well = await page.locator(".reading.well strong").all_inner_texts()
        unknown = await page.locator(".reading.unknown h4").all_inner_texts()
        assert unknown == ["Kernel lockdown", "Firewall"]
        assert not set(well) & set(unknown)
        updates = page.locator(".reading.bad", has_text="Security updates")
        for words in ("waiting", "Should be", "Why", "Do", "sudo apt update"):
            await expect(updates).to_contain_text(words)


@pytest.mark.slow
@pytest.mark.requirement("TSC-01", "OSM-01")
async def test_this_very_machine_is_shown_to_its_user_and_nothing_of_it_leaves(
    machine: OwnMachine, browser: Browser
) -> None:
    async with AsyncExitStack() as windows:
        noor = await arrive(windows, machine, browser, "noor")
        await noor.register()
        await noor.page.evaluate("() => { location.hash = '#/settings/security' }")
        await expect(noor.page.locator(".reading")).to_have_count(12)
        shown = await noor.page.locator(".reading h4, .reading.well strong").all_inner_texts()
        assert "Disk encryption" in shown
        await expect(noor.page.get_by_text("None of it leaves this computer.")).to_be_visible()
        switch = noor.page.get_by_role("switch", name="Report to your service")
        await expect(switch).to_be_disabled()
        await expect(noor.page.get_by_text("Your service asks for nothing")).to_be_visible()
        noor.seen.assert_clean()
        await noor.page.goto("about:blank")


async def test_the_switch_is_off_shows_what_would_be_sent_and_works_by_keyboard(
    page: Page,
) -> None:
    async with shown(page, SECURITY) as open_page:
        switch = page.get_by_role("switch", name="Report to your service")
        await expect(switch).not_to_be_checked()
        would = await page.locator(".told li span:first-child").all_inner_texts()
        assert would == ["Disk encryption", "Firewall", "Screen lock"]
        await switch.focus()
        await page.keyboard.press("Space")
        await expect(switch).to_be_checked()
        await expect(page.get_by_text("Reports are on.")).to_be_visible()
        assert open_page.app.sending.on
        await expect(page.locator(".sending")).to_contain_text("something is not known")
        await page.keyboard.press("Space")
        await expect(switch).not_to_be_checked()
        assert not open_page.app.sending.on
    open_page.seen.assert_clean()


async def test_what_the_service_asks_for_later_is_not_sent_unless_agreed_to(page: Page) -> None:
    sending = next(screen for screen in SCREENS if screen.name == "security-sending")
    async with shown(page, sending):
        await expect(page.locator(".sending .news")).to_contain_text("Running kernel")
        await expect(page.locator(".told")).not_to_contain_text("Running kernel")
