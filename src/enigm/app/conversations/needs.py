"""What the inbox's reader and the upkeep need of the engine that they work for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.app.conversations.epochs import Epochs
    from enigm.app.conversations.inbox import Inbox
    from enigm.app.conversations.lookups import Lookups
    from enigm.app.conversations.post import Post
    from enigm.app.conversations.siblings import Siblings
    from enigm.app.home import Home
    from enigm.app.service.accounts import AccountPath
    from enigm.app.service.channels import ChannelPath
    from enigm.app.service.wallet import Wallet


class Parts(Protocol):
    """The parts of an unlocked profile at work, and how to wake them."""

    home: Home
    accounts: AccountPath
    path: ChannelPath
    wallet: Wallet
    lookups: Lookups
    siblings: Siblings
    epochs: Epochs
    inbox: Inbox
    post: Post

    def wake(self, thread_id: str) -> None:
        """Something of this conversation changed: let it, and the letters, move on."""
        ...

    def wake_all(self) -> None:
        """Let everything look for work."""
        ...
