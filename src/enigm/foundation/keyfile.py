"""The service's one secret on disk, and the keys derived from it for each domain and purpose."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from typing import TYPE_CHECKING, Final, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.foundation.entropy import Entropy

ROOT_BYTES: Final = 32
KEY_BYTES_DEFAULT: Final = 32

# Changing this label changes every derived key, and so loses every store.
_LABEL: Final = b"enigm keys 1"
_HEADER: Final = "enigm-key-file-1 "


class Keys:
    """Derives a key per domain and purpose. It has no text form and is equal to nothing."""

    __slots__ = ("_root",)
    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __init__(self, root: bytes) -> None:
        """Keep the 32 bytes that everything comes from."""
        if len(root) != ROOT_BYTES:
            msg = f"the root key is {ROOT_BYTES} bytes"
            raise RuntimeError(msg)
        self._root = root

    def derive(self, domain: str, purpose: str, length_bytes: int = KEY_BYTES_DEFAULT) -> bytes:
        """Return the key for one purpose in one domain (HKDF-SHA256, RFC 5869)."""
        fields = (part.encode() for part in (domain, purpose))
        # Each field is preceded by its length: ("ab", "c") and ("a", "bc") must differ.
        labelled = _LABEL + b"".join(len(part).to_bytes(2, "big") + part for part in fields)
        return HKDF(SHA256(), length_bytes, salt=None, info=labelled).derive(self._root)

    def __repr__(self) -> str:
        """Show nothing."""
        return "Keys(…)"

    def __eq__(self, _other: object) -> NoReturn:
        """Refuse: comparing secrets this way takes a time that tells."""
        msg = "keys are not compared"
        raise TypeError(msg)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied into a file or another process."""
        msg = "keys are not serialised"
        raise TypeError(msg)


def load_or_create_keys(path: Path, entropy: Entropy) -> Keys:
    """Read the key file, or make one (mode 0600) where there is none.

    Raises:
        SetupError: the file can be read by others, belongs to someone else, or is damaged.
    """
    if not path.exists():
        _create(path, entropy)
    return _load(path)


def _create(path: Path, entropy: Entropy) -> None:
    root = entropy.random_bytes(ROOT_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{entropy.random_bytes(8).hex()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(_HEADER + base64.b64encode(root).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, not a rename: of two processes that start at once, one key file wins.
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Data written under a key whose name is lost in a power cut could never be read.
        os.fsync(folder)
    finally:
        os.close(folder)


def _load(path: Path) -> Keys:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            msg = f"The key file {path} is not a plain file."
            raise SetupError(msg)
        if status.st_mode & 0o077:
            msg = f"The key file {path} can be used by others. Run: chmod 600 {path}"
            raise SetupError(msg)
        if status.st_uid != os.geteuid():
            msg = f"The key file {path} belongs to another user. Run Enigm as its owner."
            raise SetupError(msg)
        text = file.read().decode("ascii", errors="replace")
    root = _root(text)
    if root is None:
        msg = f"The key file {path} is damaged: restore it from a backup. A new one opens no store."
        raise SetupError(msg)
    return Keys(root)


def _root(text: str) -> bytes | None:
    try:
        root = base64.b64decode(text.removeprefix(_HEADER).strip(), validate=True)
    except (ValueError, binascii.Error):
        return None
    return root if text.startswith(_HEADER) and len(root) == ROOT_BYTES else None
