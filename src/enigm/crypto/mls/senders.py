"""Whose key must have signed a frame that came in the clear (RFC 9420 §6.1, §12.1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.crypto.mls.commit import Commit
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import external_senders
from enigm.crypto.mls.framing import SenderKind
from enigm.crypto.mls.proposals import Add

if TYPE_CHECKING:
    from enigm.crypto.mls.framing import UnverifiedContent
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.ratchet_tree import RatchetTree


def public_sender_key(context: GroupContext, tree: RatchetTree, frame: UnverifiedContent) -> bytes:
    """Return the signature key of a frame's sender."""
    sender, body = frame.content.header.sender, frame.content.body
    if sender.kind is SenderKind.MEMBER:
        leaf = tree.leaf(sender.index)
        if leaf is None:
            raise refusal(Rule.MESSAGE_SENDER_LEAF)
        return leaf.signature_key
    if sender.kind is SenderKind.EXTERNAL:
        senders = external_senders(context.extensions)
        if sender.index >= len(senders):
            raise refusal(Rule.MESSAGE_EXTERNAL_INDEX)
        return senders[sender.index].signature_key
    if isinstance(body, Commit):
        if body.path is None:
            raise refusal(Rule.PATH_MISSING)
        return body.path.leaf.signature_key
    # RFC 9420 §12.1.8: a new member may propose nothing but to be added itself.
    if isinstance(body, Add):
        return body.key_package.leaf.signature_key
    raise refusal(Rule.PROPOSAL_SENDER)
