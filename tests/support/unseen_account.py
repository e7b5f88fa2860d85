"""An account at Command that no page made: for scenes in which making it is not what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.app.identity import phrase as phrases
from enigm.app.service.opaque import sign_in_secret
from enigm.crypto.signatures import Ed25519
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.entropy import SystemEntropy
from enigm.wire import user_name
from enigm.wire.contact_card import HPKE_PUBLIC_BYTES
from tests.support.journey import Device, Person

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.support.command import RunningCommand, Visit

_INBOX_BYTES = 16
_KEEP_CARD_KEY = "key => sessionStorage.setItem('enigm.card-key', key)"


@dataclass
class UnseenAccount:
    """Whose it is, and the words; the page's browser holds its session."""

    visit: Visit
    person: Person
    words: list[str]

    @classmethod
    async def make(
        cls, command: RunningCommand, page: Page, name: str, password: str
    ) -> UnseenAccount:
        """Register as the page would, a second sooner, and give the browser the cookies."""
        dice, keys = SystemEntropy(), user_name.name_keys(user_name.normalise(name))
        phrase = phrases.fresh_phrase(dice)
        person = Person(
            lookup_id=keys.lookup_id,
            card_key=keys.card_key,
            password=sign_in_secret(password),
            root=phrases.root_key(phrase),
            backup=phrases.seal_backup(phrase, phrases.Backup(name), dice),
            device=Device(Ed25519.generate(dice), bytes(_INBOX_BYTES), bytes(HPKE_PUBLIC_BYTES)),
        )
        visit = command.visit()
        (await visit.sign_up(person)).raise_for_status()
        for cookie in visit.http.cookies.jar:
            kept = {"name": cookie.name, "value": cookie.value or "", "url": command.address}
            await page.context.add_cookies([kept])  # pyright: ignore[reportArgumentType]
        # What a page that made the account would keep for PINs, until the tab is closed.
        await page.goto(command.address)
        await page.evaluate(_KEEP_CARD_KEY, base64url_encode(keys.card_key))
        return cls(visit, person, list(phrase.words))

    async def set_pin(self, pin: str) -> None:
        """Set a PIN."""
        await self.visit.get("/pin")
        await self.visit.set_pin(self.person, pin)
