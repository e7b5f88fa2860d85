"""One command's visit to a profile: opened with the password, brought up to date, closed again."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from enigm.app.app import App
from enigm.app.options import Options
from enigm.faces.cli.printing import Printer, complain
from enigm.foundation.errors import Category, InvalidError, Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

    from enigm.app.security.needs import LocalAgent

Result = TypeVar("Result")

PASSWORD_VARIABLE = "ENIGM_PASSWORD"
# Scripts match on these: 10 plus the category's place in docs/app-api.md's list. Never renumber.
EXIT_CODES = {category: 10 + place for place, category in enumerate(Category)}
EXIT_TIMED_OUT = 30
EXIT_INTERRUPTED = 130


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """What every command takes.

    Args:
        profile: which person on this machine.
        service: the service's address; a profile remembers the one it used.
        json: one JSON value on standard output, for programs.
        password_file: a file whose first line is the password; otherwise ENIGM_PASSWORD or a
            question.
        wait: how many seconds to wait for the service before giving up.
    """

    profile: str = "default"
    service: str | None = None
    json: Annotated[bool, Parameter(negative="")] = False
    password_file: Path | None = None
    wait: float = 20.0

    @property
    def printer(self) -> Printer:
        """How this command prints."""
        return Printer(is_json=self.json)

    def password(self, question: str = "Password: ") -> str:
        """Return the password from the file, the variable or the person at the screen."""
        if self.password_file is not None:
            return _first_line(self.password_file)
        if given := os.environ.get(PASSWORD_VARIABLE):
            return given
        if not sys.stdin.isatty():
            raise InvalidError(
                "chat.password", "Give the password by --password-file or ENIGM_PASSWORD."
            )
        return getpass.getpass(question)


def profiles_folder() -> Path:
    """Return where this machine's profiles lie: ENIGM_DATA, else XDG_DATA_HOME/enigm."""
    data_home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    root = os.environ.get("ENIGM_DATA") or Path(data_home) / "enigm"
    return Path(root).expanduser() / "app"


@contextlib.asynccontextmanager
async def started(common: Common, agent: LocalAgent | None = None) -> AsyncGenerator[App]:
    """Take hold of the profile for one command; ``agent`` looks at the machine for it."""
    app = App(Options(common.profile, common.service, profiles_folder(), agent=agent))
    await app.start()
    try:
        yield app
    finally:
        await app.close()


@contextlib.asynccontextmanager
async def opened(
    common: Common, *, is_fresh: bool = True, agent: LocalAgent | None = None
) -> AsyncGenerator[App]:
    """Unlock the profile, fetch what waits, and send what was made before closing."""
    async with started(common, agent) as app:
        await app.unlock(common.password())
        if is_fresh:
            await _settle(app, common, sent=False)
        yield app
        await _settle(app, common, sent=True)


def run(common: Common, deed: Callable[[], Coroutine[None, None, int | None]]) -> int:
    """Run a command's work; return the number that the process ends with."""
    try:
        return asyncio.run(deed()) or 0
    except Refusal as refusal:
        common.printer.refusal(refusal)
        return EXIT_CODES[refusal.category]
    except TimeoutError:
        complain("The service did not answer in time; what was asked is kept and sent later.")
        return EXIT_TIMED_OUT
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


async def _settle(app: App, common: Common, *, sent: bool) -> None:
    if app.state().stage == "ready" and not await app.settle(common.wait, sent=sent):
        raise TimeoutError


def _first_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError("chat.password_file", "The password file cannot be read.") from error
    if not lines:
        raise InvalidError("chat.password_file", "The password file is empty.")
    return lines[0]
