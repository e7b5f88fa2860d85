"""What members tell each other: texts, receipts, hellos and goodbyes become lines and states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.content import (
    MESSAGE_ID_BYTES,
    NAME_CHARACTERS_MAX,
    Content,
    Envelope,
    Hello,
    Leave,
    Receipt,
    Text,
    check_text,
    envelope_of,
    seal_envelope,
)
from enigm.app.identity.credentials import DeviceName, read_credential
from enigm.app.vault.messages import NAME_BEGIN, NAME_END, Line
from enigm.app.vault.threads import LOG_HEADS_MAX

if TYPE_CHECKING:
    from enigm.app.home import Home
    from enigm.app.vault.threads import Thread
    from enigm.crypto.mls.member.outcomes import ApplicationMessage
    from enigm.foundation.errors import Refusal

# In a larger group every message would be answered by more receipts than there are words.
RECEIPT_ACCOUNTS_MAX = 32
# A clock that is wrong must not put a message into next year: later than this counts as now.
CLOCK_AHEAD_SECONDS_MAX = 300
# One device acts at once, the others in turn if it did not: most changes need one commit.
TURN_SECONDS = 5

DISPUTED = (
    "Some messages here did not reach every device: they expired, or the service withheld or "
    "reordered them."
)
UNREADABLE = "A message arrived that this device cannot read."


def named(account: str) -> str:
    """Return what stands for an account's name in a notice."""
    return f"{NAME_BEGIN}{account}{NAME_END}"


class Told:
    """Applies contents to the vault, and queues contents; callers hold the transaction."""

    def __init__(self, home: Home) -> None:
        """Work on an open profile."""
        self._home = home

    def queue(self, thread_id: str, content: Content, message_id: bytes | None = None) -> bytes:
        """Put a content on its way; return the id by which it is known everywhere."""
        chosen = message_id or self._home.entropy.random_bytes(MESSAGE_ID_BYTES)
        envelope = envelope_of(chosen, self._home.now(), content)
        self._home.queues.put_outgoing(chosen, thread_id, seal_envelope(envelope))
        return chosen

    def notice(self, thread_id: str, text: str) -> None:
        """Write a line of the App's own."""
        home = self._home
        line = Line(
            place=0,
            id=home.entropy.random_bytes(MESSAGE_ID_BYTES).hex(),
            thread_id=thread_id,
            sender="",
            is_mine=False,
            kind="notice",
            text=text,
            at=home.now(),
            state="sent",
            is_seen=True,
        )
        home.messages.add(line)
        home.threads.touch(thread_id, line.at)
        home.changes.message(line.id)
        home.changes.conversation(thread_id)

    def own_arrived(self, thread: Thread, content_id: bytes, seq: int) -> None:
        """The service holds a content of ours."""
        home = self._home
        home.queues.drop_outgoing(content_id)
        if thread.state == "leaving" and thread.kind == "direct":
            home.threads.set_state(thread.id, "left")
        line = home.messages.find(content_id.hex())
        if line is not None and line.state in {"sending", "failed"}:
            home.messages.set_state(line.id, "sent", seq)
            home.changes.message(line.id)
            home.changes.conversation(thread.id)

    def unreadable(self, thread: Thread, error: Refusal) -> None:
        """Say once in a row that something could not be read."""
        del error
        last = self._home.messages.last(thread.id)
        if last is None or last.text != UNREADABLE:
            self.notice(thread.id, UNREADABLE)

    def dispute(self, thread: Thread) -> None:
        """Members saw different histories in this epoch: say so once."""
        if not self._home.threads.get(thread.id).is_disputed:
            self._home.threads.set_disputed(thread.id)
            self.notice(thread.id, DISPUTED)

    def take(
        self, thread: Thread, message: ApplicationMessage, envelope: Envelope, seq: int
    ) -> None:
        """Apply one decrypted content."""
        sender = read_credential(message.credential)
        self._compare_logs(thread, envelope)
        content = envelope.content
        if isinstance(content, Text):
            self._take_text(thread, sender, envelope, content, seq)
        elif isinstance(content, Receipt):
            self._take_receipt(thread, sender, content)
        elif isinstance(content, Hello):
            self._take_hello(thread, sender, content)
        else:
            self._take_leave(thread, sender, content)

    def _compare_logs(self, thread: Thread, envelope: Envelope) -> None:
        """Compare how the sender saw this epoch's log with how it looks from here."""
        head = self._home.threads.log_head(thread.id, envelope.seen_seq)
        if head is None and envelope.seen_seq <= thread.log_count - LOG_HEADS_MAX:
            return
        if head is None or head != envelope.seen_head:
            self.dispute(thread)

    def _take_text(
        self, thread: Thread, sender: DeviceName, envelope: Envelope, content: Text, seq: int
    ) -> None:
        home = self._home
        check_text(content.text)
        is_mine = sender.account == home.me
        if thread.state == "leaving" or home.people.find(sender.account).state == "blocked":
            return
        now = home.now()
        line = Line(
            place=0,
            id=envelope.id.hex(),
            thread_id=thread.id,
            sender=sender.account,
            is_mine=is_mine,
            kind="text",
            text=content.text,
            at=envelope.at if envelope.at <= now + CLOCK_AHEAD_SECONDS_MAX else now,
            state="sent" if is_mine else "delivered",
            is_seen=is_mine,
        )
        if not home.messages.add(line, seq):
            return
        home.threads.touch(thread.id, now)
        self._answered(thread, sender)
        home.changes.message(line.id)
        home.changes.conversation(thread.id)
        if not is_mine:
            self.owe_receipt(thread.id)

    def _take_receipt(self, thread: Thread, sender: DeviceName, content: Receipt) -> None:
        home = self._home
        delivered = home.messages.seq_of(content.delivered.hex()) or 0
        read = home.messages.seq_of(content.read.hex()) or 0
        if sender.account == home.me:
            changed = home.messages.mark_seen_by_seq(thread.id, read)
        else:
            home.messages.note_receipt(thread.id, sender.account, max(delivered, read), read)
            changed = home.messages.apply_receipts(thread.id, self._others(thread.id))
        for message_id in changed:
            home.changes.message(message_id)
        if changed:
            home.changes.conversation(thread.id)

    def _take_hello(self, thread: Thread, sender: DeviceName, content: Hello) -> None:
        home = self._home
        if len(content.name) <= NAME_CHARACTERS_MAX:
            home.people.claim_name(sender.account, content.name)
        self._answered(thread, sender)
        home.changes.conversation(thread.id)

    def _take_leave(self, thread: Thread, sender: DeviceName, content: Leave) -> None:
        del content
        home = self._home
        if thread.kind == "direct":
            self._end_direct(thread, sender)
        elif sender.account == home.me:
            home.threads.set_state(thread.id, "leaving")
        else:
            self._let_go(thread, sender)
        home.changes.conversation(thread.id)

    def _end_direct(self, thread: Thread, sender: DeviceName) -> None:
        """One of two went: the conversation is over for both."""
        if sender.account != self._home.me:
            self.notice(thread.id, f"{named(sender.account)} left.")
        self._home.threads.set_state(thread.id, "left")

    def _let_go(self, thread: Thread, sender: DeviceName) -> None:
        """Someone asks to go: the administrators' devices commit that, one after the other."""
        home = self._home
        home.vault.set_setting(f"left {thread.id} {sender.account}", b"1")
        members = home.threads.members(thread.id)
        deciding = sorted(
            item.device_public
            for item in members
            if item.is_admin and item.account != sender.account
        )
        if home.device.device_public in deciding:
            turn = deciding.index(home.device.device_public)
            home.queues.put_intent(
                thread.id,
                "remove_account",
                sender.fingerprint,
                not_before=home.now() + turn * TURN_SECONDS if turn else 0,
            )

    def _answered(self, thread: Thread, sender: DeviceName) -> None:
        """The person we asked to talk has joined: the contact and conversation are open."""
        home = self._home
        if thread.state != "requested" or sender.account != thread.peer:
            return
        home.threads.set_state(thread.id, "active")
        if home.people.find(thread.peer).state == "requested":
            home.people.set_state(thread.peer, "accepted")
        home.changes.contact(thread.peer)
        home.changes.conversation(thread.id)

    def owe_receipt(self, thread_id: str) -> None:
        """Queue a receipt for what arrived and was seen, in place of one not yet encrypted."""
        home = self._home
        if len(self._others(thread_id)) > RECEIPT_ACCOUNTS_MAX:
            return
        delivered = home.messages.newest_received(thread_id, is_seen=False)
        read = home.messages.newest_received(thread_id, is_seen=True)
        setting = f"receipt {thread_id}"
        home.queues.replace_unsent(thread_id, home.vault.get_setting(setting))
        if delivered is not None:
            receipt = Receipt(bytes.fromhex(delivered), bytes.fromhex(read or ""))
            home.vault.set_setting(setting, self.queue(thread_id, receipt))

    def _others(self, thread_id: str) -> list[str]:
        accounts = {account for account, _ in self._devices(thread_id)}
        return sorted(accounts - {self._home.me})

    def _devices(self, thread_id: str) -> list[tuple[str, bytes]]:
        return sorted(
            (item.account, item.device_public) for item in self._home.threads.members(thread_id)
        )
