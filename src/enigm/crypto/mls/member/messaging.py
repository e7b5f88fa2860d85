"""Sending and receiving frames: signing, encrypting, and the checks before a frame is believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.framing import (
    ContentKind,
    FramedContent,
    FrameHeader,
    Sender,
    WireFormat,
    sign_content_with,
)
from enigm.crypto.mls.message_protection import (
    REUSE_GUARD_LENGTH,
    Sealing,
    SenderData,
    check_membership,
    open_private,
    open_sender_data,
    protect_private,
    protect_public,
    ratchet_of,
)
from enigm.crypto.mls.senders import public_sender_key

if TYPE_CHECKING:
    from enigm.crypto.mls.framing import Body, VerifiedContent
    from enigm.crypto.mls.member.epoch import Epoch
    from enigm.crypto.mls.member.needs import Settings
    from enigm.crypto.mls.member.state import MemberState
    from enigm.crypto.mls.messages import PrivateMessage, PublicMessage
    from enigm.crypto.mls.secret_tree import SecretTree, SkippedPlace, StagedKey
    from enigm.foundation.entropy import Entropy


def sign_frame(
    state: MemberState, body: Body, wire_format: WireFormat, authenticated_data: bytes
) -> VerifiedContent:
    """Frame and sign our own content in the current epoch."""
    epoch = state.epoch
    sender = Sender.member(epoch.own.leaf_index)
    header = FrameHeader(epoch.context.group_id, epoch.number, sender, authenticated_data)
    content = FramedContent.make(header, body)
    return sign_content_with(epoch.sign, wire_format, content, epoch.context_encoded)


def protect(
    state: MemberState, frame: VerifiedContent, settings: Settings, entropy: Entropy
) -> bytes:
    """Return the MLSMessage for a signed frame; an encrypted one uses its key up at once."""
    epoch = state.epoch
    if frame.wire_format is WireFormat.PUBLIC_MESSAGE:
        key = epoch.secrets.membership
        return protect_public(epoch.suite, frame, key, epoch.context_encoded)
    leaf_index = epoch.own.leaf_index
    staged = state.message_keys.next(leaf_index, ratchet_of(frame.content.kind))
    guard = entropy.random_bytes(REUSE_GUARD_LENGTH)
    sealing = Sealing(
        SenderData(leaf_index, staged.generation, guard),
        staged.key,
        epoch.secrets.sender_data,
        settings.padded_size,
    )
    message = protect_private(epoch.suite, frame, sealing)
    state.message_keys.consume(staged)
    return message


@dataclass(frozen=True, slots=True, eq=False)
class OpenedFrame:
    """A verified frame and the key it came under, not used up yet."""

    frame: VerifiedContent
    key: StagedKey | None = field(default=None, repr=False)
    keys: SecretTree | None = field(default=None, repr=False)

    @property
    def place(self) -> SkippedPlace | None:
        """Where the key is, to be used up later."""
        if self.key is None:
            return None
        sender, kind = self.frame.content.header.sender, self.frame.content.kind
        return sender.index, ratchet_of(kind), self.key.generation

    def use_key(self) -> None:
        """Use the key up: the frame was accepted."""
        if self.key is not None and self.keys is not None:
            self.keys.consume(self.key)


def check_place(epoch: Epoch, group_id: bytes, number: int) -> None:
    """Refuse a message of another group or of an epoch to come (§6.1)."""
    if group_id != epoch.context.group_id:
        raise refusal(Rule.MESSAGE_GROUP)
    if number > epoch.number:
        raise refusal(Rule.MESSAGE_EPOCH_FUTURE)


def open_public_frame(state: MemberState, message: PublicMessage) -> OpenedFrame:
    """Verify a frame that came in the clear (§6.2)."""
    epoch, frame = state.epoch, message.authenticated
    header = frame.content.header
    check_place(epoch, header.group_id, header.epoch)
    if header.epoch < epoch.number:
        raise refusal(Rule.MESSAGE_EPOCH_PAST)
    if frame.content.kind is ContentKind.APPLICATION:
        raise refusal(Rule.FRAME_PUBLIC_APPLICATION)
    frame.content.check_sender()
    if header.sender == Sender.member(epoch.own.leaf_index):
        raise refusal(Rule.MESSAGE_OWN)
    context = epoch.context_encoded
    check_membership(epoch.suite, message, epoch.secrets.membership, context)
    return OpenedFrame(
        frame.verify(epoch.suite, public_sender_key(epoch.context, epoch.tree, frame), context)
    )


def open_private_frame(state: MemberState, message: PrivateMessage) -> OpenedFrame:
    """Decrypt and verify a frame (§6.3); nothing is used up until the frame is accepted."""
    epoch = state.epoch
    check_place(epoch, message.group_id, message.epoch)
    context, secret, keys = _epoch_of(state, message)
    sender = open_sender_data(epoch.suite, message, secret)
    if sender.leaf_index == epoch.own.leaf_index:
        raise refusal(Rule.MESSAGE_OWN)
    leaf = state.leaf_in(message.epoch, sender.leaf_index)
    if leaf is None:
        raise refusal(Rule.MESSAGE_SENDER_LEAF)
    staged = keys.stage(sender.leaf_index, ratchet_of(message.kind), sender.generation)
    unverified = open_private(epoch.suite, message, sender, staged.key)
    frame = unverified.verify(epoch.suite, leaf.signature_key, context)
    return OpenedFrame(frame, staged, keys)


def _epoch_of(state: MemberState, message: PrivateMessage) -> tuple[bytes, bytes, SecretTree]:
    """Return the context, sender data secret and keys of a message's epoch."""
    epoch = state.epoch
    if message.epoch == epoch.number:
        return epoch.context_encoded, epoch.secrets.sender_data, state.message_keys
    past = state.past.get(message.epoch)
    # Handshakes count only in the epoch they were made for; late application messages do.
    if past is None or message.kind is not ContentKind.APPLICATION:
        raise refusal(Rule.MESSAGE_EPOCH_PAST)
    return past.context_encoded, past.sender_data_secret, past.message_keys
