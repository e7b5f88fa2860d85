"""Pre-shared keys: their names on the wire and the secret they add up to (RFC 9420 §8.4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import opaque, u8, u16, u64
from enigm.crypto.mls.errors import Rule, refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.codec import Reader

_EXTERNAL = 1
_RESUMPTION = 2


class ResumptionUsage(IntEnum):
    """What a resumption key is used for (§8.6)."""

    APPLICATION = 1
    REINIT = 2
    BRANCH = 3


@dataclass(frozen=True, slots=True)
class ExternalPsk:
    """A key that the application provides, by its name."""

    psk_id: bytes

    def encoded(self) -> bytes:
        """Return the wire form."""
        return u8(_EXTERNAL) + opaque(self.psk_id)


@dataclass(frozen=True, slots=True)
class ResumptionPsk:
    """A key that an epoch of a group left to its members."""

    usage: ResumptionUsage
    group_id: bytes
    epoch: int

    def encoded(self) -> bytes:
        """Return the wire form."""
        return u8(_RESUMPTION) + u8(self.usage) + opaque(self.group_id) + u64(self.epoch)


@dataclass(frozen=True, slots=True)
class PskId:
    """A pre-shared key's name with the nonce of this use."""

    psk: ExternalPsk | ResumptionPsk
    nonce: bytes

    @staticmethod
    def read(reader: Reader) -> PskId:
        """Read a PreSharedKeyID."""
        kind = reader.u8()
        if kind == _EXTERNAL:
            return PskId(ExternalPsk(reader.opaque()), reader.opaque())
        if kind != _RESUMPTION:
            raise refusal(Rule.CODEC_VALUE)
        usage = reader.u8()
        if usage not in tuple(ResumptionUsage):
            raise refusal(Rule.CODEC_VALUE)
        psk = ResumptionPsk(ResumptionUsage(usage), reader.opaque(), reader.u64())
        return PskId(psk, reader.opaque())

    def encoded(self) -> bytes:
        """Return the wire form."""
        return self.psk.encoded() + opaque(self.nonce)

    @property
    def resumption(self) -> ResumptionPsk | None:
        """The epoch it comes from, if it is a resumption key."""
        return self.psk if isinstance(self.psk, ResumptionPsk) else None


def psk_secret(suite: Suite, psks: Sequence[tuple[PskId, bytes]]) -> bytes:
    """Return the secret that these keys, in this order, add to the key schedule (§8.4)."""
    secret = bytes(suite.hash_length)
    for index, (name, key) in enumerate(psks):
        extracted = suite.extract(bytes(suite.hash_length), key)
        label = name.encoded() + u16(index) + u16(len(psks))
        psk_input = suite.expand_with_label(extracted, b"derived psk", label, suite.hash_length)
        secret = suite.extract(psk_input, secret)
    return secret
