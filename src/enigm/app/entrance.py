"""Ways into a profile: register, recover by the phrase, link to an account's other devices."""

from __future__ import annotations

import asyncio
import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from enigm.app.conversations.upkeep import DEVICE_NAME, OWES_HELLO
from enigm.app.home import IS_UNCERTAIN, PHRASE_TO_CONFIRM, SIGN_IN_SECRET, write_identity
from enigm.app.identity import phrase as phrases
from enigm.app.identity.keys import (
    Account,
    DeviceKeys,
    account_of,
    fresh_device_keys,
    names_of,
    sealed_card,
)
from enigm.app.service import opaque
from enigm.app.service.accounts import SignIn
from enigm.app.vault.people import People
from enigm.app.vault.wrapping import check_password
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.errors import UnavailableError
from enigm.wire.account_recovery import sign_recovery
from enigm.wire.device_chain import DeviceChain, Kind, UnverifiedChain, fingerprint_of

if TYPE_CHECKING:
    from enigm.app.identity.phrase import Phrase
    from enigm.app.service.accounts import AccountPath
    from enigm.app.vault.file import VaultFile
    from enigm.app.vault.profile import Profile
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

REGISTRATION_OPAQUE = "/accounts/v1/registration/start"
RECOVERY_OPAQUE = "/accounts/v1/recovery/opaque"


@dataclass(frozen=True, slots=True)
class Entered:
    """A new vault and what was written into it."""

    vault: VaultFile
    account: Account
    device: DeviceKeys
    sign_in: SignIn = field(repr=False)


class Entrance:
    """Makes a vault out of a phrase, a name and a password, together with the service."""

    def __init__(
        self,
        profile: Profile,
        accounts: AccountPath,
        service: str,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        """Work on an empty profile."""
        self._profile = profile
        self._accounts = accounts
        self._service = service
        self._clock = clock
        self._entropy = entropy

    async def register(self, username: str, password: str, invite: str | None) -> Entered:
        """Make an account; its phrase waits in the vault until the user confirmed it.

        Raises InvalidUserNameError, ConflictError ``accounts.name_taken``, OfflineError.
        """
        check_password(password)
        name, keys = await asyncio.to_thread(names_of, username)
        phrase = phrases.fresh_phrase(self._entropy)
        root = phrases.root_key(phrase)
        device = fresh_device_keys(self._entropy)
        account = account_of(name, keys, fingerprint_of(root.public))
        chain = DeviceChain.empty(root.public)
        entry = chain.by_root(Kind.CERTIFY, device.device_public, root, self._clock.now_seconds())
        secret = opaque.sign_in_secret(password)
        proof = await self._accounts.proof_of_registration(invite)
        record = await self._accounts.opaque_record(
            keys.lookup_id, secret, path=REGISTRATION_OPAQUE
        )
        backup = phrases.seal_backup(phrase, phrases.Backup(name), self._entropy)
        # The keys are in the vault before the service knows the account: an App that is killed
        # in between must not leave a name behind that nobody can ever use.
        entered = await self._enter(account, device, SignIn(keys.lookup_id, secret), password)
        self._write(entered, chain.append(entry), phrase=phrase)
        await self._finish_registration(
            entered,
            {
                "lookup_id": base64url_encode(keys.lookup_id),
                "opaque_record": record,
                "root_public": base64url_encode(root.public),
                "chain_entry": base64url_encode(entry),
                "card": base64url_encode(sealed_card(account, device, self._entropy)),
                "backup": base64url_encode(backup),
                "proof": proof,
            },
        )
        return entered

    async def recover(self, words: list[str], password: str) -> Entered:
        """Bring an account back by the words alone.

        Raises InvalidPhraseError, LyingServiceError, and the service's refusals.
        """
        check_password(password)
        phrase = phrases.read_phrase(words)
        root = phrases.root_key(phrase)
        fingerprint = fingerprint_of(root.public)
        challenge, sealed_backup = await self._accounts.start_recovery(fingerprint)
        backup = phrases.open_backup(phrase, sealed_backup)
        name, keys = await asyncio.to_thread(names_of, backup.username)
        entries = await self._accounts.recovery_chain(
            root.public, challenge, sign_recovery(root, challenge, b"")
        )
        # An account made where no device was at hand (Command) has none to show: this one is first.
        chain = (
            UnverifiedChain(root.public, entries).verify(fingerprint)
            if entries
            else DeviceChain.empty(root.public)
        )
        device = fresh_device_keys(self._entropy)
        account = account_of(name, keys, fingerprint)
        now = self._clock.now_seconds()
        entry = chain.by_root(Kind.CERTIFY, device.device_public, root, now)
        secret = opaque.sign_in_secret(password)
        record = await self._accounts.opaque_record(keys.lookup_id, secret, path=RECOVERY_OPAQUE)
        session = await self._accounts.finish_recovery(
            {
                "fingerprint": base64url_encode(fingerprint),
                "challenge": base64url_encode(challenge),
                "signature": base64url_encode(sign_recovery(root, challenge, entry)),
                "lookup_id": base64url_encode(keys.lookup_id),
                "opaque_record": record,
                "root_public": base64url_encode(root.public),
                "chain_entry": base64url_encode(entry),
                "card": base64url_encode(sealed_card(account, device, self._entropy)),
            }
        )
        sign_in = SignIn(keys.lookup_id, secret, session)
        entered = await self._enter(account, device, sign_in, password)
        self._write(entered, chain.append(entry), owes_hello=True)
        return entered

    async def link(self, username: str, password: str) -> Entered:
        """Sign in and ask to become one of the account's devices.

        Raises WrongPasswordError, and the service's refusals.
        """
        check_password(password)
        name, keys = await asyncio.to_thread(names_of, username)
        device = fresh_device_keys(self._entropy)
        sign_in = SignIn(keys.lookup_id, opaque.sign_in_secret(password))
        self._accounts.use(sign_in, device)
        await self._accounts.session()
        own = await self._accounts.own_chain()
        chain = own.chain.verify()
        account = account_of(name, keys, chain.fingerprint)
        card = sealed_card(account, device, self._entropy)
        await self._accounts.enrol(device.device_public, card)
        entered = await self._enter(account, device, sign_in, password)
        self._write(entered, chain, owes_hello=True)
        return entered

    async def _finish_registration(self, entered: Entered, content: dict[str, Any]) -> None:
        vault = entered.vault
        with vault.transaction():
            vault.set_setting(IS_UNCERTAIN, b"1")
        try:
            entered.sign_in.session = await self._accounts.finish_registration(content)
        except UnavailableError:
            # It may have got through: unlocking finds out.
            vault.close()
            raise
        except BaseException:
            vault.close()
            self._profile.empty()
            raise
        with vault.transaction():
            vault.set_setting(IS_UNCERTAIN, None)

    async def _enter(
        self, account: Account, device: DeviceKeys, sign_in: SignIn, password: str
    ) -> Entered:
        vault = await asyncio.to_thread(self._profile.make, password, self._service, self._entropy)
        self._accounts.use(sign_in, device)
        return Entered(vault, account, device, sign_in)

    def _write(
        self,
        entered: Entered,
        chain: DeviceChain,
        *,
        phrase: Phrase | None = None,
        owes_hello: bool = False,
    ) -> None:
        vault = entered.vault
        with vault.transaction():
            write_identity(vault, entered.account, entered.device)
            vault.set_setting(SIGN_IN_SECRET, entered.sign_in.secret.encode())
            vault.set_setting(DEVICE_NAME, this_machine().encode())
            People(vault).accept_chain(None, chain, self._clock.now_seconds())
            People(vault).name_device(entered.device.device_public, this_machine())
            if phrase is not None:
                vault.set_setting(PHRASE_TO_CONFIRM, phrase.entropy)
            if owes_hello:
                vault.set_setting(OWES_HELLO, b"1")


def this_machine() -> str:
    """Return how the owner will recognise this device in a list; told to own devices only."""
    return f"{platform.system() or 'Computer'} {platform.node()}".strip()[:64]
