"""Encrypts single values in a store, where the engine beneath does not encrypt its files.

PostgreSQL's files are as open as the disk they lie on, and its log keeps old values. A sensitive
column is therefore sealed under its domain's key; embedded stores get it as a second lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from enigm.foundation.errors import UnverifiableError

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
SEALED_EXTRA_BYTES: Final = _NONCE_BYTES + _TAG_BYTES


class ColumnSeal:
    """Seals and opens the values of one column (AES-256-GCM-SIV, RFC 8452)."""

    __slots__ = ("_cipher", "_entropy", "_place")

    def __init__(self, keys: Keys, place: str, entropy: Entropy) -> None:
        """Derive the column's key; ``place`` is ``domain.table.column``."""
        domain = place.partition(".")[0]
        # SIV, because one key serves every row: a repeated nonce shows equality and no more.
        self._cipher = AESGCMSIV(keys.derive(domain, f"column {place}"))
        self._place = place.encode()
        self._entropy = entropy

    def seal(self, value: bytes, row_key: bytes) -> bytes:
        """Return the value sealed to the row with this key: it opens in no other row."""
        nonce = self._entropy.random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, self._bound_to(row_key))

    def open(self, sealed: bytes, row_key: bytes) -> bytes:
        """Return the value.

        Raises:
            UnverifiableError: another key, column or row, or changed bytes.
        """
        try:
            nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, body, self._bound_to(row_key))
        except (InvalidTag, ValueError) as error:
            raise UnverifiableError(
                "storage.sealed_value", "A stored value was changed or belongs elsewhere."
            ) from error

    def _bound_to(self, row_key: bytes) -> bytes:
        return len(self._place).to_bytes(2, "big") + self._place + row_key
