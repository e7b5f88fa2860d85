"""What people do in conversations: write, read, make groups, invite, remove, leave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from enigm.app.content import (
    MESSAGE_ID_BYTES,
    Hello,
    Leave,
    Text,
    check_text,
    check_title,
    direct_policy,
    group_policy,
)
from enigm.app.conversations.groups import first_log_head, member_devices, policy_of
from enigm.app.errors import (
    ContactStateError,
    DeviceNotTrustedError,
    NotActiveError,
    NotAllowedError,
    UnknownThingError,
)
from enigm.app.vault.messages import Line
from enigm.app.vault.threads import Thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from enigm.app.conversations.engine import Engine
    from enigm.app.vault.threads import ThreadKind, ThreadState

CHANNEL_BYTES = 16
# MLS carries more, but every member's App receives every receipt and every commit.
GROUP_ACCOUNTS_MAX = 256
# How long a change to a group is waited for before the screen may go on without it.
CHANGE_SECONDS_MAX = 10.0
_LOOK_SECONDS = 0.02


class Talk:
    """The deeds of a user in conversations."""

    def __init__(self, engine: Engine) -> None:
        """Act for an engine."""
        self._engine = engine
        self._home = engine.home

    def send(self, thread_id: str, text: str) -> Line:
        """Queue a text; raises InvalidTextError, NotActiveError, UnknownThingError."""
        home = self._home
        check_text(text)
        thread = self._active(thread_id)
        message_id = home.entropy.random_bytes(MESSAGE_ID_BYTES)
        line = Line(
            place=0,
            id=message_id.hex(),
            thread_id=thread.id,
            sender=home.me,
            is_mine=True,
            kind="text",
            text=text,
            at=home.now(),
            state="sending",
            is_seen=True,
        )
        with home.vault.transaction():
            home.messages.add(line)
            self._engine.told.queue(thread.id, Text(text), message_id)
            home.threads.touch(thread.id, line.at)
        self._moved(thread.id, line.id)
        return home.messages.get(thread.id, line.id)

    def retry(self, thread_id: str, message_id: str) -> Line:
        """Queue a failed text again; raises ContactStateError for one that did not fail."""
        home = self._home
        thread = self._active(thread_id)
        line = home.messages.get(thread.id, message_id)
        if line.state != "failed":
            raise NotAllowedError("Only a message that failed can be sent again.")
        with home.vault.transaction():
            home.messages.set_state(line.id, "sending")
            self._engine.told.queue(thread.id, Text(line.text), bytes.fromhex(line.id))
        self._moved(thread.id, line.id)
        return home.messages.get(thread.id, line.id)

    def mark_read(self, thread_id: str, up_to: str) -> None:
        """Everything up to this line was seen; the others are told."""
        home = self._home
        thread = home.threads.get(thread_id)
        line = home.messages.get(thread.id, up_to)
        with home.vault.transaction():
            changed = home.messages.mark_seen(thread.id, line.place)
            if changed and thread.state in {"active", "requested"}:
                self._engine.told.owe_receipt(thread.id)
        if changed:
            for message_id in changed:
                home.changes.message(message_id)
            home.changes.conversation(thread.id)
            self._engine.wake(thread.id)

    def begin_direct(self, account: str, greeting: str) -> Thread:
        """Make the conversation with a person; callers hold the transaction."""
        home = self._home
        thread = self._begin("direct", "", account, "requested", direct_policy())
        home.vault.set_setting(f"greeting {thread.id}", greeting.encode())
        home.queues.put_intent(thread.id, "add_account", bytes.fromhex(account))
        if greeting:
            self._queue_greeting(thread, greeting)
        return thread

    async def create_group(self, title: str, members: Sequence[str]) -> Thread:
        """Make a group of accepted contacts and wait until they are in."""
        home = self._home
        cleaned, accounts = check_title(title), list(dict.fromkeys(members))
        if len(accounts) >= GROUP_ACCOUNTS_MAX:
            raise NotAllowedError(f"A group has at most {GROUP_ACCOUNTS_MAX} members.")
        for account in accounts:
            self._require_contact(account)
        policy = group_policy(cleaned, (home.account.fingerprint,))
        with home.vault.transaction():
            thread = self._begin("group", cleaned, "", "active", policy)
            for account in accounts:
                home.queues.put_intent(thread.id, "add_account", bytes.fromhex(account))
            self._engine.told.queue(thread.id, Hello(home.account.username))
        self._engine.wake(thread.id)
        await self._settle(thread.id, set(accounts), set())
        return home.threads.get(thread.id)

    async def add_member(self, thread_id: str, account: str) -> Thread:
        """Add an accepted contact to a group."""
        home = self._home
        thread = self._governed(thread_id)
        self._require_contact(account)
        accounts = {item.account for item in home.threads.members(thread.id)}
        if len(accounts) >= GROUP_ACCOUNTS_MAX:
            raise NotAllowedError(f"A group has at most {GROUP_ACCOUNTS_MAX} members.")
        with home.vault.transaction():
            home.queues.put_intent(thread.id, "add_account", bytes.fromhex(account))
        self._engine.wake(thread.id)
        await self._settle(thread.id, {account}, set())
        return home.threads.get(thread.id)

    async def remove_member(self, thread_id: str, account: str) -> Thread:
        """Remove an account from a group; oneself one removes by leaving."""
        home = self._home
        thread = self._governed(thread_id)
        if account == home.me:
            raise NotAllowedError("To go yourself, leave the group.")
        if account not in {item.account for item in home.threads.members(thread.id)}:
            raise UnknownThingError("member")
        with home.vault.transaction():
            home.queues.put_intent(thread.id, "remove_account", bytes.fromhex(account))
        self._engine.wake(thread.id)
        await self._settle(thread.id, set(), {account})
        return home.threads.get(thread.id)

    async def rename(self, thread_id: str, title: str) -> Thread:
        """Give a group another title."""
        home = self._home
        cleaned = check_title(title)
        thread = self._governed(thread_id)
        with home.vault.transaction():
            home.queues.put_intent(thread.id, "title", b"", cleaned.encode())
        self._engine.wake(thread.id)
        await self._wait(lambda: home.threads.get(thread.id).title == cleaned)
        return home.threads.get(thread.id)

    def leave(self, thread_id: str) -> None:
        """Ask the others to commit this account's removal; nothing new is shown from now on."""
        home = self._home
        thread = home.threads.get(thread_id)
        if thread.state not in {"active", "requested"}:
            raise NotActiveError
        with home.vault.transaction():
            for table in ("intent", "outgoing"):
                home.vault.run(f"DELETE FROM {table} WHERE conversation = ?", thread.id)  # noqa: S608
            accounts = {item.account for item in home.threads.members(thread.id)}
            if accounts <= {home.me}:
                self._engine.epochs.end(thread, "left", "You left.")
            else:
                self._engine.told.notice(thread.id, "You left.")
                home.threads.set_state(thread.id, "leaving")
                home.queues.put_intent(thread.id, "abdicate", b"")
                self._engine.told.queue(thread.id, Leave())
        home.changes.conversation(thread.id)
        self._engine.wake(thread.id)

    def _begin(
        self, kind: ThreadKind, title: str, peer: str, state: ThreadState, policy: bytes
    ) -> Thread:
        """Make a group of this device; its siblings are wanted in it from the start."""
        home = self._home
        if not home.is_trusted:
            raise DeviceNotTrustedError
        channel = home.entropy.random_bytes(CHANNEL_BYTES)
        group = self._engine.groups.create(channel, policy)
        thread = Thread(
            id=channel.hex(),
            kind=kind,
            title=title,
            peer=peer,
            state=state,
            is_created=False,
            cursor=0,
            log_count=0,
            log_head=b"",
            is_disputed=False,
            changed_at=home.now(),
            updated_keys_at=home.now(),
        )
        home.threads.put(thread)
        home.threads.begin_epoch(thread.id, first_log_head(group))
        home.threads.set_members(thread.id, member_devices(group, policy_of(group)))
        if self._engine.siblings.others():
            home.queues.put_intent(thread.id, "add_account", home.account.fingerprint)
        home.changes.conversation(thread.id)
        return thread

    def _queue_greeting(self, thread: Thread, greeting: str) -> None:
        home = self._home
        message_id = home.entropy.random_bytes(MESSAGE_ID_BYTES)
        line = Line(
            0, message_id.hex(), thread.id, home.me, True, "text", greeting, home.now(),  # noqa: FBT003
            "sending", True,  # noqa: FBT003
        )  # fmt: skip
        home.messages.add(line)
        self._engine.told.queue(thread.id, Text(greeting), message_id)

    def _active(self, thread_id: str) -> Thread:
        thread = self._home.threads.get(thread_id)
        if thread.state not in {"active", "requested"}:
            raise NotActiveError
        if thread.peer and self._home.people.find(thread.peer).state == "blocked":
            raise ContactStateError("You blocked this person: unblock them to write.")
        return thread

    def _governed(self, thread_id: str) -> Thread:
        """Return a group whose members this account may change."""
        home = self._home
        thread = self._active(thread_id)
        if thread.kind == "direct":
            raise NotAllowedError("A conversation between two stays between two: make a group.")
        own = home.device.device_public
        members = home.threads.members(thread.id)
        if not any(item.is_admin for item in members if item.device_public == own):
            raise NotAllowedError("Only an administrator of the group may do this.")
        return thread

    def _require_contact(self, account: str) -> None:
        if self._home.people.find(account).state != "accepted":
            raise ContactStateError("Only people who accepted your request can be added.")

    async def _settle(self, thread_id: str, present: set[str], absent: set[str]) -> None:
        """Wait until the group holds these accounts and not those, or go on without it."""

        def is_settled() -> bool:
            accounts = {item.account for item in self._home.threads.members(thread_id)}
            return present <= accounts and not absent & accounts

        await self._wait(is_settled)

    async def _wait(self, is_done: Callable[[], bool]) -> None:
        """Look until it is done; what is not done in time is done later, without the user."""
        rounds = int(CHANGE_SECONDS_MAX / _LOOK_SECONDS)
        for _ in range(rounds):
            if is_done() or not self._engine.path.is_online:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _moved(self, thread_id: str, message_id: str) -> None:
        self._home.changes.message(message_id)
        self._home.changes.conversation(thread_id)
        self._engine.wake(thread_id)
