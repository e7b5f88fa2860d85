"""How commands print: lines for people, or one JSON value for programs."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from enigm.app import views

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from enigm.foundation.errors import Refusal


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints a command's answer in the way that was asked for."""

    is_json: bool

    def value(self, value: Any, lines: Iterable[str]) -> None:
        """Print the JSON of a value, or these lines."""
        if self.is_json:
            self._write(msgspec.json.encode(value).decode())
        else:
            for line in lines:
                self._write(line)

    def refusal(self, refusal: Refusal) -> None:
        """Print what went wrong, on the error stream."""
        if self.is_json:
            problem = {
                "category": refusal.category.word,
                "code": refusal.code,
                "detail": refusal.detail,
            }
            sys.stderr.write(msgspec.json.encode(problem).decode() + "\n")
        else:
            complain(f"{refusal.detail} ({refusal.code})")

    def _write(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def complain(text: str) -> None:
    """Print one line on the error stream."""
    sys.stderr.write(f"enigm chat: {text}\n")
    sys.stderr.flush()


def printable(text: str) -> str:
    """Return text that cannot move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def conversation_line(row: views.Conversation) -> str:
    """Show a conversation."""
    unread = f"  ({row.unread} new)" if row.unread else ""
    return f"{row.id}  {row.kind:6}  {row.state:9}  {printable(row.title)}{unread}"


def message_line(row: views.Message) -> str:
    """Show a message."""
    at = _local(row.at)
    who = "you" if row.mine else printable(row.sender_name) or "—"
    state = f"  [{row.state}]" if row.mine else ""
    return f"{at:%Y-%m-%d %H:%M}  {who}: {printable(row.text)}{state}"


def contact_line(row: views.Contact) -> str:
    """Show a contact."""
    verified = "  verified" if row.verified else ""
    return f"{printable(row.name):24}  {row.state:9}  {row.account}{verified}"


def request_line(row: views.Request) -> str:
    """Show a request."""
    about = printable(row.title) if isinstance(row.title, str) else printable(row.greeting)
    return f"{row.id}  {row.kind:7}  {printable(row.name)}: {about}"


def device_line(row: views.Device) -> str:
    """Show a device."""
    this = "  (this one)" if row.this else ""
    code = f"  code {row.code}" if isinstance(row.code, str) else ""
    return f"{row.id}  {row.state:8}  {printable(row.name)}{this}{code}"


def session_line(row: views.Session) -> str:
    """Show a session."""
    this = "  (this one)" if row.this else ""
    where = "Command, in a browser" if row.kind == "command" else "the App"
    on = f" on {printable(row.device)}" if row.device else ""
    return f"{row.id}  {where}{on}, since {_local(row.began_at):%H:%M}{this}"


def event_line(event: views.Event) -> str:
    """Show an event by the row that it changes."""
    value = event.value
    if isinstance(value, views.Message):
        return message_line(value)
    if isinstance(value, views.Conversation):
        return conversation_line(value)
    if isinstance(value, views.Contact):
        return contact_line(value)
    if isinstance(value, views.Request):
        return request_line(value)
    if isinstance(value, views.Device):
        return device_line(value)
    if isinstance(value, views.State):
        return f"{value.profile}: {value.stage}, {value.connection}"
    return f"{event.type} {value.id}"


def safety_lines(row: views.Safety) -> list[str]:
    """Show the numbers to compare, four groups on a line."""
    groups: Sequence[str] = row.digits
    lines = [" ".join(groups[i : i + 4]) for i in range(0, len(groups), 4)]
    return [*lines, "verified" if row.verified else "not verified yet"]


def _local(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).astimezone()
