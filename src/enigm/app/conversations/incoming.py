"""Reading a channel: each record and everything it changes is one transaction of the vault."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from enigm.app.content import open_envelope
from enigm.app.conversations.groups import (
    channel_token,
    leaves,
    next_log_head,
    policy_in,
    policy_of,
)
from enigm.app.conversations.rules import MembershipChange, objection
from enigm.app.errors import MalformedContentError
from enigm.app.identity.credentials import ChainNeededError, DeviceName, read_credential
from enigm.crypto.mls.member.outcomes import ApplicationMessage, OwnCommit, StagedCommit
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.app.content import Policy
    from enigm.app.conversations.epochs import Epochs
    from enigm.app.conversations.groups import Groups
    from enigm.app.conversations.told import Told
    from enigm.app.home import Home
    from enigm.app.vault.threads import Thread
    from enigm.crypto.mls.member.group import Group
    from enigm.crypto.mls.member.outcomes import CommitSummary
    from enigm.wire.delivery import Record

# The service hands a writer's own message back; that is no fault.
OWN_MESSAGE = "mls.message.own"


class Incoming:
    """Takes records of channels, in order, each once."""

    def __init__(self, home: Home, groups: Groups, epochs: Epochs, told: Told) -> None:
        """Work on an open profile."""
        self._home = home
        self._groups = groups
        self._epochs = epochs
        self._told = told
        self._looked_up: frozenset[str] = frozenset()

    def take(self, thread_id: str, record: Record, looked_up: frozenset[str] = frozenset()) -> None:
        """Take one record.

        Raises ChainNeededError, after which nothing has changed and the record can be taken
        again once that account was looked up; ``looked_up`` names the accounts whose chains were
        fetched for this record, and which are not asked for again.
        """
        self._looked_up = looked_up
        with self._groups.forgetting(thread_id), self._home.vault.transaction(is_forced=False):
            thread = self._home.threads.get(thread_id)
            # A service that replays, or a connection that resumed: it was taken already.
            if record.seq <= thread.cursor or not thread.is_followed:
                return
            head = next_log_head(thread.log_head, record.body)
            self._home.threads.advance(thread, record.seq, head)
            group = self._groups.get(thread_id)
            try:
                self._read(thread, group, record)
            except Refusal as error:
                needed = chain_needed(error)
                if needed is not None and needed.account not in looked_up:
                    raise needed from error
                self._told.unreadable(thread, error)
            if self._home.threads.get(thread_id).is_followed:
                self._groups.save(thread_id, group)

    @contextlib.contextmanager
    def batch(self, thread_id: str) -> Generator[None]:
        """Take the block's records in one transaction; when one fails, none was taken."""
        with self._groups.forgetting(thread_id), self._home.vault.transaction(is_forced=False):
            yield

    def position(self, thread_id: str) -> tuple[int, bytes, int]:
        """Return what opens the current epoch at the service: epoch, token, cursor."""
        group = self._groups.get(thread_id)
        return group.epoch, channel_token(group), self._home.threads.get(thread_id).cursor

    def _read(self, thread: Thread, group: Group, record: Record) -> None:
        own = self._home.queues.outgoing_by_ciphertext(thread.id, record.body)
        if own is not None:
            self._told.own_arrived(thread, own.id, record.seq)
            return
        try:
            received = group.process(record.body)
        except Refusal as error:
            if error.code == OWN_MESSAGE:
                return
            raise
        if isinstance(received, ApplicationMessage):
            self._told.take(thread, received, open_envelope(received.plaintext), record.seq)
        elif isinstance(received, StagedCommit):
            self._take_commit(thread, group, received)
        elif isinstance(received, OwnCommit):
            before = leaves(group)
            summary = group.merge_pending()
            self._home.queues.drop_commit(thread.id, won=True)
            if any(item.leaf_index == group.leaf_index for item in summary.updated):
                self._home.threads.set_updated_keys(thread.id, self._home.now())
            self._epochs.begin(thread, group, summary, before)
        else:
            # Enigm's members commit what they want and propose nothing; a proposal kept here
            # would forbid this device to write until somebody committed it.
            group.state.received.clear()

    def _take_commit(self, thread: Thread, group: Group, staged: StagedCommit) -> None:
        before = leaves(group)
        policy = policy_of(group)
        summary = staged.summary
        sender = before.get(summary.sender)
        if sender is None or summary.is_external:
            self._epochs.refuse(thread, group, staged, "somebody invited themselves")
            return
        change = MembershipChange(
            sender=sender.fingerprint,
            before=frozenset(name.fingerprint for name in before.values()),
            added=tuple(read_credential(item.credential) for item in summary.added),
            removed=tuple(read_credential(item.credential) for item in summary.removed),
            is_policy_changed=summary.extensions is not None,
            is_external=summary.is_external,
        )
        complaint = strange(policy, summary) or objection(policy, change, self._may_go)
        if complaint is not None:
            self._epochs.refuse(thread, group, staged, complaint)
            return
        group.apply(staged)
        self._home.queues.drop_commit(thread.id, won=False)
        self._epochs.begin(thread, group, summary, before)

    def _may_go(self, name: DeviceName) -> bool:
        """Tell whether anybody may remove this device: its account revoked it.

        Decided by what every member can find out, however late it came: members who judged one
        commit differently would part for ever.
        """
        if self._home.chains.is_revoked(name):
            return True
        if name.account not in self._looked_up:
            # The chain held here may be older than the revocation that the committer knows.
            raise ChainNeededError(name.account)
        return False


def strange(policy: Policy, summary: CommitSummary) -> str | None:
    """Return why a commit is none that an Enigm App makes, or None."""
    if summary.reinit is not None or summary.psks:
        return "somebody tried to replace the group"
    if summary.extensions is None:
        return None
    try:
        after = policy_in(summary.extensions)
    except MalformedContentError:
        return "somebody destroyed the group's rules"
    return None if after.kind == policy.kind else "somebody changed what kind of group it is"


def chain_needed(error: BaseException | None) -> ChainNeededError | None:
    """Return the wish for a chain that a refusal stems from."""
    while error is not None:
        if isinstance(error, ChainNeededError):
            return error
        error = error.__cause__
    return None
