"""`enigm chat sessions …`: where the account is signed in."""

from __future__ import annotations

from cyclopts import App as CommandLine

from enigm.faces.cli.printing import session_line
from enigm.faces.cli.session import Common, opened, run

sessions = CommandLine(name="sessions", help="Where your account is signed in.")

_COMMON = Common()


@sessions.command(name="list")
def list_sessions(*, common: Common = _COMMON) -> int:
    """List the sessions: the App on which device, or Command in a browser."""

    async def work() -> None:
        async with opened(common) as app:
            rows = await app.sessions()
            common.printer.value(rows, map(session_line, rows))

    return run(common, work)


@sessions.command
def end(session: str, /, *, common: Common = _COMMON) -> int:
    """End a session by its id."""

    async def work() -> None:
        async with opened(common) as app:
            await app.end_session(session)
            common.printer.value(None, ["Ended."])

    return run(common, work)
