"""Command's screens: who visits, what happened before, and where the page stands."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from enigm.app.identity import phrase as phrases
from enigm.assembly.command_process import open_command
from enigm.crossings.account_has_owner_name import OwnerNames
from enigm.crypto.signatures import Ed25519
from enigm.domains.accounts.model import AccountId
from enigm.domains.accounts.store.tables import account
from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.domains.devices.actions.chains import RootEntry
from enigm.domains.devices.model import CARD_BYTES
from enigm.foundation.esim_settings import EsimSettings
from enigm.foundation.log import EventLog
from enigm.foundation.payment_settings import PaymentSettings, SellerSettings
from enigm.wire import user_name
from enigm.wire.device_chain import DeviceChain, Kind
from tests.support.browser import watch
from tests.support.clock import FakeClock
from tests.support.command import PaperShop, RunningCommand, running_command
from tests.support.entropy import FakeEntropy
from tests.support.scripted_scene import NOW_SECONDS
from tests.support.service import settings_of_tests
from tests.support.unseen_account import UnseenAccount

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from playwright.async_api import Page

    from enigm.foundation.settings import Settings
    from tests.support.browser import Watch

SELLER = SellerSettings(
    name="Harbour Lantern OÜ",
    street="Kalda 3",
    city="Tallinn",
    postcode="10111",
    country="EE",
    vat_id="EE100000000",
    registration="12345678",
)
PASSWORD = "a lantern over the harbour"
PIN = "271828"


@dataclass
class Scene:
    """A page of Command, and Command behind it."""

    page: Page
    address: str
    running: RunningCommand | None
    seen: Watch
    words: list[str]
    # Where the way in is not what is shown: each of a form's seconds is one of every test's.
    is_hurried: bool = False
    unseen: UnseenAccount | None = None

    @classmethod
    def outside(cls, page: Page, address: str) -> Scene:
        """Return the page of a Command that runs as a process of its own."""
        return cls(page, address, None, watch(page, address.removeprefix("http://")), [])

    @property
    def command(self) -> RunningCommand:
        """Command in this process."""
        assert self.running is not None, "this Command is a process of its own"
        return self.running

    async def go(self, path: str) -> None:
        """Open one of Command's pages."""
        await self.page.goto(self.address + path)

    async def sign_up(self, name: str = "noor") -> list[str]:
        """Make an account as a person does: name, words written down, four typed back."""
        await self.go("/sign-up")
        page = self.page
        await page.get_by_label("User name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Continue").click()
        await page.locator(".words li").nth(23).wait_for()
        self.words = [text.strip() for text in await page.locator(".words li").all_inner_texts()]
        await page.get_by_role("button", name="I have written them down").click()
        for field in await page.locator(".asked input").all():
            place = int(str(await field.get_attribute("name")).removeprefix("word-"))
            await field.fill(self.words[place - 1])
        await page.get_by_role("button", name="Create the account").click()
        await page.get_by_role("heading", name="Overview").wait_for()
        return self.words

    async def enter(self) -> None:
        """Have an account and a session; by the page, unless the scene is in a hurry."""
        if not self.is_hurried:
            await self.sign_up()
            return
        self.unseen = await UnseenAccount.make(self.command, self.page, "noor", PASSWORD)
        self.words = self.unseen.words

    async def sign_in(self, name: str = "noor") -> None:
        """Sign in."""
        await self.go("/sign-in")
        await self.page.get_by_label("User name").fill(name)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        await self.page.get_by_role("heading", name="Overview").wait_for()

    async def set_pin(self) -> None:
        """Set a PIN."""
        if self.unseen is not None:
            await self.unseen.set_pin(PIN)
            return
        await self.go("/pin")
        await self.page.get_by_label("PIN", exact=True).fill(PIN)
        await self.page.get_by_role("button", name="Set the PIN").click()
        await self.page.get_by_role("heading", name="Change it").wait_for()

    async def buy(self, sku: str = "app-1y", way: str = "Monero") -> None:
        """Buy something and stand on its order's page."""
        await self.go(f"/buy/{sku}")
        await self.page.get_by_label("Country").select_option("EE")
        await self.page.get_by_role("radio", name=way).check()
        await self.page.get_by_role("button", name="Buy for").click()
        await self.page.locator("#live").wait_for()

    def code(self, value_cents: int = 20_00) -> str:
        """Return a printed code that was sold."""
        mint = self.command.service.shop.commerce.mint
        batch = mint.print_batch(value_cents, 1)
        mint.sell_batch(batch.key.number)
        return batch.codes[0]

    def pay(self, kind: PaymentEventKind = PaymentEventKind.CONFIRMED, depth: int = 10) -> None:
        """Let the payment of the last order be seen or confirmed."""
        self.command.paper.happen(MethodName.MONERO, kind, depth=depth)

    def certify_device(self) -> None:
        """Do what the App does with the phrase: certify its own device by the root."""
        service = self.command.service
        phrase = phrases.read_phrase(self.words)
        root = phrases.root_key(phrase)
        name = user_name.name_keys(user_name.normalise("noor"))
        chain, now = DeviceChain.empty(root.public), self.command.clock.now_seconds()
        device = Ed25519.from_seed(phrase.entropy)
        entry = chain.by_root(Kind.CERTIFY, device.public, root, now)
        with service.databases["accounts"].read() as connection:
            (account_id,) = connection.execute(select(account.c.account_id)).scalars()
        owner = OwnerNames(service.around.keys).owner_of(AccountId(account_id))
        brought = RootEntry(root.public, entry, bytes(CARD_BYTES), name.lookup_id)
        service.parts.chains.certify_recovered(owner, brought)


Deed = Callable[[Scene], Awaitable[None]]


def prepare(folder: Path) -> None:
    """Leave in a folder what the first start makes: a dozen stores, in half a second."""
    clock = FakeClock(NOW_SECONDS)
    # Other dice than the scene's: what they would say twice is taken to be unique.
    dice, log = FakeEntropy(b"the first start"), EventLog(io.StringIO(), clock, strict=True)
    open_command(_settings(folder, EsimSettings()), clock, dice, log, PaperShop(clock).make).close()


@asynccontextmanager
async def standing(
    page: Page, folder: Path, esim: EsimSettings | None = None
) -> AsyncGenerator[Scene]:
    """Serve Command from a folder, on the scene's minute, and hand the page over."""
    settings, clock = _settings(folder, esim or EsimSettings()), FakeClock(NOW_SECONDS)
    async with running_command(settings, clock, is_served=True, entropy=FakeEntropy()) as command:
        seen = watch(page, command.address.removeprefix("http://"))
        yield Scene(page, command.address, command, seen, [])
        # The page goes first: a server that stops under it would be said to the console.
        await page.goto("about:blank")


def _settings(folder: Path, esim: EsimSettings) -> Settings:
    return settings_of_tests(folder, payments=PaymentSettings(seller=SELLER), esim=esim)


Place = Callable[["Page", "Path"], "AbstractAsyncContextManager[Scene]"]


@dataclass(frozen=True)
class CommandScreen:
    """A name, what a person does to stand there, and which Command it is."""

    name: str
    deed: Deed
    place: Place = standing


def at(path: str) -> Deed:
    """Return the deed that opens a page as a guest."""

    async def go(scene: Scene) -> None:
        await scene.go(path)

    return go


def inside(path: str, *before: Deed) -> Deed:
    """Return the deed that opens a page with an account."""

    async def go(scene: Scene) -> None:
        await scene.enter()
        for deed in before:
            await deed(scene)
        await scene.go(path)

    return go


def then(deed: Deed) -> Deed:
    """Return a deed that is done with an account."""

    async def go(scene: Scene) -> None:
        await scene.enter()
        await deed(scene)

    return go


async def set_pin(scene: Scene) -> None:
    await scene.set_pin()


async def paid(scene: Scene) -> None:
    await scene.buy()
    scene.pay()
    await scene.page.reload()


async def active(scene: Scene) -> None:
    await paid(scene)
    await scene.page.get_by_role("button", name="Activate on this account").click()
    await scene.page.get_by_text("days left").wait_for()


async def unpaid(scene: Scene) -> None:
    await scene.buy("app-3m", "Bitcoin")


async def _words(scene: Scene) -> None:
    page = scene.page
    await scene.go("/sign-up")
    await page.get_by_label("User name").fill("noor")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()
    await page.locator(".words li").nth(23).wait_for()
    sample = "harbour lantern quiet maple velvet orbit cedar ribbon".split() * 3
    # The picture shows words that open nothing.
    await page.locator(".words").evaluate(
        "(list, words) => [...list.children].forEach((it, n) => { it.textContent = words[n]; })",
        sample,
    )


async def _mistyped_code(scene: Scene) -> None:
    await scene.go("/buy/app-3m")
    await scene.page.get_by_label("Country").select_option("EE")
    await scene.page.get_by_role("radio", name="Code Coin").check()
    await scene.page.get_by_label("Your code").fill("00000-11111-22222-33333-44444")
    await scene.page.get_by_role("button", name="Buy for").click()
    await scene.page.locator("#code-fault").wait_for()


async def _made_codes(scene: Scene) -> None:
    """Buy codes with coins and make them in the browser."""
    await scene.buy("coin100")
    scene.pay(depth=20)
    await scene.page.reload()
    await scene.page.get_by_role("link", name="Make your codes").click()
    await scene.page.get_by_label("Each worth").select_option("5000")
    await scene.page.get_by_role("button", name="Make codes").click()
    await scene.page.locator("#codes li").nth(1).wait_for()


async def _paying_by_code(scene: Scene) -> None:
    """Pay the rest of an order with a code that is worth more than is missing."""
    await scene.go("/buy/app-1y")
    await scene.page.get_by_label("Country").select_option("EE")
    await scene.page.get_by_role("radio", name="Code Coin").check()
    await scene.page.get_by_label("Your code").fill(scene.code(20_00))
    await scene.page.get_by_role("button", name="Buy for").click()
    await scene.page.get_by_role("link", name="Pay with a code").click()


async def _changed(scene: Scene) -> None:
    await _paying_by_code(scene)
    await scene.page.get_by_label("Your code").fill(scene.code(100_00))
    await scene.page.get_by_role("button", name="Pay", exact=True).click()
    await scene.page.locator("#codes li").nth(1).wait_for()


async def _nobody_can_buy(scene: Scene) -> None:
    """Stand where an operator has set nothing up and sold no code."""
    for name in set(scene.command.paper.methods) - {MethodName.CODE}:
        del scene.command.paper.methods[name]
    await scene.go("/products")


async def _owed_as_codes(scene: Scene) -> None:
    """Buy with a code that is worth more, and take the rest as codes by the PIN."""
    await scene.set_pin()
    await scene.go("/buy/app-1y")
    await scene.page.get_by_label("Country").select_option("EE")
    await scene.page.get_by_role("radio", name="Code Coin").check()
    await scene.page.get_by_label("Your code").fill(scene.code(100_00))
    await scene.page.get_by_role("button", name="Buy for").click()
    await scene.page.get_by_role("button", name="Ask for it").click()
    await scene.page.get_by_label("PIN", exact=True).fill(PIN)
    await scene.page.get_by_role("button", name="Make codes").click()
    await scene.page.locator("#codes li").nth(1).wait_for()


async def _renewed(scene: Scene) -> None:
    await scene.go("/codes")
    await scene.page.get_by_label("Your code").fill(scene.code(50_00))
    await scene.page.get_by_role("button", name="Renew").click()
    await scene.page.locator("#codes li").first.wait_for()


async def _with_ticket(scene: Scene) -> None:
    await scene.buy("app-1y")
    scene.pay(depth=20)
    await scene.page.reload()
    await scene.page.get_by_role("button", name="Get a ticket").click()
    await scene.page.locator("#ticket").wait_for()


async def _invoice_form(scene: Scene) -> None:
    await _with_ticket(scene)
    await scene.page.get_by_role("button", name="Use it now").click()
    await scene.page.get_by_label("Made out to").wait_for()


async def _invoiced(scene: Scene) -> None:
    await _invoice_form(scene)
    await scene.page.get_by_label("Made out to").fill("Invoice bearer")
    await scene.page.get_by_role("button", name="Make the invoice").click()
    await scene.page.get_by_role("heading", name="Your invoice is made").wait_for()


async def _guest_order(scene: Scene) -> None:
    await scene.buy("app-3m")


async def _guest_paid(scene: Scene) -> None:
    await scene.buy("app-3m")
    scene.pay()
    await scene.page.reload()


async def _too_late(scene: Scene) -> None:
    await scene.buy("app-3m")
    scene.command.clock.advance(3 * 86_400)
    scene.pay()
    await scene.page.reload()
    await scene.page.locator(".state[data-state=late]").wait_for()


async def _with_device(scene: Scene) -> None:
    """Let the App's half happen: a device that the phrase certified."""
    scene.certify_device()
    await scene.go("/devices")


async def _revoking(scene: Scene) -> None:
    await _with_device(scene)
    await scene.page.get_by_text("Revoke").first.click()
    await scene.page.get_by_label("Your 24 words").wait_for()


COMMAND_SCREENS = (
    CommandScreen("command-home", at("/")),
    CommandScreen("command-products", at("/products")),
    CommandScreen("command-products-closed", _nobody_can_buy),
    CommandScreen("command-buy", _mistyped_code),
    CommandScreen("command-order", _guest_order),
    CommandScreen("command-order-paid", _guest_paid),
    CommandScreen("command-order-late", _too_late),
    CommandScreen("command-come-back", at("/come-back")),
    CommandScreen("command-sign-in", at("/sign-in")),
    CommandScreen("command-sign-up", at("/sign-up")),
    CommandScreen("command-words", _words),
    CommandScreen("command-what-we-keep", at("/what-we-keep")),
    CommandScreen("command-not-found", at("/nothing-here")),
    CommandScreen("command-overview", inside("/", active, unpaid)),
    CommandScreen("command-orders", inside("/orders", active, unpaid)),
    CommandScreen("command-have", inside("/entitlements", active)),
    CommandScreen("command-devices", then(_revoking)),
    CommandScreen("command-esims", inside("/esims")),
    CommandScreen("command-sessions", inside("/sessions")),
    CommandScreen("command-account", inside("/account", set_pin)),
    CommandScreen("command-pin", inside("/pin")),
    CommandScreen("command-codes", _renewed),
    CommandScreen("command-codes-made", _made_codes),
    CommandScreen("command-code-paying", _paying_by_code),
    CommandScreen("command-code-change", _changed),
    CommandScreen("command-code-owed", then(_owed_as_codes)),
    CommandScreen("command-invoice-ticket", _with_ticket),
    CommandScreen("command-invoice-form", _invoice_form),
    CommandScreen("command-invoice-made", _invoiced),
)
