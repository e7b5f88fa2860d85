"""Sends what a conversation has waiting: its channel, its commits, its contents, in that order."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import msgspec

from enigm.app.content import open_envelope, seal_envelope
from enigm.app.conversations.groups import channel_token
from enigm.app.faults import wait_awhile
from enigm.app.service.problems import TOKEN_SPENT
from enigm.foundation.errors import (
    ConflictError,
    ExhaustedError,
    GoneError,
    InvalidError,
    NotFoundError,
    Refusal,
)
from enigm.wire import delivery

if TYPE_CHECKING:
    from enigm.app.conversations.commits import Commits
    from enigm.app.conversations.groups import Groups
    from enigm.app.conversations.lookups import Lookups
    from enigm.app.conversations.told import Told
    from enigm.app.home import Home
    from enigm.app.service.channels import ChannelPath
    from enigm.app.service.wallet import Wallet
    from enigm.app.vault.queues import Outgoing, SentCommit

# Two weeks (protocol.md §5): longer than most people are away.
TTL_SECONDS = 14 * 24 * 3600
RETRY_SECONDS = 2.0
IDLE_SECONDS_MAX = 60.0
# An account that has just registered may not have left its key packages yet; each look costs a
# token, so the pauses double.
UNREADY_SECONDS = 1
UNREADY_SECONDS_MAX = 3600


class Sender:
    """The writing half of one conversation."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts it writes with
        self,
        home: Home,
        groups: Groups,
        commits: Commits,
        told: Told,
        path: ChannelPath,
        lookups: Lookups,
        wallet: Wallet,
        thread_id: str,
    ) -> None:
        """Work on one conversation of an open profile."""
        self._home = home
        self._groups = groups
        self._commits = commits
        self._told = told
        self._path = path
        self._lookups = lookups
        self._wallet = wallet
        self._thread_id = thread_id
        self._woken = asyncio.Event()
        self._passed_epoch: int | None = None
        self._won_commit: bytes | None = None
        self._unready = 0
        self.created = asyncio.Event()

    def wake(self) -> None:
        """Look for work now."""
        self._woken.set()

    async def run(self) -> None:
        """Send until the conversation ends for this device, or until cancelled."""
        while (thread := self._home.threads.find(self._thread_id)) and thread.is_followed:
            await self._path.wait_online()
            self._woken.clear()
            try:
                if await self._step():
                    continue
                wait = self._idle_seconds()
            except ExhaustedError as error:
                wait = float(error.retry_after_seconds or RETRY_SECONDS)
            except Refusal:
                wait = RETRY_SECONDS
            await wait_awhile(self._woken, wait)

    async def _step(self) -> bool:
        """Do one thing; return False when there is nothing to do until woken."""
        thread = self._home.threads.get(self._thread_id)
        if not thread.is_created:
            await self._create()
            return True
        self.created.set()
        if self._groups.get(thread.id).epoch == self._passed_epoch:
            return False
        commit = self._home.queues.commit(thread.id)
        if commit is not None:
            return await self._send_commit(commit)
        await self._resolve()
        if self._commits.build(thread.id):
            return True
        outgoing = self._home.queues.next_outgoing(thread.id)
        if outgoing is None or self._has_no_reader(thread.id):
            return False
        await self._send_content(self._encrypted(outgoing))
        return True

    async def _create(self) -> None:
        """Open the channel; the token that pays for it is set aside first."""
        home, thread_id = self._home, self._thread_id
        admission = home.threads.admission(thread_id)
        if admission is None:
            admission = await self._wallet.take()
            with home.vault.transaction():
                home.threads.keep_admission(thread_id, admission)
        paid = admission
        token_hash = hashlib.sha256(channel_token(self._groups.get(thread_id))).digest()
        channel = bytes.fromhex(thread_id)
        try:
            await self._path.ask(
                lambda number: delivery.CreateChannel(number, channel, token_hash, paid)
            )
        except ConflictError as error:
            if error.code == TOKEN_SPENT:
                # Pay anew: if the earlier try got through, the name will be taken.
                with home.vault.transaction():
                    home.threads.keep_admission(thread_id, None)
                return
            # The name is taken, by an earlier try: 16 random bytes meet no other.
        with home.vault.transaction():
            home.threads.set_created(thread_id)
        self.created.set()

    def _has_no_reader(self, thread_id: str) -> bool:
        """Tell whether those who are to be added are not in yet: they could never read this."""
        home = self._home
        accounts = {member.account for member in home.threads.members(thread_id)}
        return accounts <= {home.me} and home.queues.next_intent_at(thread_id) is not None

    async def _resolve(self) -> None:
        """Fetch the key packages of accounts that shall be added."""
        for intent in self._commits.unresolved(self._thread_id):
            found = await self._lookups.by_account(intent.subject.hex(), key_packages=True)
            if found.key_packages:
                self._commits.resolve(intent, found.key_packages)
            else:
                self._unready += 1
                delay = min(UNREADY_SECONDS << self._unready, UNREADY_SECONDS_MAX)
                self._commits.postpone(intent, self._home.now() + delay)

    async def _send_commit(self, commit: SentCommit) -> bool:
        """Send the commit until it won or lost; merging happens when the channel shows it."""
        if self._won_commit == commit.id:
            return False
        group = self._groups.get(self._thread_id)
        token = channel_token(group)
        try:
            await self._path.ask(
                lambda number: delivery.Commit(
                    number,
                    group.group_id,
                    commit.epoch,
                    token,
                    commit.id,
                    TTL_SECONDS,
                    commit.next_token_hash,
                    commit.message,
                )
            )
        except ConflictError:
            self._lose_commit(commit)
            return False
        self._won_commit = commit.id
        return False

    def _lose_commit(self, commit: SentCommit) -> None:
        """Somebody else's commit was first. The channel may have shown it by now."""
        held = self._home.queues.commit(self._thread_id)
        if held is not None and held.id == commit.id:
            self._passed_epoch = commit.epoch
            self._commits.drop(self._thread_id)

    def _encrypted(self, outgoing: Outgoing) -> Outgoing:
        """Encrypt for the current epoch, and write that down before anything is sent."""
        home, thread_id = self._home, self._thread_id
        epoch = self._groups.get(thread_id).epoch
        if outgoing.ciphertext is not None and outgoing.epoch == epoch:
            return outgoing
        with self._groups.change(thread_id) as group:
            thread = home.threads.get(thread_id)
            envelope = msgspec.structs.replace(
                open_envelope(outgoing.content),
                seen_seq=thread.log_count,
                seen_head=thread.log_head,
            )
            ciphertext = group.encrypt(seal_envelope(envelope))
            home.queues.set_ciphertext(outgoing.id, ciphertext, epoch)
        encrypted = home.queues.next_outgoing(thread_id)
        if encrypted is None:
            raise RuntimeError("the queue's head cannot vanish while it is encrypted")
        return encrypted

    async def _send_content(self, outgoing: Outgoing) -> None:
        home, thread_id = self._home, self._thread_id
        body, epoch = outgoing.ciphertext, outgoing.epoch
        if body is None or epoch is None:
            raise RuntimeError("only what was encrypted is sent")
        group = self._groups.get(thread_id)
        token = channel_token(group)
        try:
            ack = await self._path.ask(
                lambda number: delivery.Post(
                    number, group.group_id, epoch, token, outgoing.id, TTL_SECONDS, body
                )
            )
        except ConflictError:
            with home.vault.transaction():
                self._passed_epoch = epoch
                home.queues.set_ciphertext(outgoing.id, None, epoch)
            return
        except (InvalidError, NotFoundError, GoneError):
            self._fail(outgoing)
            raise
        # If this is lost, the message is sent again under the same key and acknowledged again.
        with home.vault.transaction(is_forced=False):
            self._told.own_arrived(home.threads.get(thread_id), outgoing.id, ack.seq)

    def _fail(self, outgoing: Outgoing) -> None:
        """The service will never take it: say so, and go on with the next."""
        home = self._home
        with home.vault.transaction():
            home.queues.drop_outgoing(outgoing.id)
            home.messages.set_state(outgoing.id.hex(), "failed")
            home.changes.message(outgoing.id.hex())
            home.changes.conversation(self._thread_id)

    def _idle_seconds(self) -> float:
        due = self._home.queues.next_intent_at(self._thread_id)
        if due is None:
            return IDLE_SECONDS_MAX
        return min(IDLE_SECONDS_MAX, max(0.05, due - self._home.now()))
