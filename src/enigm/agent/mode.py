"""Managed mode: off until its user turns it on, and all that it kept is gone when turned off."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.foundation.errors import ForbiddenError, SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.foundation.clock import Clock

_MODE_FILE: Final = "managed.json"


class ManagedModeOffError(ForbiddenError):
    """Nothing about this machine leaves it while its user has not said so."""

    def __init__(self) -> None:
        """Say how to turn it on."""
        super().__init__("agent.off", "Managed mode is off. Turn it on with: enigm agent on")


class _Mode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    managed_since: int


@dataclass(frozen=True, slots=True)
class ManagedMode:
    """The folder in the user's own configuration that holds the wish of one profile.

    Turning managed mode on or off changes nothing about messages. One profile's wish is not
    another's, though both are on one machine.
    """

    folder: Path

    @staticmethod
    def of(environment: Mapping[str, str], profile: str = "default") -> ManagedMode:
        """Find the folder: XDG_CONFIG_HOME/enigm/agent, else ~/.config/enigm/agent."""
        home = Path(environment.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
        return ManagedMode(home / "enigm" / "agent" / profile)

    def since(self) -> int | None:
        """Return when it was turned on, in Unix seconds; none while it is off."""
        try:
            octets = (self.folder / _MODE_FILE).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(octets, type=_Mode).managed_since
        except msgspec.MsgspecError as error:
            # A damaged file is no consent.
            raise SetupError(
                f"{self.folder / _MODE_FILE} is damaged. Run: enigm agent off"
            ) from error

    def turn_on(self, clock: Clock) -> None:
        """Remember the user's wish."""
        if self.since() is None:
            self.keep(_MODE_FILE, msgspec.json.encode(_Mode(clock.now_seconds())))

    def turn_off(self) -> None:
        """Forget everything: the wish, and what attestation kept."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()

    def require_on(self) -> None:
        """Return if the user turned it on; raises ManagedModeOffError."""
        if self.since() is None:
            raise ManagedModeOffError

    def keep(self, name: str, octets: bytes) -> None:
        """Write a file that only this user can read, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f".{name}.new"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / name)

    def kept(self, name: str) -> bytes | None:
        """Return what was kept under a name."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
