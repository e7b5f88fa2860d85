"""`enigm chat register`, `link`, `recover`, `status`, `password`, `delete`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from enigm.faces.cli.phrase import typed_phrase
from enigm.faces.cli.pin import PinStdin, asked_pin
from enigm.faces.cli.printing import complain
from enigm.faces.cli.session import Common, opened, run, started
from enigm.foundation.errors import InvalidError, Refusal

if TYPE_CHECKING:
    from enigm.app.app import App
    from enigm.app.views import LinkCode, PhraseToConfirm

_COMMON = Common()


def register(
    username: str,
    /,
    *,
    invite: Annotated[str | None, Parameter(help="Where the service wants one.")] = None,
    phrase_to: Annotated[
        Path | None, Parameter(help="Write the 24 words to this new file instead of asking.")
    ] = None,
    common: Common = _COMMON,
) -> int:
    """Make an account: a name and a password, nothing else."""

    async def work() -> None:
        async with started(common) as app:
            shown = await app.register(username, common.password(), invite)
            _keep_phrase(shown, phrase_to, common)
            await _confirm(app, shown, is_asked=phrase_to is None and not common.json)
            await app.settle(common.wait)
            state = app.state()
            answer = {"state": state, "phrase": shown.phrase} if phrase_to is None else state
            common.printer.value(answer, [f"Welcome, {state.username}."])

    return run(common, work)


def recover(
    *,
    phrase_file: Annotated[Path | None, Parameter(help="A file with the 24 words.")] = None,
    common: Common = _COMMON,
) -> int:
    """Bring an account back on this machine by its 24 words; the password becomes a new one."""

    async def work() -> None:
        async with started(common) as app:
            words = typed_phrase(phrase_file)
            state = await app.recover(words, common.password("New password: "))
            await app.settle(common.wait)
            common.printer.value(state, [f"Welcome back, {state.username}."])

    return run(common, work)


def link(
    username: Annotated[
        str, Parameter(help="Your user name; none goes on waiting after an interruption.")
    ] = "",
    /,
    *,
    approval_seconds: Annotated[float, Parameter(help="How long to wait.")] = 300.0,
    common: Common = _COMMON,
) -> int:
    """Sign in on this machine and wait until another device of the account approves."""

    async def work() -> None:
        async with started(common) as app:
            code = await _link_code(app, username, common)
            common.printer.value(code, [f"Approve on another device. Code: {code.code}"])
            async with asyncio.timeout(approval_seconds):
                await _approved(app)
            await app.settle(common.wait)
            state = app.state()
            common.printer.value(state, [f"This device is trusted: {state.stage}."])

    return run(common, work)


def status(*, common: Common = _COMMON) -> int:
    """Show the profile's stage without unlocking it."""

    async def work() -> None:
        async with started(common) as app:
            state = app.state()
            common.printer.value(state, [f"{state.profile}: {state.stage}, {state.service}"])

    return run(common, work)


def password(
    *,
    new_password_file: Annotated[Path, Parameter(help="A file whose first line is the new one.")],
    pin_stdin: PinStdin = False,
    common: Common = _COMMON,
) -> int:
    """Change the account's password, and this vault's."""

    async def work() -> None:
        fresh = Common(password_file=new_password_file).password()
        pin = asked_pin(stdin=pin_stdin)
        async with opened(common) as app:
            await app.change_password(common.password(), fresh, pin)
            common.printer.value(app.state(), ["The password is changed."])

    return run(common, work)


def delete(*, yes: bool = False, pin_stdin: PinStdin = False, common: Common = _COMMON) -> int:
    """Erase the account at the service and this profile, for good."""

    async def work() -> None:
        if not yes:
            raise InvalidError("chat.confirm", "This erases everything: say --yes if you mean it.")
        async with started(common) as app:
            given, pin = common.password(), asked_pin(stdin=pin_stdin)
            await app.unlock(given)
            await app.settle(common.wait, sent=False)
            await app.delete_account(given, pin)
            common.printer.value(app.state(), ["The account is erased."])

    return run(common, work)


COMMANDS = (register, recover, link, status, password, delete)


async def _link_code(app: App, username: str, common: Common) -> LinkCode:
    if username:
        return await app.link(username, common.password())
    await app.unlock(common.password())
    return await app.link_code()


async def _approved(app: App) -> None:
    """Wait for the event that says that this device's stage is another one."""
    feed = app.events()
    while app.state().stage == "awaiting_approval":
        await anext(feed)


def _keep_phrase(shown: PhraseToConfirm, phrase_to: Path | None, common: Common) -> None:
    """Show the words, or write them to a file that only its owner can read."""
    if phrase_to is None:
        if not common.json:
            complain("Write these 24 words down. They are your account, and are shown once:")
            complain(" ".join(shown.phrase))
        return
    try:
        handle = os.open(phrase_to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidError("chat.phrase_file", "The phrase's file must be a new one.") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(" ".join(shown.phrase) + "\n")


async def _confirm(app: App, shown: PhraseToConfirm, *, is_asked: bool) -> None:
    """Ask for the words, unless a program or a file took them."""
    while True:
        words = {
            place: await asyncio.to_thread(input, f"Word {place}: ")
            if is_asked
            else shown.phrase[place - 1]
            for place in shown.ask
        }
        try:
            await app.confirm_phrase(words)
        except Refusal as refusal:
            if not is_asked:
                raise
            complain(refusal.detail)
        else:
            return
