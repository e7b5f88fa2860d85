"""A person who uses no pointer: everything is reached, seen and left by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.support import scripted_scene as scene
from tests.support.screens import scripted_page
from tests.support.scripted_app import ScriptedApp

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.browser

_FOCUSED = """() => {
    const it = document.activeElement;
    return it.getAttribute("aria-label") || it.innerText || it.id;
}"""
_TABS_MAX = 40


async def test_somebody_registers_with_the_keyboard_alone(page: Page) -> None:
    app = ScriptedApp("welcome", empty=True)
    async with scripted_page(page, app) as opened:
        await _tab_to(page, "Create an account")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("User name")).to_be_focused()
        await page.keyboard.type("noor")
        await page.keyboard.press("Tab")
        await page.keyboard.type("four words make it long")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Write down these 24 words").wait_for()
        await _tab_to(page, "I have written them down")
        await page.keyboard.press("Enter")
        for position in (3, 9, 14, 22):
            await expect(page.get_by_label(f"Word {position}")).to_be_focused()
            await page.keyboard.type(scene.PHRASE[position - 1])
            await page.keyboard.press("Enter" if position == 22 else "Tab")
        await expect(page.get_by_text("No chats yet")).to_be_visible()
    opened.seen.assert_clean()


async def test_somebody_searches_reads_and_answers_with_the_keyboard_alone(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app) as opened:
        await page.get_by_text("Night desk").wait_for()
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.type("annex")
        await page.locator("mark").wait_for()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.locator(".sought")).to_be_in_viewport()
        await expect(page.locator("#composer")).to_be_focused()
        await page.keyboard.type("Read it.")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("Twice.")
        await page.keyboard.press("Enter")
        await expect(page.locator(".message").last).to_contain_text("Read it.\nTwice.")
        # Escape leads back to the list, arrows through it.
        await page.keyboard.press("Escape")
        await expect(page.locator(".list-pane [data-item]").first).to_be_focused()
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("searchbox")).to_have_value("")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("End")
        await expect(page.locator(".list-pane [data-item]").last).to_be_focused()
        await page.keyboard.press("Home")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator(".list-pane [data-item]").nth(1)).to_be_focused()
    opened.seen.assert_clean()


async def test_a_dialog_holds_the_focus_and_escape_refuses(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await page.get_by_text("Night desk").wait_for()
        await page.evaluate("() => { location.hash = '#/chats/night-desk/details' }")
        await _tab_to(page, "Remove samir")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        assert len((await app.conversation("night-desk")).members) == 4
        # The focus is back where it was, so that the next key does the same again.
        await expect(page.get_by_role("button", name="Remove samir")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        await _tab_to(page, "Remove")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("You removed samir.").first).to_be_visible()
        assert len((await app.conversation("night-desk")).members) == 3
        await page.keyboard.press("Escape")
        await expect(page.locator(".drawer")).to_have_count(0)
        await expect(page.locator("#composer")).to_be_focused()


async def test_the_focus_is_always_seen(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await page.get_by_text("Night desk").wait_for()
        for _ in range(_TABS_MAX):
            await page.keyboard.press("Tab")
            assert await page.evaluate(_RING), await page.evaluate(_FOCUSED)


async def _tab_to(page: Page, label: str) -> None:
    for _ in range(_TABS_MAX):
        await page.keyboard.press("Tab")
        focused = str(await page.evaluate(_FOCUSED)).strip()
        if focused == label or focused.startswith(f"{label}\n"):
            return
    pytest.fail(f"{label!r} is not reached by Tab")


# The browser's own chrome takes the focus between the last and the first: that is no element.
_RING = """() => {
    const it = document.activeElement;
    if (it === document.body) return true;
    const inLabel = it.matches("[type=radio], [type=checkbox]");
    const style = getComputedStyle(inLabel ? it.parentElement : it);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
}"""
