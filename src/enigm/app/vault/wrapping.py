"""The key to the vault: random, and wrapped under the password, so that a new password is cheap."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enigm.app.errors import DamagedVaultError, InvalidPasswordError, WrongPasswordError
from enigm.crypto import kdf

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.foundation.entropy import Entropy

VAULT_KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
# OWASP's minimum for a password that nothing else limits; every guess costs 64 MiB as well.
PASSWORD_CHARACTERS_MIN = 8
# Nobody types more, and stretching megabytes would stall the App.
PASSWORD_CHARACTERS_MAX = 256
# A header that asks for more memory than this was altered to stall the App.
MEMORY_KIB_MIN = 8
MEMORY_KIB_MAX = 1024 * 1024
PASSES_MAX = 64
LANES_MAX = 64

_VERSION = 1
_CONTEXT = b"enigm vault v1"


class Header(msgspec.Struct, frozen=True):
    """What lies beside the vault in the clear: how to stretch the password, and the wrapped key.

    ``service`` is shown on the lock screen; it is no secret and not trusted for anything else.
    """

    version: int
    service: str
    salt: bytes
    memory_kib: int
    passes: int
    lanes: int
    wrapped: bytes


@dataclass(frozen=True, slots=True, eq=False)
class VaultKey:
    """The raw key of the encrypted file."""

    octets: bytes = field(repr=False)


def check_password(password: str) -> None:
    """Return if the text can be a password; raises InvalidPasswordError."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise InvalidPasswordError


def wrap(key: VaultKey, password: str, service: str, entropy: Entropy) -> Header:
    """Stretch the password under a fresh salt and wrap the key; takes about 0.1 s."""
    check_password(password)
    salt, nonce = entropy.random_bytes(SALT_BYTES), entropy.random_bytes(NONCE_BYTES)
    stretched = kdf.argon2id(password.encode(), salt)
    sealed = AESGCM(stretched).encrypt(nonce, key.octets, _CONTEXT)
    return Header(
        version=_VERSION,
        service=service,
        salt=salt,
        memory_kib=kdf.VAULT_MEMORY_KIB,
        passes=kdf.VAULT_PASSES,
        lanes=kdf.VAULT_LANES,
        wrapped=nonce + sealed,
    )


def unwrap(header: Header, password: str) -> VaultKey:
    """Return the key; raises WrongPasswordError, DamagedVaultError."""
    _check_header(header)
    if not password or len(password) > PASSWORD_CHARACTERS_MAX:
        raise WrongPasswordError
    stretched = kdf.argon2id(
        password.encode(),
        header.salt,
        memory_kib=header.memory_kib,
        passes=header.passes,
        lanes=header.lanes,
    )
    nonce, sealed = header.wrapped[:NONCE_BYTES], header.wrapped[NONCE_BYTES:]
    try:
        return VaultKey(AESGCM(stretched).decrypt(nonce, sealed, _CONTEXT))
    except InvalidTag as error:
        raise WrongPasswordError from error


def fresh_key(entropy: Entropy) -> VaultKey:
    """Make the key of a new vault."""
    return VaultKey(entropy.random_bytes(VAULT_KEY_BYTES))


def read_header(path: Path) -> Header:
    """Read the file beside the vault; raises DamagedVaultError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Header)
    except (msgspec.MsgspecError, OSError) as error:
        raise DamagedVaultError("the header does not parse") from error


def write_header(path: Path, header: Header) -> None:
    """Replace the header whole: a crash leaves the old one or the new one."""
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(header))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check_header(header: Header) -> None:
    is_sound = (
        header.version == _VERSION
        and len(header.salt) >= kdf.VAULT_SALT_BYTES_MIN
        and MEMORY_KIB_MIN <= header.memory_kib <= MEMORY_KIB_MAX
        and 1 <= header.passes <= PASSES_MAX
        and 1 <= header.lanes <= LANES_MAX
        and len(header.wrapped) > NONCE_BYTES
    )
    if not is_sound:
        raise DamagedVaultError("the header holds impossible values")
