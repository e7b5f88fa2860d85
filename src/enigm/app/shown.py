"""The vault as a screen shows it: rows become the views of docs/app-api.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import UNSET

from enigm.app import views
from enigm.app.identity.safety import safety_digits, safety_qr
from enigm.app.vault.messages import HIT_BEGIN, HIT_END, NAME_BEGIN, NAME_END

if TYPE_CHECKING:
    from enigm.app.home import Home
    from enigm.app.vault.messages import Line
    from enigm.app.vault.people import Person
    from enigm.app.vault.threads import Thread

_HIT = re.compile(f"{HIT_BEGIN}([^{HIT_END}]*){HIT_END}")

_NAME = re.compile(f"{NAME_BEGIN}([0-9a-f]{{64}}){NAME_END}")


class Shown:
    """Builds views of one open profile."""

    def __init__(self, home: Home) -> None:
        """Read from an open profile."""
        self._home = home

    def message(self, line: Line) -> views.Message:
        """Show a line."""
        return views.Message(
            id=line.id,
            conversation=line.thread_id,
            sender=line.sender,
            sender_name=self._sender_name(line),
            mine=line.is_mine,
            text=self._text(line),
            at=line.at,
            state=_state(line),
            kind=line.kind,
        )

    def conversation(self, thread: Thread) -> views.Conversation:
        """Show a row of the list."""
        accounts = {member.account for member in self._home.threads.members(thread.id)}
        return views.Conversation(
            id=thread.id,
            kind=thread.kind,
            title=self.title(thread),
            members=len(accounts),
            unread=self._home.messages.unread(thread.id),
            last=self._last(thread),
            state=_thread_state(thread),
            peer=thread.peer or UNSET,
        )

    def detail(self, thread: Thread) -> views.ConversationDetail:
        """Show a conversation with its members."""
        row = self.conversation(thread)
        return views.ConversationDetail(
            id=row.id,
            kind=row.kind,
            title=row.title,
            members=self._members(thread),
            unread=row.unread,
            last=row.last,
            state=row.state,
            peer=row.peer,
        )

    def title(self, thread: Thread) -> str:
        """Return a conversation's title; one between two is called like the other."""
        if thread.kind == "direct":
            return self._home.name_of(thread.peer)
        return thread.title

    def conversations(self) -> list[views.Conversation]:
        """List what can be opened: of two conversations with one person, the one that is used."""
        home = self._home
        return [self.conversation(thread) for thread in home.threads.all() if self.lists(thread)]

    def lists(self, thread: Thread) -> bool:
        """Tell whether a conversation is listed; a spare one without a line is not."""
        if thread.kind == "group":
            return True
        used = self._home.threads.direct_with(thread.peer)
        is_used = used is not None and used.id == thread.id
        return is_used or self._home.messages.last(thread.id) is not None

    def contact(self, person: Person) -> views.Contact:
        """Show a contact."""
        thread = self._home.threads.direct_with(person.account)
        state = person.state
        return views.Contact(
            account=person.account,
            name=person.shown_name,
            verified=person.is_verified,
            state="requested" if state == "none" else state,
            conversation="" if thread is None else thread.id,
        )

    def requests(self) -> list[views.Request]:
        """List what waits for an answer, newest first."""
        rows = self._home.vault.rows("SELECT id FROM request ORDER BY at DESC, id")
        return [request for row in rows if (request := self.request(row[0])) is not None]

    def request(self, request_id: str) -> views.Request | None:
        """Show a request, if it still waits."""
        row = self._home.vault.row(
            "SELECT id, account, greeting, at, shape, title FROM request WHERE id = ?", request_id
        )
        if row is None:
            return None
        found, account, greeting, at, shape, title = row
        return views.Request(
            id=found,
            account=account,
            name=self._home.name_of(account),
            greeting=greeting,
            at=at,
            kind="group" if shape == "group" else "contact",
            title=title if shape == "group" else UNSET,
        )

    def safety(self, account: str) -> views.Safety:
        """Show the numbers to compare; blocks for a few milliseconds."""
        mine, theirs = self._home.account.fingerprint, bytes.fromhex(account)
        return views.Safety(
            digits=safety_digits(mine, theirs),
            qr_svg=safety_qr(mine, theirs),
            verified=self._home.people.find(account).is_verified,
        )

    def hit(self, line: Line, snippet: str) -> views.SearchHit:
        """Show a message found by search."""
        shown = self.message(line)
        return views.SearchHit(
            id=shown.id,
            conversation=shown.conversation,
            sender=shown.sender,
            sender_name=shown.sender_name,
            mine=shown.mine,
            text=shown.text,
            at=shown.at,
            state=shown.state,
            kind=shown.kind,
            conversation_title=self.title(self._home.threads.get(line.thread_id)),
            snippet=_marked(snippet),
        )

    def _members(self, thread: Thread) -> tuple[views.Member, ...]:
        home = self._home
        leaves = home.threads.members(thread.id)
        accounts = {leaf.account: leaf.is_admin for leaf in leaves}
        members = [
            views.Member(
                account=account,
                name=home.name_of(account),
                me=account == home.me,
                admin=is_admin,
                verified=home.people.find(account).is_verified,
                devices=sum(leaf.account == account for leaf in leaves),
            )
            for account, is_admin in accounts.items()
        ]
        return tuple(sorted(members, key=lambda item: (not item.me, item.name, item.account)))

    def _last(self, thread: Thread) -> views.LastMessage | None:
        line = self._home.messages.last(thread.id)
        if line is None:
            return None
        return views.LastMessage(
            text=self._text(line),
            at=line.at,
            mine=line.is_mine,
            sender_name=self._sender_name(line),
            state=_state(line),
        )

    def _text(self, line: Line) -> str:
        """Return a line's text; a notice names people as they are known by now."""
        if line.kind == "text":
            return line.text
        return _NAME.sub(self._name_in_notice, line.text)

    def _name_in_notice(self, found: re.Match[str]) -> str:
        if found[1] != self._home.me:
            return self._home.name_of(found[1])
        return "You" if found.start() == 0 else "you"

    def _sender_name(self, line: Line) -> str:
        return self._home.name_of(line.sender) if line.sender else ""


def _state(line: Line) -> views.MessageState:
    if line.is_mine or line.kind == "notice":
        return line.state
    return "read" if line.is_seen else "delivered"


def _thread_state(thread: Thread) -> views.ConversationState:
    return "left" if thread.state == "leaving" else thread.state


def _marked(snippet: str) -> tuple[tuple[str, bool], ...]:
    """Split a snippet at its marks: every second part is a hit."""
    parts = _HIT.split(snippet)
    return tuple((part, index % 2 == 1) for index, part in enumerate(parts) if part)
