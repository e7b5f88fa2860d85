"""Protecting frames: membership tags, sender data, encryption, padding (RFC 9420 §6.2, §6.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.mls.ciphersuite import NONCE_LENGTH
from enigm.crypto.mls.codec import Reader, header_length, opaque, read_whole, u8, u32
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.framing import (
    ContentKind,
    FrameAuth,
    FramedContent,
    FrameHeader,
    Sender,
    SenderKind,
    UnverifiedContent,
    VerifiedContent,
    WireFormat,
    encode_body,
    read_body,
)
from enigm.crypto.mls.messages import PrivateMessage, PublicMessage, encode_message, encode_public
from enigm.crypto.mls.secret_tree import MessageKey, RatchetKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.crypto.mls.ciphersuite import Suite

REUSE_GUARD_LENGTH = 4
TAG_LENGTH = 16
"""Every AEAD of the suites here appends 16 bytes."""
_SENDER_DATA_LENGTH = 4 + 4 + REUSE_GUARD_LENGTH
_MESSAGE_HEADER_LENGTH = 4


def ratchet_of(kind: ContentKind) -> RatchetKind:
    """Return the ratchet whose keys encrypt this kind of content (§9.1)."""
    application = kind is ContentKind.APPLICATION
    return RatchetKind.APPLICATION if application else RatchetKind.HANDSHAKE


def membership_tag(
    suite: Suite, key: bytes, frame: UnverifiedContent | VerifiedContent, context: bytes
) -> bytes:
    """Return the tag that only members can make (§6.2)."""
    signed = frame.content.to_be_signed(frame.wire_format, context)
    return suite.mac(key, signed + frame.auth.encoded())


def protect_public(suite: Suite, frame: VerifiedContent, key: bytes, context: bytes) -> bytes:
    """Return an MLSMessage with a frame in the clear; ``key`` is the membership key."""
    is_member = frame.content.header.sender.kind is SenderKind.MEMBER
    tag = membership_tag(suite, key, frame, context) if is_member else None
    return encode_message(WireFormat.PUBLIC_MESSAGE, encode_public(frame, tag))


def check_membership(suite: Suite, message: PublicMessage, key: bytes, context: bytes) -> None:
    """Refuse a member's frame without the tag that members make (§6.2)."""
    frame = message.authenticated
    if frame.content.header.sender.kind is not SenderKind.MEMBER:
        return
    expected = membership_tag(suite, key, frame, context)
    if message.membership_tag is None or not kdf.equal(message.membership_tag, expected):
        raise refusal(Rule.MESSAGE_MEMBERSHIP)


@dataclass(frozen=True, slots=True)
class SenderData:
    """Who sent an encrypted frame, and with which generation of its ratchet (§6.3.2)."""

    leaf_index: int
    generation: int
    reuse_guard: bytes = field(repr=False)

    @staticmethod
    def read(reader: Reader) -> SenderData:
        """Read sender data."""
        return SenderData(reader.u32(), reader.u32(), reader.take(REUSE_GUARD_LENGTH))

    def encoded(self) -> bytes:
        """Return the wire form."""
        return u32(self.leaf_index) + u32(self.generation) + self.reuse_guard


def sender_data_key(suite: Suite, secret: bytes, ciphertext: bytes) -> MessageKey:
    """Return the key for a message's sender data: it depends on the ciphertext (§6.3.2)."""
    sample = ciphertext[: suite.hash_length]
    return MessageKey(
        suite.expand_with_label(secret, b"key", sample, suite.key_length),
        suite.expand_with_label(secret, b"nonce", sample, NONCE_LENGTH),
    )


def _guarded(nonce: bytes, guard: bytes) -> bytes:
    """Mix the reuse guard in, against senders whose state was rolled back (§6.3.1)."""
    head = int.from_bytes(nonce[:REUSE_GUARD_LENGTH], "big") ^ int.from_bytes(guard, "big")
    return head.to_bytes(REUSE_GUARD_LENGTH, "big") + nonce[REUSE_GUARD_LENGTH:]


@dataclass(frozen=True, slots=True, eq=False)
class Sealing:
    """What encrypts one frame.

    Args:
        sender: our leaf, the key's generation, and a fresh reuse guard.
        key: the key of that generation.
        sender_data_secret: the epoch's.
        padded_size: from the smallest size of the whole MLSMessage to the wanted one.
    """

    sender: SenderData
    key: MessageKey = field(repr=False)
    sender_data_secret: bytes = field(repr=False)
    padded_size: Callable[[int], int]


def protect_private(suite: Suite, frame: VerifiedContent, sealing: Sealing) -> bytes:
    """Return an MLSMessage with a frame encrypted and padded (§6.3)."""
    header = frame.content.header
    hull = PrivateMessage(
        header.group_id,
        header.epoch,
        frame.content.kind,
        header.authenticated_data,
        bytes(_SENDER_DATA_LENGTH + TAG_LENGTH),
        b"",
    )
    aad = hull.content_aad()
    plaintext = encode_body(frame.content.body) + frame.auth.encoded()
    around = _MESSAGE_HEADER_LENGTH + len(aad) + len(opaque(hull.encrypted_sender_data))
    plaintext += bytes(_padding(len(plaintext) + TAG_LENGTH, around, sealing.padded_size))
    nonce = _guarded(sealing.key.nonce, sealing.sender.reuse_guard)
    ciphertext = suite.seal(sealing.key.key, nonce, aad, plaintext)
    outer = sender_data_key(suite, sealing.sender_data_secret, ciphertext)
    sender_data = suite.seal(
        outer.key, outer.nonce, hull.sender_data_aad(), sealing.sender.encoded()
    )
    content = aad + opaque(sender_data) + opaque(ciphertext)
    return encode_message(WireFormat.PRIVATE_MESSAGE, content)


def _padding(ciphertext: int, around: int, padded_size: Callable[[int], int]) -> int:
    """Return how many zeros make the whole message as long as the table wants it.

    A few sizes cannot be hit, where the ciphertext's length header grows; then the next wanted
    size is taken.
    """
    wanted = padded_size(around + header_length(ciphertext) + ciphertext)
    for _ in range(2):
        for header in (1, 2, 4):
            length = wanted - around - header
            if length >= ciphertext and header_length(length) == header:
                return length - ciphertext
        wanted = padded_size(wanted + 1)
    raise RuntimeError("the padding table gives a size smaller than the message")


def open_sender_data(suite: Suite, message: PrivateMessage, secret: bytes) -> SenderData:
    """Open a private message's sender data (§6.3.2)."""
    key = sender_data_key(suite, secret, message.ciphertext)
    opened = suite.open(
        key.key, key.nonce, message.sender_data_aad(), message.encrypted_sender_data
    )
    if opened is None:
        raise refusal(Rule.MESSAGE_SENDER_CIPHERTEXT)
    return read_whole(opened, SenderData.read)


def open_private(
    suite: Suite, message: PrivateMessage, sender: SenderData, key: MessageKey
) -> UnverifiedContent:
    """Open a private message's content (§6.3.1); its signature is still to be verified."""
    nonce = _guarded(key.nonce, sender.reuse_guard)
    opened = suite.open(key.key, nonce, message.content_aad(), message.ciphertext)
    if opened is None:
        raise refusal(Rule.MESSAGE_CIPHERTEXT)
    reader = Reader(opened)
    body = read_body(reader, message.kind)
    body_length = reader.position
    auth = FrameAuth.read(reader, message.kind)
    if reader.rest().strip(b"\x00"):
        raise refusal(Rule.MESSAGE_PADDING)
    header = FrameHeader(
        message.group_id,
        message.epoch,
        Sender.member(sender.leaf_index),
        message.authenticated_data,
    )
    encoded = b"".join((header.encoded(), u8(message.kind), opened[:body_length]))
    content = FramedContent(header, body, encoded)
    return UnverifiedContent(WireFormat.PRIVATE_MESSAGE, content, auth)
