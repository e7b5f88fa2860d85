"""The vault's pages about conversations: where each stands, who is in it, its log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from enigm.app.errors import UnknownThingError

if TYPE_CHECKING:
    from enigm.app.vault.file import Row, VaultFile

ThreadKind = Literal["direct", "group"]
ThreadState = Literal["active", "requested", "leaving", "left", "removed"]
"""``leaving``: asked to go, and still a member until another member's commit says so."""

# Enough for every message that can be in flight while a sender looked at the log.
LOG_HEADS_MAX = 2048

_COLUMNS = (
    "id, kind, title, peer, state, is_created, cursor, log_count, log_head, is_disputed, "
    "changed_at, updated_keys_at"
)


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation as the vault keeps it; ``id`` is its channel in hexadecimal."""

    id: str
    kind: ThreadKind
    title: str
    peer: str
    state: ThreadState
    is_created: bool
    cursor: int
    log_count: int
    log_head: bytes = field(repr=False)
    is_disputed: bool
    changed_at: int
    updated_keys_at: int

    @property
    def channel(self) -> bytes:
        """The channel at the service, and the group's id in MLS."""
        return bytes.fromhex(self.id)

    @property
    def is_followed(self) -> bool:
        """Tell whether this device is still a member."""
        return self.state in {"active", "requested", "leaving"}


@dataclass(frozen=True, slots=True)
class MemberDevice:
    """One leaf of a group."""

    device_public: bytes
    account: str
    is_admin: bool


class Threads:
    """Reads and writes of those pages; every write belongs to the caller's transaction."""

    def __init__(self, vault: VaultFile) -> None:
        """Work on an open vault."""
        self._vault = vault

    def get(self, thread_id: str) -> Thread:
        """Return a conversation; raises UnknownThingError."""
        found = self.find(thread_id)
        if found is None:
            raise UnknownThingError("conversation")
        return found

    def find(self, thread_id: str) -> Thread | None:
        """Return a conversation, or None."""
        row = self._vault.row(f"SELECT {_COLUMNS} FROM conversation WHERE id = ?", thread_id)  # noqa: S608
        return None if row is None else _thread(row)

    def all(self) -> list[Thread]:
        """Return every conversation, the one that changed last first."""
        rows = self._vault.rows(
            f"SELECT {_COLUMNS} FROM conversation ORDER BY changed_at DESC, id"  # noqa: S608
        )
        return [_thread(row) for row in rows]

    def followed(self) -> list[Thread]:
        """Return the conversations that this device still takes part in."""
        return [thread for thread in self.all() if thread.is_followed]

    def direct_with(self, account: str) -> Thread | None:
        """Return the direct conversation with an account: an open one before an ended one."""
        row = self._vault.row(
            f"SELECT {_COLUMNS} FROM conversation WHERE kind = 'direct' AND peer = ? "  # noqa: S608
            "ORDER BY state IN ('active', 'requested') DESC, state = 'active' DESC, id LIMIT 1",
            account,
        )
        return None if row is None else _thread(row)

    def put(self, thread: Thread) -> None:
        """Write a conversation whole."""
        self._vault.run(
            f"INSERT OR REPLACE INTO conversation ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
            thread.id,
            thread.kind,
            thread.title,
            thread.peer,
            thread.state,
            int(thread.is_created),
            thread.cursor,
            thread.log_count,
            thread.log_head,
            int(thread.is_disputed),
            thread.changed_at,
            thread.updated_keys_at,
        )

    def touch(self, thread_id: str, now_seconds: int) -> None:
        """Move a conversation up the list."""
        self._vault.run(
            "UPDATE conversation SET changed_at = ? WHERE id = ?", now_seconds, thread_id
        )

    def set_state(self, thread_id: str, state: ThreadState) -> None:
        """Write where this account stands in a conversation."""
        self._vault.run("UPDATE conversation SET state = ? WHERE id = ?", state, thread_id)

    def set_created(self, thread_id: str) -> None:
        """The service has the channel."""
        self._vault.run(
            "UPDATE conversation SET is_created = 1, admission = NULL WHERE id = ?", thread_id
        )

    def admission(self, thread_id: str) -> bytes | None:
        """Return the token that pays for the channel, if one was set aside."""
        return self._vault.value("SELECT admission FROM conversation WHERE id = ?", thread_id)

    def keep_admission(self, thread_id: str, token: bytes | None) -> None:
        """Set a token aside, so that a retry spends the same one; None after it was spent."""
        self._vault.run("UPDATE conversation SET admission = ? WHERE id = ?", token, thread_id)

    def set_disputed(self, thread_id: str) -> None:
        """Members saw different histories: compare no further in this epoch."""
        self._vault.run("UPDATE conversation SET is_disputed = 1 WHERE id = ?", thread_id)

    def advance(self, thread: Thread, cursor: int, head: bytes) -> None:
        """One more record of this epoch was read."""
        count = thread.log_count + 1
        self._vault.run(
            "UPDATE conversation SET cursor = ?, log_count = ?, log_head = ? WHERE id = ?",
            cursor,
            count,
            head,
            thread.id,
        )
        self._vault.run("INSERT OR REPLACE INTO log_head VALUES (?, ?, ?)", thread.id, count, head)
        self._vault.run(
            "DELETE FROM log_head WHERE conversation = ? AND count <= ?",
            thread.id,
            count - LOG_HEADS_MAX,
        )

    def begin_epoch(self, thread_id: str, head: bytes) -> None:
        """Start the epoch's log anew, from something that only its members know."""
        self._vault.run("DELETE FROM log_head WHERE conversation = ?", thread_id)
        self._vault.run("INSERT INTO log_head VALUES (?, 0, ?)", thread_id, head)
        self._vault.run(
            "UPDATE conversation SET log_count = 0, log_head = ?, is_disputed = 0 WHERE id = ?",
            head,
            thread_id,
        )

    def log_head(self, thread_id: str, count: int) -> bytes | None:
        """Return how the epoch's log looked after so many records, if that is still known."""
        return self._vault.value(
            "SELECT head FROM log_head WHERE conversation = ? AND count = ?", thread_id, count
        )

    def set_title(self, thread_id: str, title: str) -> None:
        """Write the title that the group's policy holds."""
        self._vault.run("UPDATE conversation SET title = ? WHERE id = ?", title, thread_id)

    def set_updated_keys(self, thread_id: str, now_seconds: int) -> None:
        """This device gave its leaf fresh keys."""
        self._vault.run(
            "UPDATE conversation SET updated_keys_at = ? WHERE id = ?", now_seconds, thread_id
        )

    def members(self, thread_id: str) -> list[MemberDevice]:
        """Return the group's leaves."""
        rows = self._vault.rows(
            "SELECT device_public, account, is_admin FROM member WHERE conversation = ? "
            "ORDER BY account, device_public",
            thread_id,
        )
        return [MemberDevice(device, account, bool(admin)) for device, account, admin in rows]

    def set_members(self, thread_id: str, members: list[MemberDevice]) -> None:
        """Write the group's leaves."""
        self._vault.run("DELETE FROM member WHERE conversation = ?", thread_id)
        self._vault.run_many(
            "INSERT INTO member VALUES (?, ?, ?, ?)",
            [(thread_id, item.device_public, item.account, int(item.is_admin)) for item in members],
        )

    def with_account(self, account: str) -> list[str]:
        """Return the conversations that an account is in."""
        rows = self._vault.rows(
            "SELECT DISTINCT conversation FROM member WHERE account = ?", account
        )
        return [row[0] for row in rows]


def _thread(row: Row) -> Thread:
    (*head, is_created, cursor, count, log_head, is_disputed, changed_at, updated_at) = row
    return Thread(
        *head,
        is_created=bool(is_created),
        cursor=cursor,
        log_count=count,
        log_head=log_head,
        is_disputed=bool(is_disputed),
        changed_at=changed_at,
        updated_keys_at=updated_at,
    )
