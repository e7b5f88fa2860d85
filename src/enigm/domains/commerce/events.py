"""What commerce announces to whoever took over what was bought."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from enigm.domains.commerce.model.orders import Standing


class StandingChanged(msgspec.Struct, frozen=True, array_like=True):
    """How things stand with something that was activated; the higher number is the later."""

    KIND: ClassVar[str] = "commerce.standing_changed"

    token: bytes
    standing: Standing
    number: int

    def encode(self) -> bytes:
        """Return the fact's body."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, body: bytes) -> StandingChanged:
        """Read a fact's body."""
        return msgspec.msgpack.decode(body, type=cls)
