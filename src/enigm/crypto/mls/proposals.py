"""Proposals: what a member may ask the group to change (RFC 9420 §12.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.codec import opaque, u16, u32
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import Extension, encode_extensions, read_extensions
from enigm.crypto.mls.key_package import UnverifiedKeyPackage
from enigm.crypto.mls.leaf_node import LeafNode
from enigm.crypto.mls.psk import ExternalPsk, PskId, ResumptionPsk, ResumptionUsage

if TYPE_CHECKING:
    from enigm.crypto.mls.codec import Reader


class ProposalKind(IntEnum):
    """The proposal types of the RFC (§17.4)."""

    ADD = 1
    UPDATE = 2
    REMOVE = 3
    PSK = 4
    REINIT = 5
    EXTERNAL_INIT = 6
    GROUP_CONTEXT_EXTENSIONS = 7


@dataclass(frozen=True, slots=True)
class Add:
    """Add the client of a key package (§12.1.1)."""

    key_package: UnverifiedKeyPackage

    kind = ProposalKind.ADD

    @staticmethod
    def of(key_package_message: bytes) -> Add:
        """Propose the client of a published key package: an MLSMessage, or the bare structure."""
        prefix = u16(VERSION_MLS10) + u16(5)
        return Add(UnverifiedKeyPackage.decode(key_package_message.removeprefix(prefix)))

    @staticmethod
    def read(reader: Reader) -> Add:
        """Read the content."""
        return Add(UnverifiedKeyPackage.read(reader))

    def content(self) -> bytes:
        """Return the wire form after the type."""
        return self.key_package.encoded


@dataclass(frozen=True, slots=True)
class Update:
    """Replace the proposer's own leaf (§12.1.2)."""

    leaf: LeafNode

    kind = ProposalKind.UPDATE

    @staticmethod
    def read(reader: Reader) -> Update:
        """Read the content."""
        return Update(LeafNode.read(reader))

    def content(self) -> bytes:
        """Return the wire form after the type."""
        return self.leaf.encoded


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the member at a leaf (§12.1.3)."""

    leaf_index: int

    kind = ProposalKind.REMOVE

    @staticmethod
    def read(reader: Reader) -> Remove:
        """Read the content."""
        return Remove(reader.u32())

    def content(self) -> bytes:
        """Return the wire form after the type."""
        return u32(self.leaf_index)


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """Mix a pre-shared key into the next epoch (§12.1.4)."""

    psk: PskId

    kind = ProposalKind.PSK

    @staticmethod
    def external(psk_id: bytes, nonce: bytes) -> PreSharedKey:
        """Propose a key of the application; the nonce is fresh and a hash long."""
        return PreSharedKey(PskId(ExternalPsk(psk_id), nonce))

    @staticmethod
    def resumption(group_id: bytes, epoch: int, nonce: bytes) -> PreSharedKey:
        """Propose a key that an epoch of a group left; the nonce is fresh and a hash long."""
        psk = ResumptionPsk(ResumptionUsage.APPLICATION, group_id, epoch)
        return PreSharedKey(PskId(psk, nonce))

    @staticmethod
    def read(reader: Reader) -> PreSharedKey:
        """Read the content."""
        return PreSharedKey(PskId.read(reader))

    def content(self) -> bytes:
        """Return the wire form after the type."""
        return self.psk.encoded()


@dataclass(frozen=True, slots=True)
class ReInit:
    """Close the group in favour of a new one with other parameters (§12.1.5)."""

    group_id: bytes
    version: int
    suite_number: int
    extensions: tuple[Extension, ...] = ()

    kind = ProposalKind.REINIT

    @staticmethod
    def read(reader: Reader) -> ReInit:
        """Read the content."""
        return ReInit(reader.opaque(), reader.u16(), reader.u16(), read_extensions(reader))

    def content(self) -> bytes:
        """Return the wire form after the type."""
        return (
            opaque(self.group_id)
            + u16(self.version)
            + u16(self.suite_number)
            + encode_extensions(self.extensions)
        )


@dataclass(frozen=True, slots=True)
class ExternalInit:
    """Hand the group an external committer's init secret (§12.1.6)."""

    kem_output: bytes

    kind = ProposalKind.EXTERNAL_INIT

    @staticmethod
    def read(reader: Reader) -> ExternalInit:
        """Read the content."""
        return ExternalInit(reader.opaque())

    def content(self) -> bytes:
        """Return the wire form after the type."""
        return opaque(self.kem_output)


@dataclass(frozen=True, slots=True)
class GroupContextExtensions:
    """Replace the group's extensions, all of them (§12.1.7)."""

    extensions: tuple[Extension, ...]

    kind = ProposalKind.GROUP_CONTEXT_EXTENSIONS

    @staticmethod
    def read(reader: Reader) -> GroupContextExtensions:
        """Read the content."""
        return GroupContextExtensions(read_extensions(reader))

    def content(self) -> bytes:
        """Return the wire form after the type."""
        return encode_extensions(self.extensions)


Proposal: TypeAlias = (
    Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions
)

_KINDS: dict[int, type[Proposal]] = {
    kind.kind: kind
    for kind in (Add, Update, Remove, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions)
}


def read_proposal(reader: Reader) -> Proposal:
    """Read a proposal.

    A type we do not know cannot be stepped over, for the wire gives it no length; and a group
    in which we are cannot use it, since our capabilities do not list it (§12.2).
    """
    kind = _KINDS.get(reader.u16())
    if kind is None:
        raise refusal(Rule.PROPOSAL_UNSUPPORTED)
    return kind.read(reader)


def encode_proposal(proposal: Proposal) -> bytes:
    """Return the wire form."""
    return u16(proposal.kind) + proposal.content()
