"""A letter that only its reader can open, with no sender's name on it: X-Wing HPKE in one string.

The sender is not authenticated, and the length shows: callers pad and sign what they seal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.crypto.errors import DecryptionFailedError
from enigm.crypto.hpke import AeadId, Hpke, KdfId, KemId, KeyPair

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy

SUITE = Hpke(KemId.XWING, KdfId.HKDF_SHA256, AeadId.AES_256_GCM)
SEAL_OVERHEAD_BYTES = SUITE.enc_length + 16
"""1136 bytes: the encapsulated key (1120) and the tag (16)."""


def generate_key_pair(entropy: Entropy) -> KeyPair:
    """Make a reader's key pair: 32-byte private seed, 1216-byte public key."""
    return SUITE.generate_key_pair(entropy)


def derive_key_pair(ikm: bytes) -> KeyPair:
    """Make the same reader's key pair from the same secret, every time."""
    return SUITE.derive_key_pair(ikm)


def seal_to(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal for the public key's owner, bound to ``info``; raises InvalidKeyError."""
    enc, ciphertext = SUITE.seal(public, info, b"", plaintext)
    return enc + ciphertext


def open_sealed(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """Open what ``seal_to`` made with the same ``info``; raises DecryptionFailedError."""
    if len(sealed) < SEAL_OVERHEAD_BYTES:
        raise DecryptionFailedError
    return SUITE.open(private, sealed[: SUITE.enc_length], info, b"", sealed[SUITE.enc_length :])
