"""The open page follows the App: news without a reload, states, reconnection, a long past."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from enigm.app.loopback.events import EVENTS_WAITING_MAX
from tests.support.screens import scripted_page
from tests.support.scripted_app import PASSWORD, ScriptedApp

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from enigm.app import views

pytestmark = pytest.mark.browser

MIRA = "chat-mira.aalto"


async def test_a_message_appears_in_the_list_and_in_the_open_chat(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app) as opened:
        await _open(page, "mira.aalto")
        app.receive(MIRA, "mira.aalto", "Are you there?")
        await expect(_messages(page).last).to_contain_text("Are you there?")
        await expect(page.locator(".rows .row").first).to_contain_text("Are you there?")
        # Said to a screen reader, politely and once.
        await expect(page.locator("#news")).to_have_text("mira.aalto: Are you there?")
        app.receive("chat-tomas.k", "tomas.k", "Thursday?")
        await expect(_row(page, "tomas.k").locator(".badge")).to_contain_text("1")
        await expect(page).to_have_title("(5) Enigm")
    opened.seen.assert_clean()


async def test_what_is_seen_is_marked_read_and_what_is_not_seen_is_not(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        app.receive("chat-tomas.k", "tomas.k", "unseen")
        await _open(page, "mira.aalto")
        app.receive(MIRA, "mira.aalto", "seen")
        await expect(_row(page, "mira.aalto").locator(".badge")).to_have_count(0)
        await expect(_row(page, "tomas.k").locator(".badge")).to_contain_text("1")
        # The page shows it as read before the App has heard of it.
        while not app.read_marks:
            await page.evaluate("() => new Promise(requestAnimationFrame)")
        assert {chat for chat, _ in app.read_marks} == {MIRA}


async def test_ones_own_message_goes_from_sent_to_read(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        await _write(page, "On my way.")
        last = _messages(page).last
        await expect(last).to_contain_text("On my way.")
        await expect(last.locator(".tick")).to_contain_text("Sent")
        sent = (await app.messages(MIRA))[-1]
        for state, words in (("delivered", "Delivered"), ("read", "Read")):
            app.set_message_state(MIRA, sent.id, state)  # type: ignore[arg-type]
            await expect(last.locator(".tick")).to_contain_text(words)
        await expect(page.get_by_role("textbox", name="Message to mira.aalto")).to_have_value("")


async def test_a_failed_message_can_be_sent_again(page: Page) -> None:
    app = ScriptedApp()
    app.fails_to_send = True
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        await _write(page, "Can you hear me?")
        await expect(_messages(page).last).to_contain_text("Not sent.")
        app.fails_to_send = False
        await _messages(page).last.get_by_role("button", name="Try again").click()
        await expect(_messages(page).last.locator(".tick")).to_contain_text("Sent")
        await expect(_messages(page).last).not_to_contain_text("Not sent.")


@pytest.mark.parametrize(
    "text",
    [
        "<img src=http://evil.test/x onerror=alert(1)><script>alert(2)</script>",
        "see https://evil.test/?who=noor and javascript:alert(1)",
        "&lt;b&gt; ${alert(3)} {{7*7}}",
    ],
)
async def test_what_people_write_stays_text(page: Page, text: str) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app) as opened:
        await _open(page, "mira.aalto")
        app.receive(MIRA, "mira.aalto", text)
        await expect(_messages(page).last.locator(".text")).to_contain_text(text)
        assert await page.locator(".message :is(img, script, a, b)").count() == 0
    opened.seen.assert_clean()


async def test_a_draft_stays_with_its_chat(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        await _composer(page).fill("half a thought")
        await _open(page, "tomas.k")
        await expect(_composer(page)).to_have_value("")
        await expect(_row(page, "mira.aalto")).to_contain_text("Draft: half a thought")
        await _open(page, "mira.aalto")
        await expect(_composer(page)).to_have_value("half a thought")
        # It is nowhere where the browser would write it to the disk.
        kept = "() => JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"
        assert "half a thought" not in await page.evaluate(kept)


async def test_the_past_is_read_page_by_page_and_the_view_stays_where_it_was(page: Page) -> None:
    app = ScriptedApp()
    app.fill(MIRA, 180)
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        await expect(_messages(page)).to_have_count(50 - 1)  # one of the fifty is a notice
        before = await page.evaluate(
            """() => {
                window.anchor = document.querySelectorAll(".message")[3];
                document.querySelector(".messages").scrollTop = 90;
                return window.anchor.getBoundingClientRect().top;
            }"""
        )
        await expect(_messages(page)).to_have_count(100 - 1)
        after = await page.evaluate("() => window.anchor.getBoundingClientRect().top")
        assert abs(after - before) < 2
        for _ in range(3):
            await page.locator(".messages").evaluate("it => { it.scrollTop = 0 }")
        await expect(page.locator(".beginning")).to_have_count(1)
        await expect(_messages(page).first).to_contain_text("Old line 0")
        # Far from the end a new message does not pull the view down; a button leads there.
        app.receive(MIRA, "mira.aalto", "new at the end")
        await page.get_by_role("button", name="To the newest message").click()
        await expect(_messages(page).last).to_be_in_viewport()


async def test_after_a_cut_the_page_reads_what_it_missed(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        # So much news in one breath that the daemon cuts the page off.
        for _ in range(EVENTS_WAITING_MAX + 1):
            app.set_connection("connecting")
        app.receive(MIRA, "mira.aalto", "said while you were cut off")
        app.set_connection("online")
        await expect(_messages(page).last).to_contain_text("said while you were cut off")
        app.receive(MIRA, "mira.aalto", "and live again")
        await expect(_messages(page).last).to_contain_text("and live again")


async def test_without_the_service_the_chats_are_there_and_devices_come_with_it(
    page: Page,
) -> None:
    app = ScriptedApp()
    app.set_connection("offline")
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        await page.evaluate("() => { location.hash = '#/settings/devices' }")
        await expect(page.get_by_text("once the service can be reached")).to_be_visible()
        app.set_connection("online")
        await expect(page.locator(".device").first).to_be_visible()
        await expect(page.get_by_text("once the service can be reached")).to_have_count(0)


async def test_what_arrives_while_a_chat_opens_is_not_lost(page: Page) -> None:
    app = ScriptedApp()
    read, reading, go_on = app.messages, asyncio.Event(), asyncio.Event()

    async def slowly(*wanted: Any) -> list[views.Message]:
        page_of_lines = await read(*wanted)
        reading.set()
        await go_on.wait()
        return page_of_lines

    app.messages = slowly  # type: ignore[method-assign,assignment]
    async with scripted_page(page, app):
        await _row(page, "tomas.k").click()
        await reading.wait()
        app.receive("chat-tomas.k", "tomas.k", "in the very moment")
        await expect(_row(page, "tomas.k")).to_contain_text("in the very moment")
        go_on.set()
        await expect(_messages(page).last).to_contain_text("in the very moment")
        await expect(_messages(page)).to_have_count(3)
        await expect(_row(page, "tomas.k").locator(".badge")).to_have_count(0)


async def test_a_reload_keeps_the_session_and_the_place(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        await page.reload()
        await expect(page.get_by_role("heading", name="mira.aalto").first).to_be_visible()


async def test_the_lock_takes_every_word_off_the_page(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await _open(page, "mira.aalto")
        await page.get_by_role("link", name="Settings").click()
        await page.get_by_role("button", name="Lock now").click()
        await expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
        assert "page 31" not in await page.content()
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Unlock").click()
        await expect(_row(page, "mira.aalto")).to_be_visible()


async def test_the_chosen_appearance_survives_a_reload(page: Page) -> None:
    async with scripted_page(page, ScriptedApp()):
        await page.get_by_role("link", name="Settings").click()
        light = await _canvas(page)
        await page.get_by_role("radio", name="Dark").check(force=True)
        dark = await _canvas(page)
        assert dark != light
        await page.reload()
        await expect(page.get_by_role("radio", name="Dark")).to_be_checked()
        assert await _canvas(page) == dark


async def test_a_page_that_reads_from_the_right_keeps_its_shape(page: Page) -> None:
    app = ScriptedApp()
    async with scripted_page(page, app):
        await page.evaluate("() => { document.documentElement.dir = 'rtl' }")
        await _open(page, "mira.aalto")
        app.receive(MIRA, "mira.aalto", "שלום, מה שלומך?")
        rail = await page.locator(".rail").bounding_box()
        mine = await page.locator(".message.mine .bubble").last.bounding_box()
        theirs = await page.locator(".message.theirs .bubble").last.bounding_box()
        assert rail is not None
        assert mine is not None
        assert theirs is not None
        assert rail["x"] > 1000
        assert mine["x"] < theirs["x"] + theirs["width"]
        sideways = "() => document.documentElement.scrollWidth - innerWidth"
        assert await page.evaluate(sideways) <= 0


async def _open(page: Page, name: str) -> None:
    await _row(page, name).click()
    await expect(_messages(page).last).to_be_visible()
    await expect(page.locator(".chat-head")).to_contain_text(name)


async def _write(page: Page, text: str) -> None:
    await _composer(page).fill(text)
    await _composer(page).press("Enter")


async def _canvas(page: Page) -> str:
    return str(await page.evaluate("() => getComputedStyle(document.body).backgroundColor"))


def _row(page: Page, name: str) -> Locator:
    return page.locator(".rows .row").filter(has=page.locator(".row-title", has_text=name))


def _messages(page: Page) -> Locator:
    return page.locator(".message")


def _composer(page: Page) -> Locator:
    return page.locator("#composer")
