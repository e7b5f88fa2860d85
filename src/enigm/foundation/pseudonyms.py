"""The name under which one domain knows an account, device or environment, and no other does.

The key of a purpose is derived from the key file and stands in no store, so two domains'
stores cannot be joined by what they hold. Destroying the key makes its pseudonyms unlinkable.
Whoever holds the keys *can* link: that is the service's own process, and is said so in
docs/operations.md.
"""

from __future__ import annotations

import hmac
from typing import Final

PSEUDONYM_BYTES: Final = 32
_LABEL: Final = b"enigm-handle-v1"
_KEY_BYTES_MIN: Final = 32


def pseudonym(key: bytes, purpose: str, identifier: bytes) -> bytes:
    """Return the 32-byte name of an identifier for one purpose (HMAC-SHA256).

    Args:
        key: the purpose's own key: ``keys.derive("pseudonyms", purpose)``.
        purpose: what the name is for, such as ``accounts to devices``.
        identifier: what is renamed.
    """
    if len(key) < _KEY_BYTES_MIN:
        msg = f"a pseudonym key is at least {_KEY_BYTES_MIN} bytes"
        raise RuntimeError(msg)
    # Each field is preceded by its length: no two lists of fields give the same message.
    fields = (purpose.encode(), identifier)
    message = _LABEL + b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    return hmac.digest(key, message, "sha256")
