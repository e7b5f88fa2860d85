"""What the start of an epoch changes: who is in, who is out, what the conversation is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.conversations.groups import (
    first_log_head,
    leaves,
    member_devices,
    policy_of,
)
from enigm.app.conversations.told import named

if TYPE_CHECKING:
    from enigm.app.conversations.groups import Groups
    from enigm.app.conversations.told import Told
    from enigm.app.home import Home
    from enigm.app.identity.credentials import DeviceName
    from enigm.app.vault.threads import Thread, ThreadState
    from enigm.crypto.mls.member.group import Group
    from enigm.crypto.mls.member.outcomes import CommitSummary, StagedCommit

# The revoked device's own account acts first; others only if it did not.
SIBLINGS_FIRST_SECONDS = 30


class Epochs:
    """Writes what a merged commit did; callers hold the transaction."""

    def __init__(self, home: Home, groups: Groups, told: Told) -> None:
        """Work on an open profile."""
        self._home = home
        self._groups = groups
        self._told = told

    def begin(
        self,
        thread: Thread,
        group: Group,
        summary: CommitSummary,
        before: dict[int, DeviceName],
    ) -> None:
        """Note the new epoch of a conversation, or our removal from it."""
        home = self._home
        committer = before.get(summary.sender)
        if summary.removes_me:
            if committer is not None and committer.account == home.me:
                # A sibling let this device go: it may have been revoked.
                home.doubt(home.me)
            who = "Somebody" if committer is None else named(committer.account)
            self.end(thread, "removed", f"{who} removed you from this conversation.")
            return
        policy = policy_of(group)
        home.threads.begin_epoch(thread.id, first_log_head(group))
        home.threads.set_members(thread.id, member_devices(group, policy))
        home.vault.run(
            "UPDATE outgoing SET ciphertext = NULL, epoch = NULL WHERE conversation = ?",
            thread.id,
        )
        if committer is not None and thread.kind == "group":
            self._say_who(thread, committer, set(before.values()), set(leaves(group).values()))
            self._say_title(thread, committer, policy.title)
        want_revoked_gone(home, thread.id, group)
        self._doubt(before, group)
        home.changes.conversation(thread.id)

    def refuse(self, thread: Thread, group: Group, staged: StagedCommit, complaint: str) -> None:
        """End a conversation whose members accepted what its rules forbid.

        The service has moved on to an epoch that this device will not enter: honest members
        all stop here, and can start anew without the one who broke the rule.
        """
        del group, staged
        self.end(thread, "left", f"This conversation ended: {complaint}.")

    def end(self, thread: Thread, state: ThreadState, text: str) -> None:
        """Stop taking part: the secrets go, the lines stay."""
        home = self._home
        if home.threads.get(thread.id).state in {"left", "leaving"}:
            state = "left"
        else:
            self._told.notice(thread.id, text)
        home.threads.set_state(thread.id, state)
        self._groups.erase(thread.id)
        for table in ("intent", "outgoing", "commit_sent", "log_head"):
            home.vault.run(f"DELETE FROM {table} WHERE conversation = ?", thread.id)  # noqa: S608
        home.vault.run("DELETE FROM letter WHERE held_by = ?", thread.id)
        rows = home.vault.rows(
            "UPDATE message SET state = 'failed' WHERE conversation = ? AND state = 'sending' "
            "RETURNING id",
            thread.id,
        )
        for row in rows:
            home.changes.message(row[0])
        home.changes.conversation(thread.id)

    def _doubt(self, before: dict[int, DeviceName], group: Group) -> None:
        """A device went while its account stayed: it was probably revoked, so look again."""
        after = set(leaves(group).values())
        staying = {name.account for name in after}
        for name in set(before.values()) - after:
            if name.account in staying:
                self._home.doubt(name.account)

    def _say_who(
        self,
        thread: Thread,
        committer: DeviceName,
        before: set[DeviceName],
        after: set[DeviceName],
    ) -> None:
        home = self._home
        old, new = ({name.account for name in names} for names in (before, after))
        who = named(committer.account)
        for account in sorted(new - old):
            self._told.notice(thread.id, f"{who} added {named(account)}.")
        for account in sorted(old - new):
            setting = f"left {thread.id} {account}"
            has_left = home.vault.get_setting(setting) is not None
            name = named(account)
            text = f"{name} left." if has_left else f"{who} removed {name}."
            home.vault.set_setting(setting, None)
            self._told.notice(thread.id, text)

    def _say_title(self, thread: Thread, committer: DeviceName, title: str) -> None:
        home = self._home
        if title != thread.title:
            home.threads.set_title(thread.id, title)
            if thread.title:
                who = named(committer.account)
                self._told.notice(thread.id, f"{who} called the group “{title}”.")


def want_revoked_gone(home: Home, thread_id: str, group: Group) -> None:
    """A device that its account revoked is still in: see that it goes, siblings first."""
    for name in leaves(group).values():
        if home.chains.is_revoked(name):
            wait_seconds = 0 if name.account == home.me else SIBLINGS_FIRST_SECONDS
            home.queues.put_intent(
                thread_id,
                "remove_device",
                name.device_public,
                not_before=home.now() + wait_seconds,
            )
