"""The machine that is looked at: a tree of files, and a few commands with tight limits."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# A command that needs longer would keep the person waiting; its signal is unknown then.
COMMAND_SECONDS_MAX = 0.12
# The largest file we read is a package list of a few megabytes.
FILE_BYTES_MAX = 16 << 20

# Programs are looked for in the system's own folders: a planted one in a user's PATH could lie.
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED_ON = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME")


class CommandRunner(Protocol):
    """Runs a command and returns what it printed."""

    def run(self, *command: str) -> str | None:
        """Return the output; none if the command is absent, fails or takes too long."""
        ...


@dataclass(frozen=True, slots=True)
class SystemRunner:
    """Runs commands of this machine, without a shell and with nothing from the user's path."""

    seconds_max: float = COMMAND_SECONDS_MAX

    def run(self, *command: str) -> str | None:
        """Return the output; none if the command is absent, fails or takes too long."""
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            done = subprocess.run(  # noqa: S603 - fixed commands, no shell
                command,
                env={**kept, "PATH": _PATH, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.seconds_max,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Machine:
    """What collectors may look at.

    Args:
        root: the folder that stands for ``/``; tests lay out a tree of files.
        runner: runs the few commands that know what no file says.
        user_id: whose session is looked at.
        installation: the folder that holds the package ``enigm`` and its record.
    """

    root: Path
    runner: CommandRunner
    user_id: int
    installation: Path

    def at(self, path: str) -> Path:
        """Return where an absolute path of the machine stands."""
        return self.root / path.lstrip("/")

    def text(self, path: str) -> str | None:
        """Return a file's text; none if it is absent, unreadable or too large."""
        try:
            with self.at(path).open("rb") as file:
                octets = file.read(FILE_BYTES_MAX + 1)
        except OSError:
            return None
        return None if len(octets) > FILE_BYTES_MAX else octets.decode(errors="replace")

    def line(self, path: str) -> str | None:
        """Return a one-line file's text without the line's end."""
        text = self.text(path)
        return None if text is None else text.strip()

    def names(self, path: str) -> list[str]:
        """Return the names in a folder, sorted; empty if it is absent or unreadable."""
        try:
            return sorted(entry.name for entry in self.at(path).iterdir())
        except OSError:
            return []

    def exists(self, path: str) -> bool:
        """Say whether there is something at a path."""
        try:
            return self.at(path).exists()
        except OSError:
            return False

    def changed_at(self, path: str) -> int | None:
        """Return when a file was last changed, in Unix seconds."""
        try:
            return int(self.at(path).stat().st_mtime)
        except OSError:
            return None

    def has_command(self, name: str) -> bool:
        """Say whether the system has a program of that name."""
        return any(self.exists(f"{folder}/{name}") for folder in _PATH.split(":"))


def this_machine() -> Machine:
    """Return the machine that this program runs on."""
    installation = Path(__file__).resolve().parents[3]
    return Machine(Path("/"), SystemRunner(), os.getuid(), installation)
