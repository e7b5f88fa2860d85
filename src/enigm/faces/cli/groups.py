"""`enigm chat groups …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App as CommandLine

from enigm.faces.cli.naming import account_of, conversation_of
from enigm.faces.cli.printing import printable
from enigm.faces.cli.session import Common, opened, run

if TYPE_CHECKING:
    from enigm.app import views

groups = CommandLine(name="groups", help="Conversations of more than two.")

_COMMON = Common()


@groups.command
def create(title: str, *members: str, common: Common = _COMMON) -> int:
    """Make a group with these contacts."""

    async def work() -> None:
        async with opened(common) as app:
            accounts = [await account_of(app, name) for name in members]
            _show(common, await app.create_group(title, accounts))

    return run(common, work)


@groups.command
def show(group: str, /, *, common: Common = _COMMON) -> int:
    """Show a conversation's members."""

    async def work() -> None:
        async with opened(common) as app:
            _show(common, await app.conversation(await conversation_of(app, group)))

    return run(common, work)


@groups.command
def add(group: str, member: str, /, *, common: Common = _COMMON) -> int:
    """Add a contact to a group."""

    async def work() -> None:
        async with opened(common) as app:
            conversation = await conversation_of(app, group)
            _show(common, await app.add_member(conversation, await account_of(app, member)))

    return run(common, work)


@groups.command
def remove(group: str, member: str, /, *, common: Common = _COMMON) -> int:
    """Remove a member, by name or account."""

    async def work() -> None:
        async with opened(common) as app:
            conversation = await conversation_of(app, group)
            detail = await app.conversation(conversation)
            found = [item.account for item in detail.members if item.name == member]
            account = found[0] if found else await account_of(app, member)
            _show(common, await app.remove_member(conversation, account))

    return run(common, work)


@groups.command
def rename(group: str, title: str, /, *, common: Common = _COMMON) -> int:
    """Give a group another title."""

    async def work() -> None:
        async with opened(common) as app:
            _show(common, await app.rename(await conversation_of(app, group), title))

    return run(common, work)


@groups.command
def leave(group: str, /, *, common: Common = _COMMON) -> int:
    """Leave a conversation."""

    async def work() -> None:
        async with opened(common) as app:
            await app.leave(await conversation_of(app, group))
            common.printer.value(None, ["You left."])

    return run(common, work)


def _show(common: Common, row: views.ConversationDetail) -> None:
    members = [
        f"  {printable(item.name)}{' (you)' if item.me else ''}{' admin' if item.admin else ''}"
        for item in row.members
    ]
    common.printer.value(row, [f"{row.id}  {printable(row.title)}  {row.state}", *members])
