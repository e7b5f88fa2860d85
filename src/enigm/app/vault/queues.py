"""The vault's queues: contents and letters on their way, and changes that a group shall have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from enigm.app.vault.file import Row, VaultFile

IntentKind = Literal[
    "add_account", "remove_account", "add_device", "remove_device", "title", "abdicate", "update"
]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A content on its way into a channel; ``ciphertext`` once it was encrypted for an epoch."""

    id: bytes
    thread_id: str
    content: bytes = field(repr=False)
    ciphertext: bytes | None = field(repr=False)
    epoch: int | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A change that this device wants a group to have, until the group has it."""

    place: int
    thread_id: str
    kind: IntentKind
    subject: bytes
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentCommit:
    """This device's commit on its way."""

    id: bytes
    epoch: int
    message: bytes = field(repr=False)
    next_token_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LetterOut:
    """A letter on its way to one device."""

    id: bytes
    account: str
    device_public: bytes
    body: bytes = field(repr=False)
    sealed: bytes | None = field(repr=False)
    admission: bytes | None = field(repr=False)
    written_at: int


class Queues:
    """Reads and writes of those pages; every write belongs to the caller's transaction."""

    def __init__(self, vault: VaultFile) -> None:
        """Work on an open vault."""
        self._vault = vault

    def put_outgoing(self, content_id: bytes, thread_id: str, content: bytes) -> None:
        """Queue a content."""
        self._vault.run(
            "INSERT OR IGNORE INTO outgoing (id, conversation, content) VALUES (?, ?, ?)",
            content_id,
            thread_id,
            content,
        )

    def next_outgoing(self, thread_id: str) -> Outgoing | None:
        """Return the content whose turn it is."""
        row = self._vault.row(
            "SELECT id, conversation, content, ciphertext, epoch FROM outgoing "
            "WHERE conversation = ? ORDER BY place LIMIT 1",
            thread_id,
        )
        return None if row is None else Outgoing(*row)

    def outgoing_by_ciphertext(self, thread_id: str, ciphertext: bytes) -> Outgoing | None:
        """Return the content that this record carries, if it is one of ours on its way."""
        row = self._vault.row(
            "SELECT id, conversation, content, ciphertext, epoch FROM outgoing "
            "WHERE conversation = ? AND ciphertext = ?",
            thread_id,
            ciphertext,
        )
        return None if row is None else Outgoing(*row)

    def set_ciphertext(self, content_id: bytes, ciphertext: bytes | None, epoch: int) -> None:
        """Remember what is sent, so that a retry sends the same; None asks to encrypt anew."""
        self._vault.run(
            "UPDATE outgoing SET ciphertext = ?, epoch = ? WHERE id = ?",
            ciphertext,
            epoch,
            content_id,
        )

    def drop_outgoing(self, content_id: bytes) -> None:
        """It is on its way no more."""
        self._vault.run("DELETE FROM outgoing WHERE id = ?", content_id)

    def replace_unsent(self, thread_id: str, old_id: bytes | None) -> None:
        """Take back a content that a newer one makes pointless, unless it was encrypted."""
        if old_id is not None:
            self._vault.run(
                "DELETE FROM outgoing WHERE conversation = ? AND id = ? AND ciphertext IS NULL",
                thread_id,
                old_id,
            )

    def put_intent(
        self,
        thread_id: str,
        kind: IntentKind,
        subject: bytes,
        payload: bytes = b"",
        not_before: int = 0,
    ) -> None:
        """Want a change; a second wish for the same replaces the first."""
        self._vault.run(
            "INSERT OR REPLACE INTO intent (conversation, kind, subject, payload, not_before) "
            "VALUES (?, ?, ?, ?, ?)",
            thread_id,
            kind,
            subject,
            payload,
            not_before,
        )

    def intents(self, thread_id: str, now_seconds: int) -> list[Intent]:
        """Return the changes whose time has come."""
        rows = self._vault.rows(
            "SELECT place, conversation, kind, subject, payload FROM intent "
            "WHERE conversation = ? AND not_before <= ? ORDER BY place",
            thread_id,
            now_seconds,
        )
        return [Intent(*row) for row in rows]

    def has_intent(self, thread_id: str, kind: IntentKind, subject: bytes) -> bool:
        """Tell whether a change is still wanted."""
        found = self._vault.value(
            "SELECT 1 FROM intent WHERE conversation = ? AND kind = ? AND subject = ?",
            thread_id,
            kind,
            subject,
        )
        return found is not None

    def next_intent_at(self, thread_id: str) -> int | None:
        """Return when the earliest wanted change may be tried."""
        return self._vault.value(
            "SELECT min(not_before) FROM intent WHERE conversation = ?", thread_id
        )

    def drop_intent(self, intent: Intent) -> None:
        """The group has it, or never will."""
        self._vault.run("DELETE FROM intent WHERE place = ?", intent.place)

    def put_commit(self, thread_id: str, commit: SentCommit) -> None:
        """Remember the commit on its way."""
        self._vault.run(
            "INSERT OR REPLACE INTO commit_sent VALUES (?, ?, ?, ?, ?)",
            thread_id,
            commit.id,
            commit.epoch,
            commit.message,
            commit.next_token_hash,
        )

    def commit(self, thread_id: str) -> SentCommit | None:
        """Return the commit on its way."""
        row = self._vault.row(
            "SELECT id, epoch, message, next_token_hash FROM commit_sent WHERE conversation = ?",
            thread_id,
        )
        return None if row is None else SentCommit(*row)

    def drop_commit(self, thread_id: str, *, won: bool) -> None:
        """The commit won and its letters may go, or it lost and they never will."""
        self._vault.run("DELETE FROM commit_sent WHERE conversation = ?", thread_id)
        if won:
            self._vault.run("UPDATE letter SET held_by = NULL WHERE held_by = ?", thread_id)
        else:
            self._vault.run("DELETE FROM letter WHERE held_by = ?", thread_id)

    def put_letter(self, letter: LetterOut, held_by: str | None = None) -> None:
        """Queue a letter; one that is held waits for its conversation's commit to win."""
        self._vault.run(
            "INSERT INTO letter (id, account, device_public, body, held_by, written_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            letter.id,
            letter.account,
            letter.device_public,
            letter.body,
            held_by,
            letter.written_at,
        )

    def letters(self, now_seconds: int) -> list[LetterOut]:
        """Return the letters whose time has come."""
        rows = self._vault.rows(
            "SELECT id, account, device_public, body, sealed, admission, written_at FROM letter "
            "WHERE held_by IS NULL AND not_before <= ? ORDER BY place LIMIT 64",
            now_seconds,
        )
        return [_letter(row) for row in rows]

    def next_letter_at(self) -> int | None:
        """Return when the earliest free letter may be tried."""
        return self._vault.value("SELECT min(not_before) FROM letter WHERE held_by IS NULL")

    def seal_letter(self, letter_id: bytes, sealed: bytes | None, admission: bytes | None) -> None:
        """Remember what is dropped and what pays for it, so that a retry is the same."""
        self._vault.run(
            "UPDATE letter SET sealed = ?, admission = ? WHERE id = ?",
            sealed,
            admission,
            letter_id,
        )

    def delay_letter(self, letter_id: bytes, not_before: int) -> None:
        """Try again later."""
        self._vault.run("UPDATE letter SET not_before = ? WHERE id = ?", not_before, letter_id)

    def are_empty(self, now_seconds: int) -> bool:
        """Tell whether nothing is on its way that could be by now."""
        waiting = self._vault.value(
            "SELECT (SELECT count(*) FROM outgoing) + (SELECT count(*) FROM commit_sent) "
            "+ (SELECT count(*) FROM intent WHERE not_before <= ?) "
            "+ (SELECT count(*) FROM letter WHERE not_before <= ?)",
            now_seconds,
            now_seconds,
        )
        return waiting == 0

    def drop_letter(self, letter_id: bytes) -> None:
        """It arrived, or never will."""
        self._vault.run("DELETE FROM letter WHERE id = ?", letter_id)


def _letter(row: Row) -> LetterOut:
    return LetterOut(*row)
