"""Letters on their way: sealed for a device, paid for with a token, dropped in its inbox."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from enigm.app.errors import MalformedContentError, UnknownThingError
from enigm.app.faults import wait_awhile
from enigm.app.letters import seal_letter
from enigm.foundation.errors import (
    ConflictError,
    ExhaustedError,
    NotFoundError,
    Refusal,
    UnauthenticatedError,
    UnavailableError,
    UnverifiableError,
)
from enigm.wire import delivery

if TYPE_CHECKING:
    from enigm.app.conversations.lookups import Lookups
    from enigm.app.home import Home
    from enigm.app.service.channels import ChannelPath
    from enigm.app.service.wallet import Wallet
    from enigm.app.vault.queues import LetterOut
    from enigm.wire.contact_card import ContactCard

# A reader who was away longer finds nothing either: the service keeps letters as long.
LETTER_SECONDS_MAX = 14 * 24 * 3600
RETRY_SECONDS = 20
IDLE_SECONDS_MAX = 60.0


class Post:
    """Sends every free letter of the vault, and keeps trying."""

    def __init__(self, home: Home, path: ChannelPath, lookups: Lookups, wallet: Wallet) -> None:
        """Work on an open profile."""
        self._home = home
        self._path = path
        self._lookups = lookups
        self._wallet = wallet
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for letters now."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._path.wait_online()
            self._woken.clear()
            for letter in self._home.queues.letters(self._home.now()):
                await self._try(letter)
            due = self._home.queues.next_letter_at()
            wait = IDLE_SECONDS_MAX if due is None else max(0.05, due - self._home.now())
            await wait_awhile(self._woken, min(wait, IDLE_SECONDS_MAX))

    async def _try(self, letter: LetterOut) -> None:
        home = self._home
        if letter.written_at + LETTER_SECONDS_MAX < home.now():
            home.queues.drop_letter(letter.id)
            return
        try:
            await self._send(letter)
        except (NotFoundError, UnverifiableError, ConflictError):
            # The inbox moved, is not there yet, or the token is worth nothing: begin anew.
            home.queues.seal_letter(letter.id, None, None)
            home.queues.delay_letter(letter.id, home.now() + RETRY_SECONDS)
            with contextlib.suppress(Refusal):
                await self._lookups.by_account(letter.account)
        except ExhaustedError as error:
            wait = error.retry_after_seconds or RETRY_SECONDS
            home.queues.delay_letter(letter.id, home.now() + wait)
        except (UnavailableError, UnauthenticatedError):
            home.queues.delay_letter(letter.id, home.now() + 1)
        except Refusal:
            home.queues.drop_letter(letter.id)

    async def _send(self, letter: LetterOut) -> None:
        home = self._home
        sealed, admission = letter.sealed, letter.admission
        card = await self._card(letter)
        if sealed is None or admission is None:
            sealed = seal_letter(letter.body, card.hpke_public)
            admission = await self._wallet.take()
            with home.vault.transaction():
                home.queues.seal_letter(letter.id, sealed, admission)
        body, token = sealed, admission
        await self._path.ask(
            lambda number: delivery.Drop(
                number, card.inbox, token, letter.id, LETTER_SECONDS_MAX, body
            )
        )
        with home.vault.transaction():
            home.queues.drop_letter(letter.id)

    async def _card(self, letter: LetterOut) -> ContactCard:
        card = self._home.people.card(letter.device_public)
        if card is None:
            found = await self._lookups.by_account(letter.account)
            card = self._home.people.card(letter.device_public)
            if letter.device_public not in found.chain.trusted:
                raise MalformedContentError
        if card is None:
            raise UnknownThingError("device")
        return card
