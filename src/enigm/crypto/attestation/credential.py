"""MakeCredential: a secret that only the TPM with one endorsement and one attestation key opens.

TPM 2.0 Library, Part 1 §24 (credential protection) and §11.4.10 (KDFa).
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from enigm.foundation.entropy import Entropy

SEED_BYTES = 32
SECRET_BYTES = 32

_DIGEST_BITS = 256
_AES_KEY_BITS = 128
_AES_BLOCK_BYTES = 16
_SEED_LABEL = b"IDENTITY\x00"


def make_credential(
    endorsement: RSAPublicKey, key_name: bytes, secret: bytes, entropy: Entropy
) -> tuple[bytes, bytes]:
    """Close a secret for one TPM and the key of that name; returns TPMS_ID_OBJECT, encrypted seed.

    Part 1 §24.4: the outer integrity covers the name, so a TPM that holds no such key refuses.
    """
    seed = entropy.random_bytes(SEED_BYTES)
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), label=_SEED_LABEL)
    key = kdfa(seed, b"STORAGE", key_name, _AES_KEY_BITS)
    # The key serves once, so the vector may be zeros (Part 1 §24.4).
    encryptor = Cipher(AES(key), CFB(bytes(_AES_BLOCK_BYTES))).encryptor()
    body = encryptor.update(len(secret).to_bytes(2, "big") + secret) + encryptor.finalize()
    integrity = hmac.digest(kdfa(seed, b"INTEGRITY", b"", _DIGEST_BITS), body + key_name, "sha256")
    return len(integrity).to_bytes(2, "big") + integrity + body, endorsement.encrypt(seed, oaep)


def kdfa(key: bytes, label: bytes, context: bytes, length_bits: int) -> bytes:
    """Derive a key of at most 256 bits: one block of KDFa with SHA-256 (Part 1 §11.4.10.2)."""
    if length_bits > _DIGEST_BITS:
        raise RuntimeError("one block of KDFa gives 256 bits")
    message = (1).to_bytes(4, "big") + label + b"\x00" + context + length_bits.to_bytes(4, "big")
    return hmac.digest(key, message, "sha256")[: length_bits // 8]
