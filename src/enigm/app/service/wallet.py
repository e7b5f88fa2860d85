"""One-use tokens: fetched blind on the account path, spent on the channel path by nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from enigm.app.errors import LyingServiceError
from enigm.app.home import TOKEN_KEY
from enigm.crypto import kdf, tokens

if TYPE_CHECKING:
    from enigm.app.home import Home
    from enigm.app.service.accounts import AccountPath

# Fetched well before they are needed, so that fetching and spending do not fall together.
TOKENS_LOW = 24
BATCH = 64


class Wallet:
    """The tokens of a profile."""

    def __init__(self, home: Home, accounts: AccountPath) -> None:
        """Keep tokens in this vault, fetched through this account path."""
        self._home = home
        self._accounts = accounts
        self._filling = asyncio.Lock()
        self._refill: asyncio.Task[None] | None = None

    async def take(self) -> bytes:
        """Return a token that nobody else will spend; fetches some when there are none."""
        token = self._pop()
        if token is None:
            await self.fill()
            token = self._pop()
        if token is None:
            raise LyingServiceError("The service issued no tokens.")
        if self.count() < TOKENS_LOW and (self._refill is None or self._refill.done()):
            self._refill = asyncio.create_task(self._fill_quietly())
        return token

    def count(self) -> int:
        """Return how many are left."""
        return self._home.vault.value("SELECT count(*) FROM token")

    async def fill(self) -> None:
        """Fetch a batch, unless another call just did."""
        async with self._filling:
            if self.count() >= TOKENS_LOW:
                return
            state, blinded = tokens.blind(BATCH, self._home.entropy)
            answer = await self._accounts.evaluate(blinded)
            self._check_key(answer.public_key)
            fresh = await asyncio.to_thread(
                tokens.finalize, state, answer.elements, answer.proof, answer.public_key
            )
            with self._home.vault.transaction():
                self._home.vault.run_many(
                    "INSERT INTO token (token) VALUES (?)", [(bytes(token),) for token in fresh]
                )

    async def close(self) -> None:
        """Stop fetching."""
        if self._refill is not None:
            self._refill.cancel()
            await asyncio.gather(self._refill, return_exceptions=True)

    async def _fill_quietly(self) -> None:
        try:
            await self.fill()
        except Exception:  # noqa: BLE001 - the next take says why, if it matters by then
            return

    def _check_key(self, public_key: bytes) -> None:
        """Refuse a key of this account's own: it would mark every token as ours.

        The first key seen is kept; the vault's owner sees a change as an error.
        """
        vault = self._home.vault
        known = vault.get_setting(TOKEN_KEY)
        if known is None:
            with vault.transaction():
                vault.set_setting(TOKEN_KEY, public_key)
        elif not kdf.equal(known, public_key):
            raise LyingServiceError("The service issues tokens under another key than before.")

    def _pop(self) -> bytes | None:
        with self._home.vault.transaction(is_forced=False):
            row = self._home.vault.row(
                "DELETE FROM token WHERE place = (SELECT min(place) FROM token) RETURNING token"
            )
        return None if row is None else row[0]
