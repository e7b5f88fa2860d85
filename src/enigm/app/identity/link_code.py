"""The code that a waiting device and the approving one both show: who is let in is who asked."""

from __future__ import annotations

import hashlib

from enigm.crypto import kdf

# 12 digits at one Argon2id (64 MiB) each: a service that wants to slip in a device of its own
# under the code on the screen would need 10^12 of them while the user looks.
DIGITS = 12
GROUP_DIGITS = 3

_SALT = hashlib.sha256(b"enigm link code v1").digest()[:16]


def link_code(fingerprint: bytes, device_public: bytes) -> str:
    """Return the code, ``123 456 789 012``; blocks for about 0.1 s."""
    stretched = kdf.argon2id(fingerprint + device_public, _SALT)
    digits = f"{int.from_bytes(stretched[:16], 'big') % 10**DIGITS:0{DIGITS}d}"
    return " ".join(digits[i : i + GROUP_DIGITS] for i in range(0, DIGITS, GROUP_DIGITS))
