"""The keys of backups: one each, destroyed at its end, so that no copy of a backup lasts longer.

They lie in a folder of their own, sealed under the service's key file. Who keeps a second copy
of the folder must let it follow this one, deletions included.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import GoneError, Refusal, UnverifiableError
from enigm.foundation.inventory import SECONDS_PER_DAY

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

# What was deleted is in no readable backup after this long. An operator may choose less.
BACKUP_DAYS_MAX: Final = 30
KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
# How late a key may be destroyed.
_LOOK_SECONDS: Final = 60


class BackupEndedError(GoneError):
    """The key of a backup was destroyed, or its end is past."""

    def __init__(self) -> None:
        """Say that nothing brings it back."""
        super().__init__(
            "backups.ended", "This backup has ended: its key is destroyed, and nothing opens it."
        )


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies in a file: the end, and the key sealed with it."""

    ends_at: int
    sealed: str


class BackupKeys:
    """Makes, finds and destroys the keys of backups."""

    def __init__(self, folder: Path, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the folder and what seals the keys in it."""
        self._folder = folder
        self._sealing = AESGCM(keys.derive("backups", "key folder"))
        self._clock = clock
        self._entropy = entropy
        self._due_at = 0.0

    def make(self, identity: str, days: int) -> tuple[bytes, int]:
        """Make and keep a key; return it with its end in Unix seconds."""
        if not 0 < days <= BACKUP_DAYS_MAX:
            msg = f"a backup lasts 1 to {BACKUP_DAYS_MAX} days"
            raise RuntimeError(msg)
        ends_at = self._clock.now_seconds() + days * SECONDS_PER_DAY
        key = self._entropy.random_bytes(KEY_BYTES)
        nonce = self._entropy.random_bytes(_NONCE_BYTES)
        sealed = nonce + self._sealing.encrypt(nonce, key, _bound(identity, ends_at))
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = msgspec.json.encode(_KeyFile(ends_at, base64url_encode(sealed)))
        path = self.place_of(identity)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return key, ends_at

    def find(self, identity: str) -> bytes:
        """Return a backup's key.

        Raises:
            BackupEndedError: it is destroyed, or its end is past.
            UnverifiableError: the file was changed, or belongs to another key file.
        """
        self.destroy_ended()
        path = self.place_of(identity)
        if not path.exists():
            raise BackupEndedError
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
            sealed = base64url_decode(kept.sealed)
            bound = _bound(identity, kept.ends_at)
            return self._sealing.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
        except (msgspec.DecodeError, Refusal, InvalidTag, ValueError) as error:
            raise UnverifiableError(
                "backups.key", f"The key {path.name} is damaged, or of another service."
            ) from error

    def destroy_ended(self) -> int:
        """Destroy every key whose end is past; return how many."""
        count = 0
        for path in sorted(self._folder.glob("*.key")):
            try:
                ends_at = msgspec.json.decode(path.read_bytes(), type=_KeyFile).ends_at
            except (msgspec.DecodeError, OSError):
                continue
            if ends_at <= self._clock.now_seconds():
                _destroy(path)
                count += 1
        return count

    def run_if_due(self) -> None:
        """Destroy what ended, once a minute."""
        now = self._clock.monotonic_seconds()
        if now >= self._due_at:
            self._due_at = now + _LOOK_SECONDS
            self.destroy_ended()

    def place_of(self, identity: str) -> Path:
        """Return where a backup's key lies."""
        return self._folder / f"{identity}.key"

    def finish(self) -> None:
        """Leave the rest to the next start."""


def keys_of_backups(data_folder: Path, keys: Keys, clock: Clock, entropy: Entropy) -> BackupKeys:
    """Return the keys of a service's backups, in a folder beside its stores."""
    return BackupKeys(data_folder / "backup-keys", keys, clock, entropy)


def _bound(identity: str, ends_at: int) -> bytes:
    return f"enigm backup key 1 {identity} {ends_at}".encode()


def _destroy(path: Path) -> None:
    """Write over a key before its file goes; a file system may still keep what was there."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
