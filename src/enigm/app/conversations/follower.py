"""Follows one conversation's channel through its epochs, from the cursor on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from enigm.app.identity.credentials import ChainNeededError
from enigm.app.service.channels import CREDIT_BYTES
from enigm.foundation.errors import NotFoundError, Refusal
from enigm.wire import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.app.conversations.incoming import Incoming
    from enigm.app.conversations.lookups import Lookups
    from enigm.app.conversations.told import Told
    from enigm.app.home import Home
    from enigm.app.service.channels import ChannelPath, Subscription

RETRY_SECONDS = 2.0
# The service ended an epoch without showing the commit: ask again, but do not hammer.
WITHHELD_SECONDS = 30.0
# A forced write costs more than decrypting; this many records share one when many wait.
BATCH_MAX = 63


class Follower:
    """Reads every channel that this device takes part in, one ``run`` per conversation."""

    def __init__(
        self,
        home: Home,
        path: ChannelPath,
        incoming: Incoming,
        lookups: Lookups,
        told: Told,
        wake_sender: Callable[[str], None],
    ) -> None:
        """Work on an open profile."""
        self._home = home
        self._path = path
        self._incoming = incoming
        self._lookups = lookups
        self._told = told
        self._wake_sender = wake_sender
        self._live: set[str] = set()

    def is_live(self, thread_id: str) -> bool:
        """Tell whether everything that the service had for a conversation was read."""
        return thread_id in self._live

    async def run(self, thread_id: str) -> None:
        """Follow until the conversation ends for this device, or until cancelled."""
        while self._is_followed(thread_id):
            await self._path.wait_online()
            try:
                pause = await self._read_epoch(thread_id)
            except Refusal:
                # Offline, over a limit, or not there yet: the cursor stands, nothing is lost.
                pause = RETRY_SECONDS
            if pause:
                await asyncio.sleep(pause if self._path.is_online else 0.05)

    async def _read_epoch(self, thread_id: str) -> float:
        """Read one epoch to its end; return how long to wait before the next try."""
        epoch, token, cursor = self._incoming.position(thread_id)
        channel = bytes.fromhex(thread_id)
        async with self._path.subscribed(
            lambda number: delivery.Open(number, channel, epoch, token, cursor, CREDIT_BYTES)
        ) as subscription:
            try:
                await self._take_all(thread_id, subscription)
            finally:
                self._live.discard(thread_id)
        if not self._is_followed(thread_id):
            return 0
        if self._incoming.position(thread_id)[0] != epoch:
            self._wake_sender(thread_id)
            return 0
        with self._home.vault.transaction():
            self._told.dispute(self._home.threads.get(thread_id))
        return WITHHELD_SECONDS

    async def _take_all(self, thread_id: str, subscription: Subscription) -> None:
        """Take records until the service says that the epoch ended."""
        while True:
            item = await subscription.next()
            if isinstance(item, delivery.End):
                return
            if isinstance(item, delivery.Record):
                await self._take_batch(thread_id, [item, *subscription.ready_records(BATCH_MAX)])
            else:
                self._live.add(thread_id)
            self._wake_sender(thread_id)

    async def _take_batch(self, thread_id: str, records: list[delivery.Record]) -> None:
        """Take what has arrived with one write to the disk, or one by one where that fails."""
        try:
            with self._incoming.batch(thread_id):
                for record in records:
                    self._incoming.take(thread_id, record)
        except ChainNeededError:
            for record in records:
                await self._take(thread_id, record)

    async def _take(self, thread_id: str, record: delivery.Record) -> None:
        looked_up: frozenset[str] = frozenset()
        while True:
            try:
                self._incoming.take(thread_id, record, looked_up)
            except ChainNeededError as error:
                # An account that is gone has no chain to show; then the record is refused.
                with contextlib.suppress(NotFoundError):
                    await self._lookups.by_account(error.account)
                looked_up |= {error.account}
            else:
                return

    def _is_followed(self, thread_id: str) -> bool:
        thread = self._home.threads.find(thread_id)
        return thread is not None and thread.is_followed and thread.is_created
