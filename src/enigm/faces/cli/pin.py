"""`enigm chat pin …`: the PIN that critical commands ask for."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App as CommandLine
from cyclopts import Parameter

from enigm.faces.cli.phrase import typed_phrase
from enigm.faces.cli.session import Common, opened, run
from enigm.foundation.errors import InvalidError

pin = CommandLine(name="pin", help="The PIN that critical commands ask for.")

PIN_VARIABLE = "ENIGM_PIN"
PinStdin = Annotated[
    bool,
    Parameter(
        name="--pin-stdin",
        negative="",
        help="Read the PIN from standard input, a line each; otherwise ENIGM_PIN or a question.",
    ),
]

_COMMON = Common()


def asked_pin(question: str = "PIN: ", *, stdin: bool) -> str:
    """Return the PIN from standard input, the variable or the person at the screen."""
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    if given := os.environ.get(PIN_VARIABLE):
        return given
    return new_pin(question, stdin=False)


def new_pin(question: str, *, stdin: bool) -> str:
    """Return another PIN than the one in use: from standard input, or the person."""
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise InvalidError("chat.pin", "Give the PIN by --pin-stdin.")
    return getpass.getpass(question)


@pin.command
def status(*, common: Common = _COMMON) -> int:
    """Tell whether a PIN is set, and how many tries are left."""

    async def work() -> None:
        async with opened(common, is_fresh=False) as app:
            state = await app.pin()
            word = "set" if state.is_set else "not set"
            common.printer.value(state, [f"The PIN is {word}; {state.tries_left} tries are left."])

    return run(common, work)


@pin.command(name="set")
def set_pin(*, pin_stdin: PinStdin = False, common: Common = _COMMON) -> int:
    """Set a first PIN of 6 to 12 digits."""

    async def work() -> None:
        chosen = asked_pin("New PIN: ", stdin=pin_stdin)
        async with opened(common, is_fresh=False) as app:
            await app.set_pin(common.password(), chosen)
            common.printer.value(await app.pin(), ["The PIN is set."])

    return run(common, work)


@pin.command
def change(*, pin_stdin: PinStdin = False, common: Common = _COMMON) -> int:
    """Change the PIN: first the one in use, then the new one."""

    async def work() -> None:
        used = asked_pin(stdin=pin_stdin)
        chosen = new_pin("New PIN: ", stdin=pin_stdin)
        async with opened(common, is_fresh=False) as app:
            await app.change_pin(used, chosen)
            common.printer.value(await app.pin(), ["The PIN is changed."])

    return run(common, work)


@pin.command
def duress(
    *,
    none: Annotated[bool, Parameter(negative="", help="Take the duress PIN away.")] = False,
    pin_stdin: PinStdin = False,
    common: Common = _COMMON,
) -> int:
    """Choose a duress PIN: first the PIN in use, then the one that only seems to work."""

    async def work() -> None:
        used = asked_pin(stdin=pin_stdin)
        chosen = None if none else new_pin("Duress PIN: ", stdin=pin_stdin)
        async with opened(common, is_fresh=False) as app:
            await app.set_duress_pin(used, chosen)
            common.printer.value(await app.pin(), ["Done."])

    return run(common, work)


@pin.command
def remove(*, pin_stdin: PinStdin = False, common: Common = _COMMON) -> int:
    """Remove the PIN and the duress PIN."""

    async def work() -> None:
        used = asked_pin(stdin=pin_stdin)
        async with opened(common, is_fresh=False) as app:
            await app.remove_pin(used)
            common.printer.value(await app.pin(), ["The PIN is removed."])

    return run(common, work)


@pin.command
def reset(
    *,
    phrase_file: Annotated[Path | None, Parameter(help="A file with the 24 words.")] = None,
    pin_stdin: PinStdin = False,
    common: Common = _COMMON,
) -> int:
    """Set a new PIN by the 24 words; lifts what a duress PIN held."""

    async def work() -> None:
        words = typed_phrase(phrase_file)
        chosen = new_pin("New PIN: ", stdin=pin_stdin)
        async with opened(common, is_fresh=False) as app:
            await app.reset_pin(words, chosen)
            common.printer.value(await app.pin(), ["The PIN is reset."])

    return run(common, work)
