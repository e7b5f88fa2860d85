"""What changed, gathered while the vault is written and shown once it holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.app.views import EventKind

Change = tuple["EventKind", str]


class Changes:
    """Collects what to show again.

    Showing happens in the loop's next turn: by then the transaction that made the change is
    committed, or there is simply nothing new to see.
    """

    def __init__(self, show: Callable[[list[Change]], None]) -> None:
        """Hand every batch of changes to ``show``."""
        self._show = show
        self._waiting: dict[Change, None] = {}

    def message(self, message_id: str) -> None:
        """A line is new or has another state."""
        self._note("message", message_id)

    def conversation(self, thread_id: str) -> None:
        """A conversation moved."""
        self._note("conversation", thread_id)

    def conversation_gone(self, thread_id: str) -> None:
        """A conversation is no longer listed."""
        self._note("conversation_gone", thread_id)

    def contact(self, account: str) -> None:
        """A contact has another state or name."""
        self._note("contact", account)

    def request(self, request_id: str) -> None:
        """A request arrived."""
        self._note("request", request_id)

    def request_gone(self, request_id: str) -> None:
        """A request was answered."""
        self._note("request_gone", request_id)

    def device(self, device_id: str) -> None:
        """A device of this account has another state."""
        self._note("device", device_id)

    def state(self) -> None:
        """The profile is in another stage, or the connection is."""
        self._note("state", "")

    def _note(self, kind: EventKind, subject: str) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        # Said again, it moves to the end: a line is shown after the latest that it followed.
        self._waiting.pop((kind, subject), None)
        self._waiting[kind, subject] = None

    def _flush(self) -> None:
        batch, self._waiting = list(self._waiting), {}
        self._show(batch)
