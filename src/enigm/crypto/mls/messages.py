"""MLSMessage: the outermost structure, and the kinds of message in it (RFC 9420 §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.codec import opaque, read_whole, u8, u16, u64
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.framing import (
    ContentKind,
    FrameAuth,
    FramedContent,
    SenderKind,
    UnverifiedContent,
    VerifiedContent,
    WireFormat,
    read_kind,
)
from enigm.crypto.mls.group_info import UnverifiedGroupInfo
from enigm.crypto.mls.key_package import UnverifiedKeyPackage
from enigm.crypto.mls.welcome import Welcome

if TYPE_CHECKING:
    from enigm.crypto.mls.codec import Reader


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """A signed frame in the clear; members' frames have a membership tag (§6.2)."""

    authenticated: UnverifiedContent
    membership_tag: bytes | None

    @staticmethod
    def read(reader: Reader) -> PublicMessage:
        """Read a public message."""
        content = FramedContent.read(reader)
        auth = FrameAuth.read(reader, content.kind)
        is_member = content.header.sender.kind is SenderKind.MEMBER
        tag = reader.opaque() if is_member else None
        return PublicMessage(UnverifiedContent(WireFormat.PUBLIC_MESSAGE, content, auth), tag)

    def encoded(self) -> bytes:
        """Return the wire form."""
        return encode_public(self.authenticated, self.membership_tag)


def encode_public(
    authenticated: UnverifiedContent | VerifiedContent, membership_tag: bytes | None
) -> bytes:
    """Return the wire form of a public message."""
    tag = b"" if membership_tag is None else opaque(membership_tag)
    return authenticated.content.encoded + authenticated.auth.encoded() + tag


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """An encrypted frame: what shows is the group, the epoch and the kind (§6.3)."""

    group_id: bytes
    epoch: int
    kind: ContentKind
    authenticated_data: bytes
    encrypted_sender_data: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)

    @staticmethod
    def read(reader: Reader) -> PrivateMessage:
        """Read a private message."""
        return PrivateMessage(
            reader.opaque(),
            reader.u64(),
            read_kind(reader),
            reader.opaque(),
            reader.opaque(),
            reader.opaque(),
        )

    def encoded(self) -> bytes:
        """Return the wire form."""
        return self.content_aad() + opaque(self.encrypted_sender_data) + opaque(self.ciphertext)

    def sender_data_aad(self) -> bytes:
        """Return SenderDataAAD (§6.3.2)."""
        return opaque(self.group_id) + u64(self.epoch) + u8(self.kind)

    def content_aad(self) -> bytes:
        """Return PrivateContentAAD (§6.3.1)."""
        return self.sender_data_aad() + opaque(self.authenticated_data)


Message: TypeAlias = (
    PublicMessage | PrivateMessage | Welcome | UnverifiedGroupInfo | UnverifiedKeyPackage
)

_READERS = {
    WireFormat.PUBLIC_MESSAGE: PublicMessage.read,
    WireFormat.PRIVATE_MESSAGE: PrivateMessage.read,
    WireFormat.WELCOME: Welcome.read,
    WireFormat.GROUP_INFO: UnverifiedGroupInfo.read,
    WireFormat.KEY_PACKAGE: UnverifiedKeyPackage.read,
}


def _read_message(reader: Reader) -> Message:
    if reader.u16() != VERSION_MLS10:
        raise refusal(Rule.VERSION_UNKNOWN)
    wire_format = reader.u16()
    if not WireFormat.PUBLIC_MESSAGE <= wire_format <= WireFormat.KEY_PACKAGE:
        raise refusal(Rule.CODEC_VALUE)
    return _READERS[WireFormat(wire_format)](reader)


def decode_message(encoded: bytes) -> Message:
    """Decode an MLSMessage."""
    return read_whole(encoded, _read_message)


def decode_welcome(encoded: bytes) -> Welcome:
    """Decode an MLSMessage that must be a Welcome."""
    message = decode_message(encoded)
    if not isinstance(message, Welcome):
        raise refusal(Rule.MESSAGE_KIND)
    return message


def decode_group_info(encoded: bytes) -> UnverifiedGroupInfo:
    """Decode an MLSMessage that must be a group info."""
    message = decode_message(encoded)
    if not isinstance(message, UnverifiedGroupInfo):
        raise refusal(Rule.MESSAGE_KIND)
    return message


def encode_message(wire_format: WireFormat, content: bytes) -> bytes:
    """Wrap a message's wire form into an MLSMessage."""
    return u16(VERSION_MLS10) + u16(wire_format) + content
