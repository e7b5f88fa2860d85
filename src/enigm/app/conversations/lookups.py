"""Looking people up: a token, the directory, and then our own checks of everything it says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.app.errors import DeviceNotTrustedError, LyingServiceError, UnknownThingError
from enigm.app.identity.credentials import account_name
from enigm.app.identity.keys import names_of
from enigm.app.service.problems import TOKEN_SPENT
from enigm.foundation.errors import ConflictError, InvalidError, NotFoundError
from enigm.wire.contact_card import CardRefusedError, open_card

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from enigm.app.home import Home
    from enigm.app.service.directory import Directory, ListedDevice, Listing
    from enigm.app.service.wallet import Wallet
    from enigm.wire.device_chain import DeviceChain

# After a power cut the vault may hold a few tokens that were spent; more is the service's doing.
TOKENS_TRIED_MAX = 16


@dataclass(frozen=True, slots=True)
class Found:
    """An account whose chain was verified, with the key packages of its trusted devices."""

    account: str
    chain: DeviceChain
    key_packages: dict[bytes, bytes] = field(repr=False)


class Lookups:
    """Asks the directory on behalf of an open profile."""

    def __init__(self, home: Home, directory: Directory, wallet: Wallet) -> None:
        """Work on an open profile."""
        self._home = home
        self._directory = directory
        self._wallet = wallet

    async def by_name(self, text: str, *, key_packages: bool = False) -> tuple[str, Found]:
        """Find the account behind a user name and remember it under its normalised name.

        Raises InvalidUserNameError, UnknownThingError, LyingServiceError.
        """
        self._require_trusted()
        name, keys = await asyncio.to_thread(names_of, text)
        listing = await self._ask(
            lambda token: self._directory.by_name(token, keys.lookup_id, key_packages=key_packages)
        )
        found = self._verify(listing, None)
        with self._home.vault.transaction():
            self._home.people.confirm_name(found.account, name, keys.card_key)
        self._keep_cards(listing, found, keys.card_key)
        return name, found

    async def by_account(self, account: str, *, key_packages: bool = False) -> Found:
        """Fetch what an account trusts now; raises UnknownThingError, LyingServiceError."""
        self._require_trusted()
        fingerprint = bytes.fromhex(account)
        listing = await self._ask(
            lambda token: self._directory.by_fingerprint(
                token, fingerprint, key_packages=key_packages
            )
        )
        found = self._verify(listing, fingerprint)
        card_key = self.card_key(account)
        if card_key is not None:
            self._keep_cards(listing, found, card_key)
        return found

    async def check_name(self, account: str, name: str) -> bool:
        """Find out whether a name that somebody claims belongs to this account."""
        try:
            _, found = await self.by_name(name)
        except (UnknownThingError, InvalidError):
            return False
        return found.account == account

    def card_key(self, account: str) -> bytes | None:
        """Return what opens an account's contact cards, if its name is known."""
        if account == self._home.me:
            return self._home.account.card_key
        return self._home.people.find(account).card_key

    async def _ask(self, look: Callable[[bytes], Awaitable[Listing]]) -> Listing:
        """Ask with a token, and with another one where the vault held one that was spent."""
        for _ in range(TOKENS_TRIED_MAX):
            try:
                return await look(await self._wallet.take())
            except NotFoundError as error:
                raise UnknownThingError(
                    "user", "Nobody here has this user name: check the spelling."
                ) from error
            except ConflictError as error:
                if error.code != TOKEN_SPENT:
                    raise
        raise LyingServiceError("The service takes none of the tokens that it issued.")

    def _require_trusted(self) -> None:
        """Refuse for a revoked device: it may still hold tokens, but speaks for nobody."""
        if not self._home.is_trusted:
            raise DeviceNotTrustedError

    def _verify(self, listing: Listing, fingerprint: bytes | None) -> Found:
        chain = self._home.accept_chain(listing.chain.verify(fingerprint))
        packages = {
            device.device_public: device.key_package
            for device in listing.devices
            if device.key_package is not None and device.device_public in chain.trusted
        }
        return Found(account_name(chain.fingerprint), chain, packages)

    def _keep_cards(self, listing: Listing, found: Found, card_key: bytes) -> None:
        with self._home.vault.transaction():
            for device in listing.devices:
                if device.device_public in found.chain.trusted:
                    self._keep_card(device, found, card_key)

    def _keep_card(self, device: ListedDevice, found: Found, card_key: bytes) -> None:
        try:
            card = open_card(
                device.card,
                card_key=card_key,
                fingerprint=found.chain.fingerprint,
                device_public=device.device_public,
            )
        except CardRefusedError:
            # One device's card is stale or forged; the account's other devices still count.
            return
        self._home.people.keep_card(found.account, device.device_public, card)


def require_same(found: Found, fingerprint: bytes) -> None:
    """Check that a name led to the account that an invitation names."""
    if found.chain.fingerprint != fingerprint:
        raise LyingServiceError("The directory names another account than the invitation.")
