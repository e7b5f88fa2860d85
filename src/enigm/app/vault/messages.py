"""The vault's pages of messages: in order, with their states, receipts and search."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from enigm.app.errors import UnknownThingError

if TYPE_CHECKING:
    from enigm.app.vault.file import Row, VaultFile

MessageState = Literal["sending", "sent", "delivered", "read", "failed"]

# What marks a hit inside a snippet: control characters, which no message shows.
HIT_BEGIN, HIT_END = "\x02", "\x03"
# What stands around an account in a notice: its name is filled in when the line is shown.
NAME_BEGIN, NAME_END = "\x0e", "\x0f"
SNIPPET_WORDS = 24
SEARCH_HITS_MAX = 100
PAGE_MESSAGES_MAX = 200

_COLUMNS = "m.place, m.id, m.conversation, m.sender, m.mine, m.kind, m.text, m.at, m.state, m.seen"


@dataclass(frozen=True, slots=True)
class Line:
    """One message or notice."""

    place: int
    id: str
    thread_id: str
    sender: str
    is_mine: bool
    kind: Literal["text", "notice"]
    text: str = field(repr=False)
    at: int
    state: MessageState
    is_seen: bool


class Messages:
    """Reads and writes of those pages; every write belongs to the caller's transaction."""

    def __init__(self, vault: VaultFile) -> None:
        """Work on an open vault."""
        self._vault = vault

    def add(self, line: Line, seq: int | None = None) -> bool:
        """Append a line (its ``place`` is ignored); return False when it is already there."""
        changed = self._vault.run(
            "INSERT OR IGNORE INTO message "
            "(id, conversation, sender, mine, kind, text, at, state, seen, seq) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            line.id,
            line.thread_id,
            line.sender,
            int(line.is_mine),
            line.kind,
            line.text,
            line.at,
            line.state,
            int(line.is_seen),
            seq,
        )
        return changed == 1

    def find(self, message_id: str) -> Line | None:
        """Return a line, or None."""
        row = self._vault.row(f"SELECT {_COLUMNS} FROM message m WHERE m.id = ?", message_id)  # noqa: S608
        return None if row is None else _line(row)

    def get(self, thread_id: str, message_id: str) -> Line:
        """Return a line of a conversation; raises UnknownThingError."""
        line = self.find(message_id)
        if line is None or line.thread_id != thread_id:
            raise UnknownThingError("message")
        return line

    def page(self, thread_id: str, before: str | None, limit: int) -> list[Line]:
        """Return lines oldest first, ending before a given one; raises UnknownThingError."""
        place = 1 << 62 if before is None else self.get(thread_id, before).place
        rows = self._vault.rows(
            f"SELECT {_COLUMNS} FROM message m WHERE m.conversation = ? AND m.place < ? "  # noqa: S608
            "ORDER BY m.place DESC LIMIT ?",
            thread_id,
            place,
            max(1, min(limit, PAGE_MESSAGES_MAX)),
        )
        return [_line(row) for row in reversed(rows)]

    def last(self, thread_id: str) -> Line | None:
        """Return the newest line."""
        page = self.page(thread_id, None, 1)
        return page[0] if page else None

    def unread(self, thread_id: str) -> int:
        """Count the lines that the user has not seen."""
        return self._vault.value(
            "SELECT count(*) FROM message WHERE conversation = ? AND seen = 0", thread_id
        )

    def mark_seen(self, thread_id: str, up_to_place: int) -> list[str]:
        """The user saw everything up to here; return which lines that changed."""
        rows = self._vault.rows(
            "UPDATE message SET seen = 1 WHERE conversation = ? AND seen = 0 AND place <= ? "
            "RETURNING id",
            thread_id,
            up_to_place,
        )
        return [row[0] for row in rows]

    def mark_seen_by_seq(self, thread_id: str, up_to_seq: int) -> list[str]:
        """Another device of the user showed everything up to this record."""
        rows = self._vault.rows(
            "UPDATE message SET seen = 1 WHERE conversation = ? AND seen = 0 AND seq <= ? "
            "RETURNING id",
            thread_id,
            up_to_seq,
        )
        return [row[0] for row in rows]

    def set_state(self, message_id: str, state: MessageState, seq: int | None = None) -> None:
        """Write a line's state, and its place in the channel once that is known."""
        self._vault.run(
            "UPDATE message SET state = ?, seq = coalesce(?, seq) WHERE id = ?",
            state,
            seq,
            message_id,
        )

    def seq_of(self, message_id: str) -> int | None:
        """Return the record that carried a line."""
        return self._vault.value("SELECT seq FROM message WHERE id = ?", message_id)

    def newest_received(self, thread_id: str, *, is_seen: bool) -> str | None:
        """Return the newest line from somebody else (that was seen), for a receipt."""
        return self._vault.value(
            "SELECT id FROM message WHERE conversation = ? AND mine = 0 AND kind = 'text' "
            "AND seq IS NOT NULL AND seen >= ? ORDER BY seq DESC LIMIT 1",
            thread_id,
            int(is_seen),
        )

    def note_receipt(self, thread_id: str, account: str, delivered: int, read: int) -> None:
        """An account has everything up to these records; receipts never go back."""
        self._vault.run(
            "INSERT INTO receipt VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "delivered = max(delivered, excluded.delivered), read = max(read, excluded.read)",
            thread_id,
            account,
            delivered,
            read,
        )

    def apply_receipts(self, thread_id: str, others: list[str]) -> list[str]:
        """Raise the states of own lines to what all others confirmed; return what changed."""
        if not others:
            return []
        marks = ",".join("?" * len(others))
        row = self._vault.row(
            "SELECT count(*), min(delivered), min(read) FROM receipt "  # noqa: S608
            f"WHERE conversation = ? AND account IN ({marks})",
            thread_id,
            *others,
        )
        if row is None or row[0] < len(others):
            return []
        changed: list[str] = []
        for state, seq, below in (("read", row[2], "('sent','delivered')"),
                                  ("delivered", row[1], "('sent')")):  # fmt: skip
            rows = self._vault.rows(
                "UPDATE message SET state = ? WHERE conversation = ? AND mine = 1 "  # noqa: S608
                f"AND kind = 'text' AND seq <= ? AND state IN {below} RETURNING id",
                state,
                thread_id,
                seq,
            )
            changed += [item[0] for item in rows]
        return changed

    def search(self, words: str) -> list[tuple[Line, str]]:
        """Find lines with all these words; returns each with its marked snippet, best first."""
        terms = " ".join('"' + word.replace('"', '""') + '"*' for word in words.split())
        if not terms:
            return []
        rows = self._vault.rows(
            f"SELECT {_COLUMNS}, snippet(message_word, 0, ?, ?, '…', ?) "  # noqa: S608
            "FROM message_word JOIN message m ON m.place = message_word.rowid "
            "WHERE message_word MATCH ? AND m.kind = 'text' ORDER BY rank, m.place DESC LIMIT ?",
            HIT_BEGIN,
            HIT_END,
            SNIPPET_WORDS,
            terms,
            SEARCH_HITS_MAX,
        )
        return [(_line(row[:-1]), row[-1]) for row in rows]


def _line(row: Row) -> Line:
    place, message_id, thread_id, sender, is_mine, kind, text, at, state, is_seen = row
    return Line(
        place, message_id, thread_id, sender, bool(is_mine), kind, text, at, state, bool(is_seen)
    )
