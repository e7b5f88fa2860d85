"""Frames: who sent what to which group in which epoch, and its signature (RFC 9420 §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.codec import opaque, u8, u16, u32, u64
from enigm.crypto.mls.commit import Commit
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.proposals import Proposal, encode_proposal, read_proposal

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import LabelSigner, Suite
    from enigm.crypto.mls.codec import Reader

_LABEL = b"FramedContentTBS"
_REFERENCE_LABEL = b"MLS 1.0 Proposal Reference"


class WireFormat(IntEnum):
    """What an MLSMessage holds (§6, §17.2)."""

    PUBLIC_MESSAGE = 1
    PRIVATE_MESSAGE = 2
    WELCOME = 3
    GROUP_INFO = 4
    KEY_PACKAGE = 5


class ContentKind(IntEnum):
    """What a frame holds."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


class SenderKind(IntEnum):
    """In which role a frame was sent."""

    MEMBER = 1
    EXTERNAL = 2
    NEW_MEMBER_PROPOSAL = 3
    NEW_MEMBER_COMMIT = 4


_INDEXED = frozenset({SenderKind.MEMBER, SenderKind.EXTERNAL})
# RFC 9420 §6.1: the roles whose signature covers the group context.
_SIGNS_CONTEXT = frozenset({SenderKind.MEMBER, SenderKind.NEW_MEMBER_COMMIT})


@dataclass(frozen=True, slots=True)
class Sender:
    """A role, with a leaf index (member) or the place in a list (external)."""

    kind: SenderKind
    index: int = 0

    @staticmethod
    def member(leaf_index: int) -> Sender:
        """Return a member as the sender."""
        return Sender(SenderKind.MEMBER, leaf_index)

    @staticmethod
    def read(reader: Reader) -> Sender:
        """Read a sender."""
        kind = reader.u8()
        if not SenderKind.MEMBER <= kind <= SenderKind.NEW_MEMBER_COMMIT:
            raise refusal(Rule.CODEC_VALUE)
        found = SenderKind(kind)
        return Sender(found, reader.u32() if found in _INDEXED else 0)

    def encoded(self) -> bytes:
        """Return the wire form."""
        return u8(self.kind) + (u32(self.index) if self.kind in _INDEXED else b"")


Body: TypeAlias = bytes | Proposal | Commit
"""Application data, a proposal or a commit."""


def read_kind(reader: Reader) -> ContentKind:
    """Read a content type."""
    kind = reader.u8()
    if not ContentKind.APPLICATION <= kind <= ContentKind.COMMIT:
        raise refusal(Rule.CODEC_VALUE)
    return ContentKind(kind)


def read_body(reader: Reader, kind: ContentKind) -> Body:
    """Read what a frame of this kind holds."""
    if kind is ContentKind.APPLICATION:
        return reader.opaque()
    if kind is ContentKind.PROPOSAL:
        return read_proposal(reader)
    return Commit.read(reader)


def encode_body(body: Body) -> bytes:
    """Return the wire form of what a frame holds."""
    if isinstance(body, bytes):
        return opaque(body)
    if isinstance(body, Commit):
        return body.encoded()
    return encode_proposal(body)


def kind_of(body: Body) -> ContentKind:
    """Return the content type of what a frame holds."""
    if isinstance(body, bytes):
        return ContentKind.APPLICATION
    return ContentKind.COMMIT if isinstance(body, Commit) else ContentKind.PROPOSAL


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """Where a frame belongs: everything before its content."""

    group_id: bytes
    epoch: int
    sender: Sender
    authenticated_data: bytes = b""

    def encoded(self) -> bytes:
        """Return the wire form."""
        return (
            opaque(self.group_id)
            + u64(self.epoch)
            + self.sender.encoded()
            + opaque(self.authenticated_data)
        )


@dataclass(frozen=True, slots=True)
class FramedContent:
    """A frame and its own bytes, over which it is signed and hashed."""

    header: FrameHeader
    body: Body
    encoded: bytes = field(repr=False)

    @property
    def kind(self) -> ContentKind:
        """The content type."""
        return kind_of(self.body)

    @staticmethod
    def make(header: FrameHeader, body: Body) -> FramedContent:
        """Frame a content."""
        encoded = header.encoded() + u8(kind_of(body)) + encode_body(body)
        return FramedContent(header, body, encoded)

    @staticmethod
    def read(reader: Reader) -> FramedContent:
        """Read a frame."""
        start = reader.position
        header = FrameHeader(reader.opaque(), reader.u64(), Sender.read(reader), reader.opaque())
        body = read_body(reader, read_kind(reader))
        return FramedContent(header, body, reader.since(start))

    def check_sender(self) -> None:
        """Refuse content that a role may not send (§6.1)."""
        sender, kind = self.header.sender.kind, self.kind
        allowed = {
            SenderKind.MEMBER: True,
            SenderKind.EXTERNAL: kind is ContentKind.PROPOSAL,
            SenderKind.NEW_MEMBER_PROPOSAL: kind is ContentKind.PROPOSAL,
            SenderKind.NEW_MEMBER_COMMIT: kind is ContentKind.COMMIT,
        }
        if not allowed[sender]:
            raise refusal(Rule.FRAME_SENDER)

    def to_be_signed(self, wire_format: WireFormat, context: bytes) -> bytes:
        """Return FramedContentTBS (§6.1); ``context`` is the encoded group context."""
        covered = context if self.header.sender.kind in _SIGNS_CONTEXT else b""
        return b"".join((u16(VERSION_MLS10), u16(wire_format), self.encoded, covered))


@dataclass(frozen=True, slots=True)
class FrameAuth:
    """A frame's signature, and for commits its confirmation tag (§6.1)."""

    signature: bytes
    confirmation_tag: bytes | None = None

    @staticmethod
    def read(reader: Reader, kind: ContentKind) -> FrameAuth:
        """Read a frame's authentication; commits alone have a confirmation tag."""
        signature = reader.opaque()
        return FrameAuth(signature, reader.opaque() if kind is ContentKind.COMMIT else None)

    def encoded(self) -> bytes:
        """Return the wire form."""
        tag = b"" if self.confirmation_tag is None else opaque(self.confirmation_tag)
        return opaque(self.signature) + tag


@dataclass(frozen=True, slots=True)
class VerifiedContent:
    """A frame whose signature was verified, or which we signed (AuthenticatedContent)."""

    wire_format: WireFormat
    content: FramedContent
    auth: FrameAuth

    def encoded(self) -> bytes:
        """Return AuthenticatedContent's wire form."""
        return u16(self.wire_format) + self.content.encoded + self.auth.encoded()

    def reference(self, suite: Suite) -> bytes:
        """Return the reference by which a commit names this proposal (§5.2)."""
        return suite.ref_hash(_REFERENCE_LABEL, self.encoded())


@dataclass(frozen=True, slots=True)
class UnverifiedContent:
    """A frame as it came; whoever knows the sender's key can verify it."""

    wire_format: WireFormat
    content: FramedContent
    auth: FrameAuth

    @staticmethod
    def read(reader: Reader) -> UnverifiedContent:
        """Read AuthenticatedContent's wire form."""
        wire_format = reader.u16()
        if wire_format not in (WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE):
            raise refusal(Rule.CODEC_VALUE)
        content = FramedContent.read(reader)
        auth = FrameAuth.read(reader, content.kind)
        return UnverifiedContent(WireFormat(wire_format), content, auth)

    def verify(self, suite: Suite, signature_key: bytes, context: bytes) -> VerifiedContent:
        """Check the role and the signature (§6.1); ``context`` is the encoded group context."""
        self.content.check_sender()
        signed = self.content.to_be_signed(self.wire_format, context)
        if not suite.verifies(signature_key, _LABEL, signed, self.auth.signature):
            raise refusal(Rule.MESSAGE_SIGNATURE)
        return VerifiedContent(self.wire_format, self.content, self.auth)


def sign_content(
    suite: Suite,
    signature_private: bytes,
    wire_format: WireFormat,
    content: FramedContent,
    context: bytes,
) -> VerifiedContent:
    """Sign a frame; a commit's confirmation tag is filled in later (§6.1)."""
    return sign_content_with(suite.signer(signature_private), wire_format, content, context)


def sign_content_with(
    sign: LabelSigner, wire_format: WireFormat, content: FramedContent, context: bytes
) -> VerifiedContent:
    """Sign a frame with a key that was loaded before."""
    signature = sign(_LABEL, content.to_be_signed(wire_format, context))
    return VerifiedContent(wire_format, content, FrameAuth(signature))
