"""Everything that exists only while a vault is open: dropped as a whole when it locks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from enigm.app.errors import DamagedVaultError
from enigm.app.identity.credentials import ChainBook, account_name, credential_of
from enigm.app.identity.keys import Account, DeviceKeys
from enigm.app.vault.group_rows import GroupRows
from enigm.app.vault.messages import Messages
from enigm.app.vault.people import People
from enigm.app.vault.queues import Queues
from enigm.app.vault.threads import Threads
from enigm.crypto.mls.member.identity import Identity
from enigm.crypto.mls.member.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.app.changes import Changes
    from enigm.app.vault.file import VaultFile
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.wire.device_chain import DeviceChain

ACCOUNT = "account"
DEVICE = "device"
SIGN_IN_SECRET = "sign_in_secret"
IS_UNCERTAIN = "is_uncertain"
PHRASE_TO_CONFIRM = "phrase_to_confirm"
INBOX_CURSOR = "inbox_cursor"
IS_READY = "is_ready"
TOKEN_KEY = "token_key"


@dataclass(slots=True)
class Home:
    """One open profile: its vault, who it is, and what it knows."""

    vault: VaultFile
    account: Account
    device: DeviceKeys
    clock: Clock
    entropy: Entropy
    changes: Changes
    chains: ChainBook = field(default_factory=ChainBook)
    doubted: set[str] = field(default_factory=set[str])
    on_doubt: Callable[[], None] = lambda: None
    people: People = field(init=False)
    threads: Threads = field(init=False)
    messages: Messages = field(init=False)
    queues: Queues = field(init=False)
    group_rows: GroupRows = field(init=False)

    def __post_init__(self) -> None:
        """Open the vault's pages and read the chains."""
        self.people = People(self.vault)
        self.threads = Threads(self.vault)
        self.messages = Messages(self.vault)
        self.queues = Queues(self.vault)
        self.group_rows = GroupRows(self.vault)
        self.chains.chains = self.people.chains()

    @property
    def me(self) -> str:
        """This account as listings name it."""
        return account_name(self.account.fingerprint)

    @property
    def own_chain(self) -> DeviceChain:
        """This account's chain, as far as this device knows it."""
        return self.chains.chains[self.me]

    @property
    def is_trusted(self) -> bool:
        """Tell whether this account's chain trusts this device."""
        chain = self.chains.chains.get(self.me)
        return chain is not None and self.device.device_public in chain.trusted

    @property
    def needs(self) -> Needs:
        """What the MLS engine asks of an application."""
        return Needs(self.clock, self.entropy, self.chains.check)

    @property
    def identity(self) -> Identity:
        """This device as a member of groups."""
        device = self.device
        credential = credential_of(self.account.fingerprint, device.device_public)
        return Identity(credential, device.signing_seed, device.device_public)

    def doubt(self, account: str) -> None:
        """An account's chain has probably grown: have it looked up soon."""
        self.doubted.add(account)
        self.on_doubt()

    def now(self) -> int:
        """Unix seconds."""
        return self.clock.now_seconds()

    def accept_chain(self, fresh: DeviceChain) -> DeviceChain:
        """Remember a verified chain if it continues the known one; raises LyingServiceError."""
        account = account_name(fresh.fingerprint)
        with self.vault.transaction():
            known = self.chains.chains.get(account)
            kept = self.people.accept_chain(known, fresh, self.now())
        self.chains.chains[account] = kept
        if account == self.me and kept is not known:
            for device_public in (*kept.trusted, *kept.revoked):
                self.changes.device(device_public.hex())
        return kept

    def name_of(self, account: str) -> str:
        """Return the name for a screen."""
        if account == self.me:
            return self.account.username
        return self.people.find(account).shown_name


def write_identity(vault: VaultFile, account: Account, device: DeviceKeys) -> None:
    """Put the account and this device's keys into a new vault."""
    vault.set_setting(ACCOUNT, msgspec.msgpack.encode(account))
    vault.set_setting(DEVICE, msgspec.msgpack.encode(device))


def read_identity(vault: VaultFile) -> tuple[Account, DeviceKeys]:
    """Read them back; raises DamagedVaultError."""
    account, device = vault.get_setting(ACCOUNT), vault.get_setting(DEVICE)
    if account is None or device is None:
        raise DamagedVaultError("the vault names no account")
    return (
        msgspec.msgpack.decode(account, type=Account),
        msgspec.msgpack.decode(device, type=DeviceKeys),
    )
