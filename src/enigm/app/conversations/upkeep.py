"""What a device does now and then: inbox, key packages, own chain, names, fresh keys."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from typing import TYPE_CHECKING

from enigm.app.conversations.groups import LEAF
from enigm.app.conversations.offers import KEYS_SECONDS_MAX
from enigm.app.faults import wait_awhile
from enigm.app.identity.link_code import link_code
from enigm.app.letters import DeviceReady
from enigm.app.service.problems import TOKEN_SPENT
from enigm.crypto.mls.ciphersuite import HYBRID
from enigm.crypto.mls.member.identity import KeyPackageBundle, new_key_package
from enigm.foundation.errors import ConflictError, NotFoundError, Refusal
from enigm.wire import delivery
from enigm.wire.device_chain import device_id_of

if TYPE_CHECKING:
    from enigm.app.conversations.needs import Parts
    from enigm.app.service.accounts import PendingDevice

# How stale the list of own devices may be on a screen that nobody reloads.
ROUND_SECONDS = 30.0
RETRY_SECONDS = 3.0
KEY_PACKAGES_LOW = 12
KEY_PACKAGES_BATCH = 24
# A third of their lifetime: who is handed an old one can still use it.
KEY_PACKAGES_SECONDS_MAX = 30 * 24 * 3600
KEY_PACKAGES_FOR_SIBLINGS = 16
# Each costs a token and an Argon2id; a flood of claims waits its turn.
NAME_CHECKS_PER_ROUND = 8

HAS_INBOX = "has_inbox"
PACKAGES_CHECK_SECONDS = 3600
PACKAGES_AT = "key_packages_at"
OWES_HELLO = "owes_hello"
DEVICE_NAME = "device_name"


class Upkeep:
    """The chores of one device."""

    def __init__(self, parts: Parts) -> None:
        """Work for an engine."""
        self._parts = parts
        self._home = parts.home
        self._woken = asyncio.Event()
        self.pending: tuple[PendingDevice, ...] = ()
        self.codes: dict[bytes, str] = {}
        self.has_inbox = asyncio.Event()
        self.is_reachable = asyncio.Event()
        self.is_done = False
        self._packages_checked_at = 0

    def wake(self) -> None:
        """Go round now."""
        self.is_done = False
        self._packages_checked_at = 0
        self._woken.set()

    async def run(self) -> None:
        """Go round until cancelled."""
        if self._home.vault.get_setting(HAS_INBOX) is not None:
            self.has_inbox.set()
        while True:
            await self._parts.path.wait_online()
            self._woken.clear()
            wait = ROUND_SECONDS
            try:
                await self._round()
                self.is_done = not self._woken.is_set()
            except Refusal:
                wait = RETRY_SECONDS
            self._home.vault.truncate_log()
            await wait_awhile(self._woken, wait)

    async def refresh_chain(self) -> None:
        """Fetch the own chain and who waits; raises LyingServiceError when it contradicts."""
        home = self._home
        own = await self._parts.accounts.own_chain()
        before = home.own_chain
        chain = home.accept_chain(own.chain.verify(home.account.fingerprint))
        if own.pending != self.pending:
            changed = {item.device_public for item in (*own.pending, *self.pending)}
            await self._make_codes(own.pending)
            self.pending = own.pending
            for device_public in changed:
                home.changes.device(device_id_of(device_public).hex())
        revoked = set(chain.revoked) - set(before.revoked)
        if home.device.device_public in chain.revoked:
            self._end_everything()
            return
        with home.vault.transaction():
            for device_public in revoked:
                self._parts.siblings.expel(device_public)
        if revoked:
            self._parts.wake_all()

    async def _make_codes(self, pending: tuple[PendingDevice, ...]) -> None:
        """Work out what each waiting device shows on its screen."""
        for item in pending:
            if item.device_public not in self.codes:
                self.codes[item.device_public] = await asyncio.to_thread(
                    link_code, self._home.account.fingerprint, item.device_public
                )

    async def _round(self) -> None:
        await self.refresh_chain()
        if not self._home.is_trusted:
            return
        await self._make_inbox()
        await self._publish_key_packages()
        self.is_reachable.set()
        self._say_hello()
        await self._look_again()
        await self._check_names()
        self._renew_keys()

    def _end_everything(self) -> None:
        """This device was revoked: it is in no conversation any more."""
        home = self._home
        with home.vault.transaction():
            for thread in home.threads.followed():
                self._parts.epochs.end(thread, "removed", "This device was revoked.")
        home.changes.state()

    async def _make_inbox(self) -> None:
        home, device = self._home, self._home.device
        if home.vault.get_setting(HAS_INBOX) is not None:
            self.has_inbox.set()
            return
        token = await self._parts.wallet.take()
        read_hash = hashlib.sha256(device.inbox_secret).digest()
        try:
            await self._parts.path.ask(
                lambda number: delivery.CreateInbox(number, device.inbox, read_hash, token)
            )
        except ConflictError as error:
            # Any other conflict says that an earlier try got through.
            if error.code == TOKEN_SPENT:
                raise
        with home.vault.transaction():
            home.vault.set_setting(HAS_INBOX, b"1")
        self.has_inbox.set()

    async def _publish_key_packages(self) -> None:
        home = self._home
        stored = home.vault.get_setting(PACKAGES_AT)
        age = home.now() - (0 if stored is None else int.from_bytes(stored, "big"))
        if home.now() < self._packages_checked_at + PACKAGES_CHECK_SECONDS:
            return
        remaining = await self._parts.accounts.remaining_key_packages()
        self._packages_checked_at = home.now()
        if remaining >= KEY_PACKAGES_LOW and age < KEY_PACKAGES_SECONDS_MAX:
            return
        fresh = self._fresh_packages(KEY_PACKAGES_BATCH + 1)
        packages = [bundle.message for bundle in fresh]
        await self._parts.accounts.publish_key_packages(packages[:-1], packages[-1])
        with home.vault.transaction():
            home.vault.set_setting(PACKAGES_AT, home.now().to_bytes(8, "big"))

    def _fresh_packages(self, count: int) -> list[KeyPackageBundle]:
        """Make key packages and write them down before anybody can use them.

        The last one is a last resort: it may be used more than once, and stays until it ends.
        """
        home = self._home
        bundles = [new_key_package(home.needs, HYBRID, home.identity, LEAF) for _ in range(count)]
        rows = [
            (bundle.reference, bundle.serialize(), int(index == count - 1), home.now())
            for index, bundle in enumerate(bundles)
        ]
        with home.vault.transaction():
            home.vault.run_many("INSERT INTO key_package VALUES (?, ?, ?, ?)", rows)
            home.vault.run(
                "DELETE FROM key_package WHERE made_at < ?",
                home.now() - LEAF.lifetime_seconds,
            )
        return bundles

    def _say_hello(self) -> None:
        """Tell the account's other devices that this one is trusted now, and how to add it."""
        home = self._home
        if home.vault.get_setting(OWES_HELLO) is None:
            return
        name = (home.vault.get_setting(DEVICE_NAME) or b"").decode()
        siblings = self._parts.siblings
        with home.vault.transaction():
            for device_public in siblings.others():
                bundles = self._fresh_packages(KEY_PACKAGES_FOR_SIBLINGS)
                packages = tuple(bundle.message for bundle in bundles)
                siblings.write(device_public, DeviceReady(name, packages))
            home.vault.set_setting(OWES_HELLO, None)
        self._parts.post.wake()

    async def _look_again(self) -> None:
        """Fetch the chains that have probably grown."""
        home = self._home
        while home.doubted:
            account = home.doubted.pop()
            if account != home.me:
                with contextlib.suppress(NotFoundError):
                    await self._parts.lookups.by_account(account)

    async def _check_names(self) -> None:
        """Find out whether people are called what others say they are."""
        home = self._home
        rows = home.vault.rows(
            "SELECT account, name FROM person WHERE name_checked = 0 AND name != '' "
            "AND account != ? LIMIT ?",
            home.me,
            NAME_CHECKS_PER_ROUND,
        )
        for account, name in rows:
            if not await self._parts.lookups.check_name(account, name):
                with home.vault.transaction():
                    home.vault.run(
                        "UPDATE person SET name = '' WHERE account = ? AND name_checked = 0",
                        account,
                    )
            self._show_again(account)

    def _show_again(self, account: str) -> None:
        home = self._home
        for thread_id in home.threads.with_account(account):
            home.changes.conversation(thread_id)
        for row in home.vault.rows("SELECT id FROM request WHERE account = ?", account):
            home.changes.request(row[0])
        if home.people.find(account).state != "none":
            home.changes.contact(account)

    def _renew_keys(self) -> None:
        """Give this device's leaf fresh keys where it has had the same for a week."""
        home = self._home
        due = home.now() - KEYS_SECONDS_MAX
        with home.vault.transaction():
            for thread in home.threads.followed():
                if thread.updated_keys_at < due:
                    home.queues.put_intent(thread.id, "update", b"", (due + 1).to_bytes(8, "big"))
                    self._parts.wake(thread.id)
