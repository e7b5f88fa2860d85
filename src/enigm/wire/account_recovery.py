"""Recovery: the root key, made again from the phrase, speaks for the account."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from enigm.crypto.signatures import Hybrid

if TYPE_CHECKING:
    from enigm.crypto.signatures import SigningKey

CHALLENGE_BYTES = 32
# ``nonce 12 || AES-256-GCM(backup_key, 256 padded bytes)``: one size whatever the name's.
BACKUP_BYTES = 12 + 256 + 16

_CONTEXT = b"enigm recovery v1"


def sign_recovery(root: SigningKey, challenge: bytes, chain_entry: bytes) -> bytes:
    """Sign that this challenge may add this entry to the device chain; 3,373 bytes."""
    return Hybrid.sign(root.private, _statement(challenge, chain_entry), _CONTEXT)


def verify_recovery(
    root_public: bytes, challenge: bytes, chain_entry: bytes, signature: bytes
) -> None:
    """Return if the root signed; raises SignatureInvalidError, InvalidKeyError."""
    Hybrid.verify(root_public, _statement(challenge, chain_entry), signature, _CONTEXT)


def _statement(challenge: bytes, chain_entry: bytes) -> bytes:
    return challenge + hashlib.sha256(chain_entry).digest()
