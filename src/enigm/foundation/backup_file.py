"""A backup: one file that holds a copy of each store, each encrypted under the backup's own key."""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import tarfile
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.foundation.errors import SetupError, UnverifiableError
from enigm.foundation.keyfile import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MANIFEST: Final = "manifest.json"
_SEAL: Final = "manifest.seal"
# A manifest names some ten stores.
_MANIFEST_BYTES_MAX: Final = 64 * 1024
_BLOCK_BYTES: Final = 1 << 20


class StoreEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One store in a backup."""

    size_bytes: int
    sha256: str
    page_bytes: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds. It can be read without the key and is believed only with it."""

    identity: str
    made_at: int
    ends_at: int
    stores: dict[str, StoreEntry]


def store_key(backup_key: bytes, domain: str) -> bytes:
    """Return the key of one store's copy."""
    return Keys(backup_key).derive(domain, "backup")


def entry_of(path: Path, page_bytes: int) -> StoreEntry:
    """Return what the manifest says of a copy."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoreEntry(path.stat().st_size, digest, page_bytes)


def write_backup(
    path: Path, manifest: Manifest, backup_key: bytes, files: Mapping[str, Path]
) -> None:
    """Write the file (mode 0600), whole or not at all."""
    described = msgspec.json.encode(manifest)
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, content in ((_MANIFEST, described), (_SEAL, _seal(backup_key, described))):
                _add(archive, name, content)
            for domain in manifest.stores:
                archive.add(files[domain], f"{domain}.db", recursive=False, filter=_nobody)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def read_manifest(path: Path) -> Manifest:
    """Return what a backup says of itself; nothing of it is verified yet.

    Raises:
        SetupError: the file is not there, or is no backup.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            return msgspec.json.decode(_member(archive, _MANIFEST), type=Manifest)
    except (OSError, tarfile.TarError, KeyError, msgspec.DecodeError) as error:
        raise SetupError(f"{path} is not a backup that enigm backup wrote.") from error


def unpack(path: Path, backup_key: bytes, folder: Path) -> dict[str, Path]:
    """Verify a backup and lay its copies out in a folder, still encrypted.

    Raises:
        UnverifiableError: the backup was changed, cut, or is of another key.
    """
    found: dict[str, Path] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            described = _member(archive, _MANIFEST)
            if not hmac.compare_digest(_member(archive, _SEAL), _seal(backup_key, described)):
                raise _changed(path)
            manifest = msgspec.json.decode(described, type=Manifest)
            for domain, entry in manifest.stores.items():
                found[domain] = folder / f"{domain}.db"
                _lay_out(archive, f"{domain}.db", found[domain])
                if entry_of(found[domain], entry.page_bytes) != entry:
                    raise _changed(path)
    except (OSError, tarfile.TarError, KeyError, msgspec.DecodeError) as error:
        raise _changed(path) from error
    return found


def _changed(path: Path) -> UnverifiableError:
    return UnverifiableError("backups.changed", f"{path} is not as it was written.")


def _seal(backup_key: bytes, described: bytes) -> bytes:
    key = Keys(backup_key).derive("backups", "manifest")
    return hmac.digest(key, described, "sha256")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose file it was on this machine, and when."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read(_MANIFEST_BYTES_MAX)


def _lay_out(archive: tarfile.TarFile, name: str, target: Path) -> None:
    source = archive.extractfile(name)
    if source is None:
        raise KeyError(name)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := source.read(_BLOCK_BYTES):
            file.write(block)
