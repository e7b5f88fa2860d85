"""`enigm chat`: every deed of the App as a command.

Exit codes: 0 done; 2 a wrong command line; 10 invalid, 11 unauthenticated, 12 forbidden,
13 not found, 14 conflict, 15 gone, 16 unverifiable, 17 exhausted, 18 unavailable; 30 timed out.
"""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App as CommandLine
from cyclopts import Parameter

from enigm.faces.cli import account, devices, groups, people, pin, sessions
from enigm.faces.cli.naming import conversation_of
from enigm.faces.cli.printing import conversation_line, event_line, message_line, printable
from enigm.faces.cli.session import Common, opened, run

app = CommandLine(
    name="chat",
    help=__doc__,
    help_format="plaintext",
    result_action="return_value",
)
for part in (account.COMMANDS, people.COMMANDS):
    for command in part:
        app.command(command)
app.command(people.contacts)
app.command(people.requests)
app.command(groups.groups)
app.command(devices.devices)
app.command(pin.pin)
app.command(sessions.sessions)

_COMMON = Common()

To = Annotated[str, Parameter(help="A contact's name, a group's title, or a conversation's id.")]


@app.command(name="list")
def list_conversations(*, common: Common = _COMMON) -> int:
    """List the conversations, newest first."""

    async def work() -> None:
        async with opened(common) as opened_app:
            rows = await opened_app.conversations()
            common.printer.value(rows, map(conversation_line, rows))

    return run(common, work)


@app.command
def send(to: To, text: str, /, *, common: Common = _COMMON) -> int:
    """Send a text; `-` reads it from standard input."""
    words = sys.stdin.read().rstrip("\n") if text == "-" else text

    async def work() -> None:
        async with opened(common) as opened_app:
            conversation = await conversation_of(opened_app, to)
            sent = await opened_app.send(conversation, words)
            await opened_app.settle(common.wait)
            for message in await opened_app.messages(conversation):
                if message.id == sent.id:
                    sent = message
            common.printer.value(sent, [message_line(sent)])

    return run(common, work)


@app.command
def read(to: To, /, *, limit: int = 50, keep_unread: bool = False, common: Common = _COMMON) -> int:
    """Show the latest messages of a conversation, and mark them as read."""

    async def work() -> None:
        async with opened(common) as opened_app:
            conversation = await conversation_of(opened_app, to)
            rows = await opened_app.messages(conversation, limit=limit)
            common.printer.value(rows, map(message_line, rows))
            if rows and not keep_unread:
                await opened_app.mark_read(conversation, rows[-1].id)

    return run(common, work)


@app.command
def listen(
    *,
    count: Annotated[int, Parameter(help="End after so many events; 0 goes on.")] = 0,
    common: Common = _COMMON,
) -> int:
    """Print what happens, one line for each event, until Ctrl-C."""

    async def work() -> None:
        async with opened(common, is_fresh=False) as opened_app:
            seen = 0
            async for event in opened_app.events():
                common.printer.value(event, [event_line(event)])
                seen += 1
                if seen == count:
                    return

    return run(common, work)


@app.command
def search(words: str, /, *, common: Common = _COMMON) -> int:
    """Find messages that hold all these words."""

    async def work() -> None:
        async with opened(common, is_fresh=False) as opened_app:
            hits = await opened_app.search(words)
            lines = [
                f"{printable(hit.conversation_title)}  "
                + printable(
                    "".join(f"[{text}]" if is_hit else text for text, is_hit in hit.snippet)
                )
                for hit in hits
            ]
            common.printer.value(hits, lines)

    return run(common, work)
