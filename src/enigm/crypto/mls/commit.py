"""The Commit structure: proposals by value or by reference, and a path (RFC 9420 §12.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import opaque, optional, vector
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.proposals import Proposal, encode_proposal, read_proposal
from enigm.crypto.mls.update_path import UpdatePath

if TYPE_CHECKING:
    from enigm.crypto.mls.codec import Reader

_BY_VALUE = 1
_BY_REFERENCE = 2


@dataclass(frozen=True, slots=True)
class ProposalReference:
    """The hash of a proposal that was sent on its own (§5.2)."""

    hash: bytes


def _read_item(reader: Reader) -> Proposal | ProposalReference:
    kind = reader.u8()
    if kind == _BY_VALUE:
        return read_proposal(reader)
    if kind == _BY_REFERENCE:
        return ProposalReference(reader.opaque())
    raise refusal(Rule.CODEC_VALUE)


def _encode_item(item: Proposal | ProposalReference) -> bytes:
    if isinstance(item, ProposalReference):
        return b"\x02" + opaque(item.hash)
    return b"\x01" + encode_proposal(item)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as read or as made; its frame's signature says who made it."""

    proposals: tuple[Proposal | ProposalReference, ...]
    path: UpdatePath | None

    @staticmethod
    def read(reader: Reader) -> Commit:
        """Read a commit."""
        proposals = tuple(reader.each(_read_item))
        return Commit(proposals, UpdatePath.read(reader) if reader.present() else None)

    def encoded(self) -> bytes:
        """Return the wire form."""
        path = None if self.path is None else self.path.encoded()
        return vector(_encode_item(item) for item in self.proposals) + optional(path)
