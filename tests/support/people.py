"""People in tests of the whole product: each has a profile, a daemon and a browser window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.support.browser import new_page, watch

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from playwright.async_api import Browser, Locator, Page

    from tests.support.browser import Watch
    from tests.support.own_machine import OwnMachine

PIN = "271828"
PASSWORD = "four quiet words suffice"
# Making keys and the proof of work take their time on two busy cores.
SLOW_MILLISECONDS = 60_000

expect.set_options(timeout=SLOW_MILLISECONDS)


@dataclass
class Person:
    """Somebody at their own profile, with their own browser window."""

    name: str
    page: Page
    seen: Watch

    async def register(self) -> list[str]:
        """Make an account: name, password, the words written down and four asked back."""
        page = self.page
        await page.get_by_role("link", name="Create an account").click()
        await page.get_by_label("User name").fill(self.name)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Create account").click()
        await expect(page.locator(".phrase li")).to_have_count(24)
        words = [text.strip() for text in await page.locator(".phrase li").all_inner_texts()]
        await page.get_by_role("button", name="I have written them down").click()
        for field in await page.locator(".asked input").all():
            position = int(await field.get_attribute("name") or 0)
            await field.fill(words[position - 1])
        await page.get_by_role("button", name="Finish").click()
        await expect(page.get_by_text("No chats yet")).to_be_visible()
        return words

    async def unlock(self) -> None:
        """Open the vault again."""
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Unlock").click()
        await expect(self.page.get_by_role("heading", name="Chats", exact=True)).to_be_visible()

    async def ask(self, who: str, greeting: str) -> None:
        """Ask somebody to talk, by name or by invite."""
        await self.page.get_by_role("link", name="Chats").first.click()
        await self.page.get_by_role("link", name="New chat").click()
        await self.page.get_by_label("User name or invite link").fill(who)
        await self.page.get_by_label("First words").fill(greeting)
        await self.page.get_by_role("button", name="Send request").click()

    async def accept(self, name: str, greeting: str) -> None:
        """Answer a request that arrived without a reload."""
        await self.page.get_by_role("link", name="Requests").click()
        card = self.page.get_by_role("article", name=f"Request from {name}")
        await expect(card).to_contain_text(greeting)
        await card.get_by_role("button", name="Accept").click()
        await expect(self.page.locator("#composer")).to_be_visible()

    async def choose_pin(self, yes: str) -> None:
        """Set a first PIN in the dialog that asks for it, and go on."""
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("New PIN").fill(PIN)
        await dialog.get_by_label("The same PIN again").fill(PIN)
        await dialog.get_by_label("Your password").fill(PASSWORD)
        await dialog.get_by_role("button", name=yes).click()

    async def open(self, title: str) -> None:
        """Choose a chat from the list."""
        await self.page.get_by_role("link", name="Chats").first.click()
        await self.row(title).click()
        await expect(self.page.locator(".chat-head h2")).to_contain_text(title)

    async def write(self, text: str) -> None:
        """Say something in the open chat."""
        await self.page.locator("#composer").fill(text)
        await self.page.locator("#composer").press("Enter")
        await expect(self.page.locator(".message.mine").last).to_contain_text(text)

    async def reads(self, text: str) -> None:
        """Wait until somebody else's words stand in the open chat."""
        await expect(self.page.locator(".message.theirs", has_text=text)).to_be_visible()

    def row(self, title: str) -> Locator:
        """Return the list's row of a chat."""
        return self.page.locator(".rows .row").filter(
            has=self.page.locator(".row-title", has_text=title)
        )


async def arrive(
    windows: AsyncExitStack, machine: OwnMachine, browser: Browser, name: str
) -> Person:
    address = await machine.start_app(name)
    page = await windows.enter_async_context(new_page(browser))
    page.set_default_timeout(SLOW_MILLISECONDS)
    seen = watch(page, urlsplit(address).netloc)
    await page.goto(address)
    return Person(name, page, seen)
