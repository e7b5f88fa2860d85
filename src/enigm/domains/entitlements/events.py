"""What entitlements announce."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class TokenTaken(msgspec.Struct, frozen=True, array_like=True):
    """Something was activated with this token: it is used."""

    KIND: ClassVar[str] = "entitlements.token_taken"

    token: bytes

    def encode(self) -> bytes:
        """Return the fact's body."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, body: bytes) -> TokenTaken:
        """Read a fact's body."""
        return msgspec.msgpack.decode(body, type=cls)
