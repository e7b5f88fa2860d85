"""Welcomes: what lets added members compute the epoch they join (RFC 9420 §12.4.3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import opaque, optional, read_whole, u16, vector
from enigm.crypto.mls.psk import PskId
from enigm.crypto.mls.update_path import HpkeCiphertext

if TYPE_CHECKING:
    from enigm.crypto.mls.codec import Reader


@dataclass(frozen=True, slots=True)
class EncryptedGroupSecrets:
    """One new member's group secrets, sealed to the init key of its key package."""

    new_member: bytes
    sealed: HpkeCiphertext

    @staticmethod
    def read(reader: Reader) -> EncryptedGroupSecrets:
        """Read one new member's part."""
        return EncryptedGroupSecrets(reader.opaque(), HpkeCiphertext.read(reader))

    def encoded(self) -> bytes:
        """Return the wire form."""
        return opaque(self.new_member) + self.sealed.encoded()


@dataclass(frozen=True, slots=True)
class Welcome:
    """A Welcome as read or as made: parts for many, and one encrypted group info."""

    suite_number: int
    secrets: tuple[EncryptedGroupSecrets, ...]
    encrypted_group_info: bytes

    @staticmethod
    def read(reader: Reader) -> Welcome:
        """Read a Welcome."""
        return Welcome(
            reader.u16(), tuple(reader.each(EncryptedGroupSecrets.read)), reader.opaque()
        )

    def encoded(self) -> bytes:
        """Return the wire form."""
        return (
            u16(self.suite_number)
            + vector(part.encoded() for part in self.secrets)
            + opaque(self.encrypted_group_info)
        )


@dataclass(frozen=True, slots=True, eq=False)
class GroupSecrets:
    """What a new member learns from its part of a Welcome."""

    joiner_secret: bytes = field(repr=False)
    path_secret: bytes | None = field(repr=False)
    psks: tuple[PskId, ...]

    @staticmethod
    def read(reader: Reader) -> GroupSecrets:
        """Read group secrets."""
        joiner = reader.opaque()
        path_secret = reader.opaque() if reader.present() else None
        return GroupSecrets(joiner, path_secret, tuple(reader.each(PskId.read)))

    @staticmethod
    def decode(encoded: bytes) -> GroupSecrets:
        """Decode group secrets."""
        return read_whole(encoded, GroupSecrets.read)

    def encoded(self) -> bytes:
        """Return the wire form."""
        path_secret = None if self.path_secret is None else opaque(self.path_secret)
        return (
            opaque(self.joiner_secret)
            + optional(path_secret)
            + vector(psk.encoded() for psk in self.psks)
        )
