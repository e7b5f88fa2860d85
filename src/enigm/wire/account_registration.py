"""Registration where no device is at hand: the root key says that it begins this account."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from enigm.crypto.signatures import Hybrid

if TYPE_CHECKING:
    from enigm.crypto.signatures import SigningKey

_CONTEXT = b"enigm registration v1"


def sign_registration(
    root: SigningKey, lookup_id: bytes, opaque_record: bytes, backup: bytes
) -> bytes:
    """Sign that this root begins an account under this name; 3,373 bytes."""
    return Hybrid.sign(root.private, _statement(lookup_id, opaque_record, backup), _CONTEXT)


def verify_registration(
    root_public: bytes, lookup_id: bytes, opaque_record: bytes, backup: bytes, signature: bytes
) -> None:
    """Return if the root signed; raises SignatureInvalidError, InvalidKeyError.

    The record is fresh and secret, so a signature made for one registration fits no other.
    """
    statement = _statement(lookup_id, opaque_record, backup)
    Hybrid.verify(root_public, statement, signature, _CONTEXT)


def _statement(lookup_id: bytes, opaque_record: bytes, backup: bytes) -> bytes:
    parts = (lookup_id, opaque_record, backup)
    return b"".join(hashlib.sha256(part).digest() for part in parts)
