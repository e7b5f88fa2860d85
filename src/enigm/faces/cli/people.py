"""`enigm chat contacts …`, `requests …`, `safety`, `invite`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App as CommandLine
from cyclopts import Parameter

from enigm.faces.cli.naming import account_of, request_of
from enigm.faces.cli.printing import (
    contact_line,
    conversation_line,
    request_line,
    safety_lines,
)
from enigm.faces.cli.session import Common, opened, run

if TYPE_CHECKING:
    from enigm.app import views
    from enigm.app.app import App

contacts = CommandLine(name="contacts", help="People you asked, accepted or blocked.")
requests = CommandLine(name="requests", help="People and groups that ask for you.")

_COMMON = Common()


@contacts.command(name="list")
def list_contacts(*, common: Common = _COMMON) -> int:
    """List the contacts."""

    async def work() -> None:
        async with opened(common) as app:
            rows = await app.contacts()
            common.printer.value(rows, map(contact_line, rows))

    return run(common, work)


@contacts.command
def add(
    username: str | None = None,
    /,
    *,
    invite_link: Annotated[str | None, Parameter(help="enigm:invite#…")] = None,
    greeting: str = "",
    common: Common = _COMMON,
) -> int:
    """Ask somebody to talk, by user name or by invite link."""

    async def work() -> None:
        async with opened(common) as app:
            row = await app.add_contact(username=username, invite=invite_link, greeting=greeting)
            common.printer.value(row, [contact_line(row)])

    return run(common, work)


@contacts.command
def block(name: str, /, *, common: Common = _COMMON) -> int:
    """Show nothing more from somebody."""

    async def work() -> None:
        async with opened(common) as app:
            row = await app.block(await account_of(app, name))
            common.printer.value(row, [contact_line(row)])

    return run(common, work)


@contacts.command
def unblock(name: str, /, *, common: Common = _COMMON) -> int:
    """Undo `block`."""

    async def work() -> None:
        async with opened(common) as app:
            row = await app.unblock(await account_of(app, name))
            common.printer.value(row, [contact_line(row)])

    return run(common, work)


@requests.command(name="list")
def list_requests(*, common: Common = _COMMON) -> int:
    """List what waits for an answer."""

    async def work() -> None:
        async with opened(common) as app:
            rows = await app.requests()
            common.printer.value(rows, map(request_line, rows))

    return run(common, work)


@requests.command
def accept(name: str, /, *, common: Common = _COMMON) -> int:
    """Accept a request, by its id or by the name of who asks."""

    async def work() -> None:
        async with opened(common) as app:
            row = await app.accept_request(await request_of(app, name))
            common.printer.value(row, [await _line(app, row.id)])

    return run(common, work)


@requests.command
def refuse(name: str, /, *, common: Common = _COMMON) -> int:
    """Refuse a request; who asked learns nothing."""

    async def work() -> None:
        async with opened(common) as app:
            await app.refuse_request(await request_of(app, name))
            common.printer.value(None, ["Refused."])

    return run(common, work)


def safety(
    name: str,
    /,
    *,
    verified: Annotated[bool | None, Parameter(help="Remember that they agree, or not.")] = None,
    common: Common = _COMMON,
) -> int:
    """Show the safety numbers with a contact, to compare by another way."""

    async def work() -> None:
        async with opened(common, is_fresh=False) as app:
            account = await account_of(app, name)
            row: views.Safety
            if verified is None:
                row = await app.safety(account)
            else:
                row = await app.set_verified(account, verified=verified)
            common.printer.value(row, safety_lines(row))

    return run(common, work)


def invite(*, common: Common = _COMMON) -> int:
    """Show the link by which others can ask you."""

    async def work() -> None:
        async with opened(common, is_fresh=False) as app:
            row = await app.invite()
            common.printer.value(row, [row.link])

    return run(common, work)


COMMANDS = (safety, invite)


async def _line(app: App, conversation: str) -> str:
    for row in await app.conversations():
        if row.id == conversation:
            return conversation_line(row)
    return conversation
