"""Seals and keyed hashes: what stands in the tables opens only with keys that stand elsewhere."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from enigm.foundation.sealing import ColumnSeal

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

_SEALED: Final = (
    "shop_order.instruction",
    "shop_order.token",
    "refund.destination",
    "issued_address.place",
    "issued_address.address",
    "method_cursor.cursor",
    "code_key.seed",
    "code_answer.answer",
)


class Veils:
    """Seals columns and hashes look-up values, each under a key of its own."""

    def __init__(self, keys: Keys, entropy: Entropy) -> None:
        """Derive the keys."""
        self._seals = {place: ColumnSeal(keys, f"commerce.{place}", entropy) for place in _SEALED}
        self._key = keys.derive("commerce", "look-up hashes")

    def seal(self, place: str, value: bytes, row_key: bytes) -> bytes:
        """Return a value sealed to its row."""
        return self._seals[place].seal(value, row_key)

    def open(self, place: str, sealed: bytes, row_key: bytes) -> bytes:
        """Return a sealed value; raises UnverifiableError."""
        return self._seals[place].open(sealed, row_key)

    def hashed(self, purpose: str, *values: bytes) -> bytes:
        """Return the 32-byte keyed hash by which a value is found."""
        fields = (purpose.encode(), *values)
        message = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
        return hmac.digest(self._key, message, "sha256")
