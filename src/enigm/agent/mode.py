"""Managed mode: off until its user turns it on, and all that it kept is gone when turned off."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.crypto.signatures import Ed25519
from enigm.foundation.errors import ForbiddenError, SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.crypto.signatures import SigningKey
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

_MODE_FILE: Final = "managed.json"
_KEY_FILE: Final = "device.key"
_KEY_BYTES: Final = 32


class ManagedModeOffError(ForbiddenError):
    """Nothing about this machine leaves it while its user has not said so."""

    def __init__(self) -> None:
        """Say how to turn it on."""
        super().__init__("agent.off", "Managed mode is off. Turn it on with: enigm agent on")


class _Mode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    managed_since: int


@dataclass(frozen=True, slots=True)
class ManagedMode:
    """The agent's folder in the user's own configuration.

    The App has no part in it: turning managed mode on or off changes nothing about messages.
    """

    folder: Path

    @staticmethod
    def of(environment: Mapping[str, str]) -> ManagedMode:
        """Find the folder: XDG_CONFIG_HOME/enigm/agent, else ~/.config/enigm/agent."""
        home = Path(environment.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
        return ManagedMode(home / "enigm" / "agent")

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

    def turn_on(self, clock: Clock, entropy: Entropy) -> None:
        """Remember the user's wish and make the key that signs this machine's reports."""
        if self.since() is not None:
            return
        self.keep(_KEY_FILE, entropy.random_bytes(_KEY_BYTES))
        self.keep(_MODE_FILE, msgspec.json.encode(_Mode(clock.now_seconds())))

    def turn_off(self) -> None:
        """Forget everything: the wish, the key, what attestation kept."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()

    def device_key(self) -> SigningKey:
        """Return the key that signs reports; raises ManagedModeOffError."""
        self.require_on()
        try:
            return Ed25519.from_seed((self.folder / _KEY_FILE).read_bytes())
        except FileNotFoundError as error:
            raise SetupError(
                "The agent's key is gone. Run: enigm agent off, then on again."
            ) from error

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
