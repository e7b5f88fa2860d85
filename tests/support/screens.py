"""Every screen of the App by name: how the scene stands and what a person does to get there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.app.loopback.daemon import serving
from enigm.app.loopback.events import EVENTS_WAITING_MAX
from enigm.app.options import Options
from tests.support import scripted_scene as scene
from tests.support.browser import watch
from tests.support.scripted_app import PASSWORD, ScriptedApp
from tests.support.scripted_security import sent_by

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from playwright.async_api import Page

    from enigm.app.views import Stage
    from tests.support.browser import Watch, Width

Deed = Callable[["Page", ScriptedApp], Awaitable[None]]


@dataclass(frozen=True)
class Screen:
    """A name, the App it stands on, the place in the page, and a last deed."""

    name: str
    place: str = "#/chats"
    stage: Stage = "ready"
    empty: bool = False
    deed: Deed | None = None


@dataclass(frozen=True)
class Shown:
    """A page that stands at a screen, with the App behind it."""

    page: Page
    app: ScriptedApp
    seen: Watch
    port: int


@asynccontextmanager
async def scripted_page(page: Page, app: ScriptedApp) -> AsyncGenerator[Shown]:
    """Serve the App and open it with its one-time address."""
    async with serving(app, Options()) as daemon:
        seen = watch(page, f"127.0.0.1:{daemon.port}")
        await page.goto(daemon.address())
        await page.locator("main").first.wait_for()
        yield Shown(page, app, seen, daemon.port)
        # The page goes first: a daemon that stops under it would be said to the console.
        await page.goto("about:blank")


@asynccontextmanager
async def shown(page: Page, screen: Screen, width: Width = "desktop") -> AsyncGenerator[Shown]:
    """Open a screen and wait until it stands still."""
    app = ScriptedApp(screen.stage, empty=screen.empty)
    if screen.stage == "ready" and not screen.empty:
        app.offer_device()
    async with scripted_page(page, app) as open_page:
        if screen.stage == "ready":
            # On a desktop a list stands beside something; on a phone it fills the screen.
            await page.locator(".list-pane").wait_for(state="attached")
        await page.evaluate("place => { location.hash = place }", screen.place)
        if screen.deed is not None:
            await screen.deed(page, app)
        await _settle(page)
        yield open_page


async def _settle(page: Page) -> None:
    await page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    await page.evaluate("() => document.fonts.ready")
    await page.wait_for_load_state("networkidle")
    await page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


async def _type_password(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("User name").fill("noor")
    await page.get_by_label("Password", exact=True).fill("a lantern over the harbour")


async def _ask_words(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_role("button", name="I have written them down").click()
    await page.get_by_label("Word 3").fill(scene.PHRASE[2])
    await page.get_by_label("Word 9").fill("glacier")


async def _fill_phrase(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("Your 24 words").fill(" ".join(scene.PHRASE[:17]))


async def _sign_in(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("User name").fill("noor")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()
    await page.locator(".code").wait_for()


async def _wrong_password(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Unlock").click()
    await page.locator(".refusal:not([hidden])").wait_for()


async def _search(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_role("searchbox").fill("register")
    await page.get_by_text("Messages", exact=True).wait_for()


async def _go_offline(_page: Page, app: ScriptedApp) -> None:
    app.set_connection("offline")
    await _page.locator(".connection.offline").wait_for(state="attached")


async def _choose_two(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("Name of the group").fill("Harbour story")
    await page.get_by_role("checkbox", name="june.field").check(force=True)
    await page.get_by_role("checkbox", name="mira.aalto").check(force=True)


async def _choose_one(page: Page, _app: ScriptedApp) -> None:
    await page.locator(".drawer").get_by_role("checkbox").first.check(force=True)


async def _write_request(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("User name or invite link").fill("ines")
    await page.get_by_label("First words").fill("Hi Ines, it's Noor. Mira gave me your name.")


async def _ask_nobody(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("User name or invite link").fill("nobody")
    await page.get_by_role("button", name="Send request").click()
    await page.locator(".refusal:not([hidden])").wait_for()


async def _ask_to_remove(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_role("button", name="Remove samir").click()
    await page.get_by_role("dialog").wait_for()


async def _ask_to_revoke(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_role("button", name="Revoke newsroom-desk").click()
    await page.get_by_role("dialog").wait_for()


async def _look(page: Page, _app: ScriptedApp) -> None:
    await page.locator(".security-summary").wait_for()


async def _send_reports(page: Page, app: ScriptedApp) -> None:
    app.sending = sent_by(app.sending, asked_since=("kernel_current",))
    await page.evaluate("() => { location.hash = '#/settings/security' }")
    await page.get_by_role("button", name="Send these too").scroll_into_view_if_needed()


async def _ask_to_delete(page: Page, _app: ScriptedApp) -> None:
    await page.get_by_label("Your password, to be sure").fill(PASSWORD)
    await page.get_by_role("button", name="Delete my account").click()
    await page.get_by_role("dialog").wait_for()


async def _enter_wrong_pin(page: Page, app: ScriptedApp) -> None:
    await _ask_to_revoke(page, app)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("PIN").fill("161803")
    await dialog.get_by_role("button", name="Revoke").click()
    await dialog.locator(".refusal:not([hidden])").wait_for()


async def _first_pin(page: Page, app: ScriptedApp) -> None:
    app.pin_set = False
    await _ask_to_revoke(page, app)


async def _no_pin(page: Page, app: ScriptedApp) -> None:
    app.pin_set = False
    await page.evaluate("() => { location.hash = '#/settings/pin' }")
    await page.get_by_role("button", name="Set PIN").wait_for()


async def _open_mira_with_toast(page: Page, app: ScriptedApp) -> None:
    await page.locator(".message").first.wait_for()
    app.fails_to_send = True
    await page.get_by_role("button", name="Try again").click()
    await page.locator(".toast").wait_for()


async def _stop_the_daemon(page: Page, app: ScriptedApp) -> None:
    await page.locator(".message").first.wait_for()
    await page.route("**/api/**", lambda route: route.abort())
    # So much news in one breath that the stream is cut; it cannot be opened again.
    for _ in range(EVENTS_WAITING_MAX + 1):
        app.set_connection("online")
    await page.locator(".daemon-lost").wait_for()


async def _come_without_a_token(page: Page, _app: ScriptedApp) -> None:
    await page.evaluate("() => sessionStorage.clear()")
    await page.reload()
    await page.get_by_role("heading", name="This tab was not let in").wait_for()


_MIRA = scene.account_of("mira.aalto")

SCREENS = (
    Screen("welcome", stage="welcome"),
    Screen("create-account", "#/create", "welcome", deed=_type_password),
    Screen("recover", "#/recover", "welcome", deed=_fill_phrase),
    Screen("link-device", "#/link", "welcome"),
    Screen("phrase", stage="confirm_phrase"),
    Screen("phrase-confirm", stage="confirm_phrase", deed=_ask_words),
    Screen("awaiting-approval", "#/link", "welcome", deed=_sign_in),
    Screen("unlock", stage="locked"),
    Screen("unlock-refused", stage="locked", deed=_wrong_password),
    Screen("first-start", empty=True),
    Screen("chats"),
    Screen("search", deed=_search),
    Screen("offline", deed=_go_offline),
    Screen("conversation", "#/chats/chat-mira.aalto"),
    Screen("group", "#/chats/night-desk"),
    Screen("not-sent", "#/chats/register"),
    Screen("not-sent-refused", "#/chats/register", deed=_open_mira_with_toast),
    Screen("waiting-for-answer", "#/chats/chat-wren"),
    Screen("left-group", "#/chats/choir"),
    Screen("contact-details", "#/chats/chat-mira.aalto/details"),
    Screen("group-details", "#/chats/night-desk/details"),
    Screen("add-people", "#/chats/night-desk/members", deed=_choose_one),
    Screen("remove-member", "#/chats/night-desk/details", deed=_ask_to_remove),
    Screen("safety-number", "#/chats/chat-tomas.k/safety/" + scene.account_of("tomas.k")),
    Screen("safety-verified", f"#/chats/chat-mira.aalto/safety/{_MIRA}"),
    Screen("requests", "#/requests"),
    Screen("contacts", "#/contacts"),
    Screen("add-contact", "#/add", deed=_write_request),
    Screen("add-contact-refused", "#/add", deed=_ask_nobody),
    Screen("my-invite", "#/settings/invite"),
    Screen("new-group", "#/new", deed=_choose_two),
    Screen("settings", "#/settings"),
    Screen("devices", "#/settings/devices"),
    Screen("revoke-device", "#/settings/devices", deed=_ask_to_revoke),
    Screen("revoke-device-wrong-pin", "#/settings/devices", deed=_enter_wrong_pin),
    Screen("first-pin", "#/settings/devices", deed=_first_pin),
    Screen("pin", "#/settings/pin"),
    Screen("set-pin", "#/settings", deed=_no_pin),
    Screen("security", "#/settings/security", deed=_look),
    Screen("security-sending", "#/settings", deed=_send_reports),
    Screen("account", "#/settings/account"),
    Screen("delete-account", "#/settings/account", deed=_ask_to_delete),
    Screen("stopped", "#/chats/chat-tomas.k", deed=_stop_the_daemon),
    Screen("not-let-in", deed=_come_without_a_token),
    Screen("about", "#/settings/about"),
)
