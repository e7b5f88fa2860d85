"""A profile's folder: the vault, the file beside it, and the lock that keeps a second App out."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from typing import TYPE_CHECKING

from enigm.app.errors import InvalidProfileError, ProfileInUseError
from enigm.app.vault import wrapping
from enigm.app.vault.file import VaultFile, open_vault

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.foundation.entropy import Entropy

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Profile:
    """One person's folder on this machine."""

    def __init__(self, folder: Path, name: str) -> None:
        """Name the folder; nothing is made yet. Raises InvalidProfileError."""
        if _NAME.fullmatch(name) is None:
            raise InvalidProfileError("A profile's name is 1 to 64 letters, digits, dots, dashes.")
        self.name = name
        self.folder = folder.expanduser() / name
        self._header = self.folder / "vault.json"
        self._vault = self.folder / "vault.db"
        self._lock: int | None = None

    @property
    def exists(self) -> bool:
        """Tell whether a vault was made here."""
        return self._header.exists()

    @property
    def service(self) -> str | None:
        """The service that this profile was made at."""
        return wrapping.read_header(self._header).service if self.exists else None

    def hold(self) -> None:
        """Keep other processes out until ``release``; raises ProfileInUseError."""
        if self._lock is not None:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise ProfileInUseError from error
        self._lock = handle

    def release(self) -> None:
        """Let other processes in."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def make(self, password: str, service: str, entropy: Entropy) -> VaultFile:
        """Make a vault under this password, replacing what an unfinished attempt left."""
        wrapping.check_password(password)
        self.hold()
        self._remove_files()
        key = wrapping.fresh_key(entropy)
        header = wrapping.wrap(key, password, service, entropy)
        os.close(os.open(self._vault, os.O_WRONLY | os.O_CREAT, 0o600))
        vault = open_vault(self._vault, key, is_new=True)
        wrapping.write_header(self._header, header)
        return vault

    def open(self, password: str) -> VaultFile:
        """Open the vault; raises WrongPasswordError, DamagedVaultError."""
        self.hold()
        key = wrapping.unwrap(wrapping.read_header(self._header), password)
        return open_vault(self._vault, key)

    def check(self, password: str) -> None:
        """Return if this is the vault's password; raises WrongPasswordError."""
        wrapping.unwrap(wrapping.read_header(self._header), password)

    def rewrap(self, password: str, new_password: str, entropy: Entropy) -> None:
        """Put the vault under a new password; raises WrongPasswordError, InvalidPasswordError."""
        header = wrapping.read_header(self._header)
        key = wrapping.unwrap(header, password)
        wrapping.write_header(
            self._header, wrapping.wrap(key, new_password, header.service, entropy)
        )

    def empty(self) -> None:
        """Forget an attempt that came to nothing; the folder stays held."""
        self._remove_files()

    def erase(self) -> None:
        """Remove everything of this profile.

        The wrapped key goes first: without it the rest is noise, whatever the disk keeps.
        """
        self._remove_files()
        self.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remove_files(self) -> None:
        self._header.unlink(missing_ok=True)
        for path in self.folder.glob("vault.db*"):
            path.unlink(missing_ok=True)
