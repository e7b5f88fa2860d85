"""Key derivation, message authentication, and comparison that takes the same time."""

from __future__ import annotations

import hmac
from threading import Lock
from typing import Literal

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

HashName = Literal["sha256", "sha512"]

HASH_LENGTHS: dict[HashName, int] = {"sha256": 32, "sha512": 64}
"""Output lengths in bytes of the two hashes in use."""

# RFC 9106 §4, second recommended option: 64 MiB with three passes and four lanes. A vault
# opens in about a tenth of a second, while a guess costs an attacker as much memory.
VAULT_MEMORY_KIB = 64 * 1024
VAULT_PASSES = 3
VAULT_LANES = 4
VAULT_KEY_BYTES = 32
# RFC 9106 §3.1 recommends 16 bytes; shorter salts let one table serve many vaults.
VAULT_SALT_BYTES_MIN = 16

# OpenSSL's lanes wait for each other without end when two derivations share its threads; one after
# the other also keeps the memory that each takes from adding up.
_ONE_STRETCH = Lock()


def extract(hash_name: HashName, salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract (RFC 5869 §2.2); an empty salt stands for a hash length of zeros."""
    return hmac.digest(salt or bytes(HASH_LENGTHS[hash_name]), ikm, hash_name)


def expand(hash_name: HashName, prk: bytes, info: bytes, length_bytes: int) -> bytes:
    """HKDF-Expand (RFC 5869 §2.3), at most 255 hash lengths."""
    if length_bytes <= HASH_LENGTHS[hash_name]:
        return hmac.digest(prk, info + b"\x01", hash_name)[:length_bytes]
    if length_bytes > 255 * HASH_LENGTHS[hash_name]:
        raise RuntimeError("HKDF-Expand gives at most 255 blocks")
    output = block = b""
    counter = 1
    while len(output) < length_bytes:
        block = hmac.digest(prk, block + info + bytes([counter]), hash_name)
        output += block
        counter += 1
    return output[:length_bytes]


def mac(hash_name: HashName, key: bytes, message: bytes) -> bytes:
    """HMAC (RFC 2104) of the message, full length."""
    return hmac.digest(key, message, hash_name)


def equal(left: bytes, right: bytes) -> bool:
    """Compare without telling by time where the two differ."""
    return hmac.compare_digest(left, right)


def argon2id(
    password: bytes,
    salt: bytes,
    *,
    memory_kib: int = VAULT_MEMORY_KIB,
    passes: int = VAULT_PASSES,
    lanes: int = VAULT_LANES,
) -> bytes:
    """Stretch a password to a 32-byte key (RFC 9106); the defaults are the vault's cost."""
    if len(salt) < VAULT_SALT_BYTES_MIN:
        raise RuntimeError("a salt of at least 16 bytes is needed")
    stretch = Argon2id(
        salt=salt,
        length=VAULT_KEY_BYTES,
        iterations=passes,
        lanes=lanes,
        memory_cost=memory_kib,
    )
    with _ONE_STRETCH:
        return stretch.derive(password)
