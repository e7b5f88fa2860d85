"""The demo's purchases through Command's own pages: by Monero, by card, by code; and an eSIM."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx

from enigm.assembly.demo.market import BLOCKS_UNTIL_FINAL, ESIM_SKU
from enigm.assembly.demo.person import ANSWER_SECONDS_MAX, DemoError
from enigm.assembly.demo.purse import Purse
from enigm.assembly.demo.visitor import refusal_of
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.entropy import SystemEntropy

if TYPE_CHECKING:
    from enigm.assembly.demo.claims import Ledger
    from enigm.assembly.demo.market import Market
    from enigm.assembly.demo.person import Person
    from enigm.assembly.demo.visitor import Visitor

COUNTRY: Final = "EE"
# What the payer types at the processor, and Enigm must never have heard.
CARD: Final = "4242424242424242"
CARD_MAIL: Final = "payer@post.example"
_FINAL: Final = "final"
# A card's payment can be taken back for weeks: until then it is made, but not final.
_SETTLED: Final = "settled"
_WALLET_LINK: Final = re.compile(r'href="(monero:[^"]+)"')
_HOSTED_LINK: Final = re.compile(r'href="(http://127\.0\.0\.1:\d+/pay/[^"]+)"')
_TOKEN_FIELD: Final = re.compile(r'name="token" class="mono" value="([\w-]{43})"')
_NOTICE_FIELD: Final = re.compile(r'name="notice" value="(\d+)"')
_LPA: Final = re.compile(r'id="lpa">LPA:1\$[^$]+\$([^<$]+)')
_STATE: Final = re.compile(r'class="state" data-state="(\w+)"')
_COMEBACK: Final = re.compile(r'id="comeback">([A-Z2-7-]+)<')


@dataclass
class Purchases:
    """Who buys what, and what they must keep to themselves."""

    ledger: Ledger
    market: Market
    codes: list[str] = field(default_factory=list[str])
    typed: list[str] = field(default_factory=list[str])
    comeback_codes: list[str] = field(default_factory=list[str])
    esim_codes: list[str] = field(default_factory=list[str])

    @property
    def secrets(self) -> dict[str, list[str]]:
        """What no store, file or log may hold, where there was such a thing."""
        found = {
            "code that was bought blind": self.codes,
            "code to come back with": self.comeback_codes,
            "card number or mail address of a payer": self.typed,
            "activation code of an eSIM that was deleted": self.esim_codes,
        }
        return {what: words for what, words in found.items() if words}

    def make(self, ada: Person, ben: Person) -> None:
        """Buy all that can be bought with what is set up on this machine."""
        market = self.market
        buyer, other, guest = (market.visitor(name) for name in ("Ada", "Ben", "a guest"))
        buyer.sign_in(ada)
        other.sign_in(ben)
        self.ledger.tell("Ada and Ben signed in to Command, on an address of its own.")
        if market.chain is not None:
            self.by_monero(ada, buyer, guest)
        if market.others is not None:
            self.by_card(ben, other)
        if market.chain is not None and market.others is not None:
            order = self.by_code(ada, buyer)
            self.esim(ada, buyer, order)

    def by_monero(self, ada: Person, buyer: Visitor, guest: Visitor) -> None:
        """An account buys a year, a guest buys codes; one block chain for both."""
        year = self._order(buyer, "app-1y", "monero")
        coins = self._order(guest, "coin-20", "monero")
        self.comeback_codes += _COMEBACK.findall(guest.read(coins))
        for visitor, order in ((buyer, year), (guest, coins)):
            self.market.pay(_found(_WALLET_LINK, visitor.read(order), "an address to pay to"))
        ada.until(lambda: _stands_at(buyer, year, "seen"), "the shop sees a payment")
        self.market.mine(BLOCKS_UNTIL_FINAL)
        ada.until(lambda: _stands_at(buyer, year, _FINAL), "the payment is final")
        ada.until(lambda: _stands_at(guest, coins, _FINAL), "the guest's payment is final")
        buyer.go(f"{year}/activate")
        held = buyer.words("/entitlements")
        self.ledger.tell("Ada bought a year as an account, somebody bought codes as a guest.")
        self.ledger.claim(
            "A purchase by Monero on a real chain is seen, settles, and is activated",
            observed="seen before any block; after 20 blocks final; 'Enigm … Active' on her page",
            holds="Active" in held,
        )
        self._collect(guest, coins)

    def _collect(self, guest: Visitor, order: str) -> None:
        guest.read(f"{order}/codes")
        purse = Purse(guest, SystemEntropy())
        self.codes = purse.ask(f"{order}/codes/collect", {10_00: 2})
        again = guest.send(f"{order}/codes/collect")
        self.ledger.tell("The codes were made in the guest's browser and signed blind.")
        self.ledger.claim(
            "Codes are bought blind, and each proof is checked against the public list of keys",
            observed=f"{len(self.codes)} codes of 10 EUR; the order gives no more",
            holds=len(self.codes) == 2 and bool(refusal_of(again)),  # noqa: PLR2004 - 20 EUR
        )

    def by_card(self, person: Person, visitor: Visitor) -> None:
        """An account buys three months on the processor's own page."""
        order = self._order(visitor, "app-3m", "card")
        page = _found(_HOSTED_LINK, visitor.read(order), "the processor's page")
        typed = {"card": CARD, "email": CARD_MAIL}
        self.typed += typed.values()
        paid = httpx.post(page, data=typed, timeout=ANSWER_SECONDS_MAX, trust_env=False)
        person.until(lambda: _stands_at(visitor, order, _SETTLED), "the processor tells of it")
        visitor.go(f"{order}/activate")
        assert self.market.others is not None
        heard = self.market.others.ask("heard by processor")
        self.ledger.tell("Ben typed his card and mail address at the processor, not here.")
        self.ledger.claim(
            "A purchase by card is made on the processor's page and activated",
            observed=f"paid there ({paid.status_code}); 'Active' on his page",
            holds=paid.is_redirect and "Active" in visitor.words("/entitlements"),
        )
        names = (person.name, person.account)
        self.ledger.claim(
            "The card processor was told nothing of the account, nor what was bought",
            observed="an amount, a random reference, the word 'Order', where to come back",
            holds=not any(name in str(heard) for name in (*names, "app-3m", "three months")),
        )

    def by_code(self, person: Person, visitor: Visitor) -> str:
        """Pay an eSIM with two codes; the second one's change is given blind. Return the order."""
        first, second = self.codes
        visitor.read(f"/buy/{ESIM_SKU}")
        fields = {"country": COUNTRY, "method": "code", "code": first}
        order = visitor.go(f"/buy/{ESIM_SKU}/order", **fields)
        visitor.read(f"{order}/code")
        purse = Purse(visitor, SystemEntropy())
        change = purse.ask(f"{order}/code/pay", {5_00: 1}, code=second)
        person.until(lambda: _stands_at(visitor, order, _FINAL), "the shop takes the codes")
        self.ledger.claim(
            "A code pays for anything, and change is given blind in the same deed",
            observed=f"two codes of 10 EUR paid 15 EUR; {len(change)} code of 5 EUR came back",
            holds=len(change) == 1,
        )
        twice = purse.refusal("/codes/renew", {10_00: 1}, code=second)
        renewed = purse.ask("/codes/renew", {1_00: 5}, code=change[0])
        self.ledger.claim(
            "A code is spent once",
            observed=f"the second time: '{twice}'; the change was good: {len(renewed)} codes of it",
            holds=bool(twice) and len(renewed) == 5,  # noqa: PLR2004 - five of 1 EUR
        )
        self.codes += [*change, *renewed]
        return order

    def _order(self, visitor: Visitor, sku: str, method: str) -> str:
        visitor.read(f"/buy/{sku}")
        return visitor.go(f"/buy/{sku}/order", country=COUNTRY, method=method)

    def esim(self, person: Person, visitor: Visitor, order: str) -> None:
        """Set up what was paid for, show it by PIN, replace it, install that one, delete it."""
        page = self._set_up(visitor, order)
        visitor.go(f"{page}/activate")
        sealed = refusal_of(visitor.send(f"{page}/reveal", grant=""))
        first = self._reveal(person, visitor, page)
        other = visitor.go(f"{page}/replace", grant=_grant(person, visitor, page, "replace"))
        visitor.go(f"{other}/activate")
        second = self._reveal(person, visitor, other)
        assert self.market.others is not None
        fetched = self.market.others.ask("fetch", matching_id=second)
        visitor.go(f"{other}/installed", grant=_grant(person, visitor, other, "installed"))
        farewell = visitor.shown(f"{other}/delete", grant=_grant(person, visitor, other, "delete"))
        gone = visitor.send(f"{other}/activate")
        self.esim_codes += [first, second]
        self.ledger.tell("Ada's phone fetched the second profile with the code that was shown.")
        self.ledger.claim(
            "An eSIM is set up, activated, shown by PIN alone, replaced and deleted",
            observed=f"without PIN: '{sealed}'; fetched: {fetched}; after deleting: no such eSIM",
            holds=bool(sealed) and first != second and fetched == "Executed-Success"
            and "erased here" in farewell and bool(refusal_of(gone)),
        )  # fmt: skip
        self._ask_the_provider(person)

    def _set_up(self, visitor: Visitor, order: str) -> str:
        page = visitor.read(f"/esims?order={order.rpartition('/')[2]}")
        token = _found(_TOKEN_FIELD, page, "a form to set the eSIM up")
        notice = _found(_NOTICE_FIELD, page, "the notice")
        return visitor.go("/esims/set-up", token=token, notice=notice)

    def _reveal(self, person: Person, visitor: Visitor, page: str) -> str:
        shown = visitor.shown(f"{page}/reveal", grant=_grant(person, visitor, page, "reveal"))
        return _found(_LPA, shown, "the activation code")

    def _ask_the_provider(self, person: Person) -> None:
        assert self.market.others is not None
        heard = str(self.market.others.ask("heard by provider"))
        states = self.market.others.ask("profiles")
        known = (person.name, person.account, COUNTRY, ESIM_SKU)
        self.ledger.claim(
            "The eSIM provider was told nothing of the account, the order or the country",
            observed=f"profile type, ICCID and matching id; its profiles now: {', '.join(states)}",
            holds=bool(heard) and not any(f"'{name}'" in heard for name in known),
        )


def _grant(person: Person, visitor: Visitor, page: str, deed: str) -> str:
    esim_id = base64url_decode(page.rpartition("/")[2])
    visitor.read(page)
    return visitor.grant(person.pin, f"esim.{deed}", esim_id)


def _stands_at(visitor: Visitor, order: str, state: str) -> bool:
    return _found(_STATE, visitor.read(order), "where the order stands") == state


def _found(pattern: re.Pattern[str], page: str, what: str) -> str:
    found = pattern.search(page)
    if found is None:
        raise DemoError(f"Command's page shows no such thing: {what}.")
    return found.group(1)
