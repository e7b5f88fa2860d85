"""Reads the sealed inbox: each letter is in the vault before the service is told to erase it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from enigm.app.identity.credentials import ChainNeededError
from enigm.app.service.channels import CREDIT_BYTES
from enigm.foundation.errors import NotFoundError, Refusal, UnavailableError
from enigm.wire import delivery

if TYPE_CHECKING:
    from enigm.app.conversations.needs import Parts
    from enigm.app.conversations.upkeep import Upkeep
    from enigm.app.service.channels import Subscription

RETRY_SECONDS = 2.0


class InboxReader:
    """Follows this device's inbox."""

    def __init__(self, parts: Parts, upkeep: Upkeep) -> None:
        """Work for an engine."""
        self._parts = parts
        self._upkeep = upkeep
        self._home = parts.home
        self._inbox = parts.inbox
        self._path = parts.path
        self.is_live = False

    async def run(self) -> None:
        """Read until cancelled."""
        device = self._home.device
        while True:
            await self._upkeep.has_inbox.wait()
            await self._path.wait_online()
            try:
                async with self._path.subscribed(
                    lambda number: delivery.ReadInbox(
                        number,
                        device.inbox,
                        device.inbox_secret,
                        self._inbox.cursor,
                        CREDIT_BYTES,
                    )
                ) as subscription:
                    await self._take_all(subscription)
            except Refusal:
                self.is_live = False
                # Offline, or the inbox is not there yet: the cursor stands, nothing is lost.
                await asyncio.sleep(RETRY_SECONDS if self._path.is_online else 0.05)

    async def _take_all(self, subscription: Subscription) -> None:
        device = self._home.device
        while True:
            item = await subscription.next()
            if isinstance(item, delivery.End):
                return
            if isinstance(item, delivery.Live):
                self.is_live = True
            else:
                await self._take(item)
                seq = item.seq
                await self._path.ask(
                    lambda number, seq=seq: delivery.ClearInbox(
                        number, device.inbox, device.inbox_secret, seq
                    )
                )

    async def _take(self, record: delivery.Record) -> None:
        looked_up: frozenset[str] = frozenset()
        while True:
            try:
                self._inbox.take(record, looked_up)
            except ChainNeededError as error:
                if error.account in looked_up:
                    self._inbox.skip(record)
                    return
                looked_up |= {error.account}
                with contextlib.suppress(NotFoundError):
                    await self._parts.lookups.by_account(error.account)
            except UnavailableError:
                raise
            except Refusal:
                # Anybody who knows the card may drop anything: what does not open, or does not
                # hold together, is forgotten.
                self._inbox.skip(record)
                return
            else:
                self._parts.wake_all()
                self._upkeep.wake()
                return
