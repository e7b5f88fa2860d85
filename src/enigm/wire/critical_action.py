"""What a PIN authorises: one named action with its exact parameters."""

from __future__ import annotations

import hashlib

DIGEST_BYTES = 32

_CONTEXT = b"enigm critical parameters v1"
_RESET = b"enigm pin reset v1"


def parameters_digest(*parameters: bytes) -> bytes:
    """Return the hash of an action's parameters in their order; 32 bytes.

    Each one's length stands before it, so that no two lists make the same bytes.
    """
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parameters)
    return hashlib.sha256(_CONTEXT + framed).digest()


def reset_statement(opaque_record: bytes) -> bytes:
    """Return what the root key speaks of when it sets a new PIN; never a chain's entry."""
    return _RESET + opaque_record
