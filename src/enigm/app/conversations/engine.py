"""Everything that works while a trusted device is unlocked: put together, started, stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from enigm.app.conversations.commits import Commits
from enigm.app.conversations.epochs import Epochs
from enigm.app.conversations.follower import Follower
from enigm.app.conversations.groups import Groups
from enigm.app.conversations.inbox import Inbox
from enigm.app.conversations.incoming import Incoming
from enigm.app.conversations.lookups import Lookups
from enigm.app.conversations.offers import Offers
from enigm.app.conversations.post import Post
from enigm.app.conversations.reader import InboxReader
from enigm.app.conversations.sender import Sender
from enigm.app.conversations.siblings import Siblings
from enigm.app.conversations.told import Told
from enigm.app.conversations.upkeep import Upkeep
from enigm.app.conversations.working import Working
from enigm.app.faults import keep_going
from enigm.app.service.channels import ChannelPath
from enigm.app.service.directory import Directory
from enigm.app.service.wallet import Wallet

if TYPE_CHECKING:
    from enigm.app.home import Home
    from enigm.app.service.accounts import AccountPath


class Engine:
    """The parts of an unlocked profile at work."""

    def __init__(self, home: Home, accounts: AccountPath, service: str) -> None:
        """Put the parts together; nothing runs before ``start``."""
        self.home = home
        self.accounts = accounts
        self.path = ChannelPath(service, home.entropy, home.changes.state)
        self._directory = Directory(service)
        self.wallet = Wallet(home, accounts)
        self.lookups = Lookups(home, self._directory, self.wallet)
        self.groups = Groups(home)
        self.told = Told(home)
        self.siblings = Siblings(home)
        self.epochs = Epochs(home, self.groups, self.told)
        self.offers = Offers(home, self.groups, self.told)
        self.inbox = Inbox(home, self.offers, self.siblings, accounts.use_secret)
        self._incoming = Incoming(home, self.groups, self.epochs, self.told)
        self._commits = Commits(home, self.groups, self.offers)
        self.post = Post(home, self.path, self.lookups, self.wallet)
        self.working = Working(home, self._sender)
        self.upkeep = Upkeep(self)
        self._follower = Follower(
            home, self.path, self._incoming, self.lookups, self.told, self.wake
        )
        self._reader = InboxReader(self, self.upkeep)
        home.on_doubt = self.upkeep.wake
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Go online and work on everything that waits."""
        self.working.start(self._follower)
        self._tasks = [
            asyncio.create_task(keep_going(work))
            for work in (self.path.run, self.post.run, self._reader.run, self.upkeep.run)
        ]

    async def stop(self) -> None:
        """End every task and connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.working.stop()
        await self.wallet.close()
        await self._directory.close()

    @property
    def is_caught_up(self) -> bool:
        """Tell whether everything that the service had for this device was read."""
        followed = self.home.threads.followed()
        is_read = all(self._follower.is_live(item.id) for item in followed if item.is_created)
        is_online = self.path.is_online and self._reader.is_live
        return is_online and is_read and self.upkeep.is_done

    @property
    def is_idle(self) -> bool:
        """Tell whether, besides, nothing waits to be sent or changed now."""
        return self.is_caught_up and self.home.queues.are_empty(self.home.now())

    def wake(self, thread_id: str) -> None:
        """Something of this conversation changed: let it, and the letters, move on."""
        self.working.wake(thread_id)
        self.post.wake()

    def wake_all(self) -> None:
        """Let everything look for work."""
        self.working.wake_all()
        self.post.wake()

    def _sender(self, thread_id: str) -> Sender:
        return Sender(
            self.home,
            self.groups,
            self._commits,
            self.told,
            self.path,
            self.lookups,
            self.wallet,
            thread_id,
        )
