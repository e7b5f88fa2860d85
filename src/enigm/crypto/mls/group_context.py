"""The group context: what all members agree on in an epoch (RFC 9420 §8.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.codec import opaque, u16, u64
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import Extension, encode_extensions, read_extensions

if TYPE_CHECKING:
    from enigm.crypto.mls.codec import Reader


@dataclass(frozen=True, slots=True)
class GroupContext:
    """One epoch's shared facts; its encoding goes into every key and signature."""

    suite_number: int
    group_id: bytes
    epoch: int
    tree_hash: bytes
    confirmed_transcript_hash: bytes
    extensions: tuple[Extension, ...] = ()

    @staticmethod
    def read(reader: Reader) -> GroupContext:
        """Read a group context of this protocol version."""
        if reader.u16() != VERSION_MLS10:
            raise refusal(Rule.VERSION_UNKNOWN)
        return GroupContext(
            reader.u16(),
            reader.opaque(),
            reader.u64(),
            reader.opaque(),
            reader.opaque(),
            read_extensions(reader),
        )

    def encoded(self) -> bytes:
        """Return the wire form."""
        return b"".join(
            (
                u16(VERSION_MLS10),
                u16(self.suite_number),
                opaque(self.group_id),
                u64(self.epoch),
                opaque(self.tree_hash),
                opaque(self.confirmed_transcript_hash),
                encode_extensions(self.extensions),
            )
        )

    def next_epoch(self, tree_hash: bytes, extensions: tuple[Extension, ...]) -> GroupContext:
        """Return the next epoch's context while its transcript is not known yet (§12.4.1)."""
        return replace(self, epoch=self.epoch + 1, tree_hash=tree_hash, extensions=extensions)

    def confirmed(self, confirmed_transcript_hash: bytes) -> GroupContext:
        """Return the context with its transcript filled in."""
        return replace(self, confirmed_transcript_hash=confirmed_transcript_hash)
