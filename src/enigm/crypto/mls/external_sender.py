"""Proposing to a group from outside (RFC 9420 §12.1.8): listed senders, and those who want in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.framing import (
    FramedContent,
    FrameHeader,
    Sender,
    SenderKind,
    WireFormat,
    sign_content,
)
from enigm.crypto.mls.messages import encode_message, encode_public
from enigm.crypto.mls.proposal_list import check_proposer
from enigm.crypto.mls.proposals import Add

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.key_package import UnverifiedKeyPackage
    from enigm.crypto.mls.proposals import Proposal


@dataclass(frozen=True, slots=True)
class Target:
    """The group and epoch that a proposal is for."""

    group_id: bytes
    epoch: int


@dataclass(frozen=True, slots=True, eq=False)
class OutsideSigner:
    """Somebody outside with a signature key."""

    suite: Suite
    sender: Sender
    private: bytes = field(repr=False)

    def propose(self, target: Target, proposal: Proposal) -> bytes:
        """Return the MLSMessage with a signed proposal; it is in the clear."""
        check_proposer(self.sender, proposal)
        content = FramedContent.make(
            FrameHeader(target.group_id, target.epoch, self.sender), proposal
        )
        frame = sign_content(self.suite, self.private, WireFormat.PUBLIC_MESSAGE, content, b"")
        return encode_message(WireFormat.PUBLIC_MESSAGE, encode_public(frame, None))


def propose_from_outside(
    suite: Suite, signature_private: bytes, sender_index: int, target: Target, proposal: Proposal
) -> bytes:
    """Propose as the sender at a place of the group's external_senders extension (§12.1.8.1)."""
    sender = Sender(SenderKind.EXTERNAL, sender_index)
    return OutsideSigner(suite, sender, signature_private).propose(target, proposal)


def propose_own_add(
    suite: Suite, signature_private: bytes, target: Target, key_package: UnverifiedKeyPackage
) -> bytes:
    """Ask to be added, with one's own key package (§12.1.8.2)."""
    sender = Sender(SenderKind.NEW_MEMBER_PROPOSAL)
    return OutsideSigner(suite, sender, signature_private).propose(target, Add(key_package))
