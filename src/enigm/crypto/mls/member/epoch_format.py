"""How epochs, commits in waiting and proposals stand in the stored state."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import Reader, opaque, optional, u8, u32, u64, vector
from enigm.crypto.mls.credential import Credential
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import encode_extensions, read_extensions
from enigm.crypto.mls.framing import Sender
from enigm.crypto.mls.group_context import GroupContext
from enigm.crypto.mls.key_schedule import EpochSecrets
from enigm.crypto.mls.leaf_node import LeafNode
from enigm.crypto.mls.member.epoch import Epoch, OwnKeys, StartedEpoch
from enigm.crypto.mls.member.outcomes import CommitSummary, Member, PendingCommit, StagedCommit
from enigm.crypto.mls.proposal_list import SentProposal
from enigm.crypto.mls.proposals import ReInit, encode_proposal, read_proposal
from enigm.crypto.mls.psk import PskId
from enigm.crypto.mls.ratchet_tree import ParentNode, RatchetTree

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import SuiteTable
    from enigm.crypto.mls.ratchet_tree import Node

_SECRET_COUNT = len(fields(EpochSecrets))


def encode_epoch(epoch: Epoch) -> bytes:
    """Encode an epoch without its tree."""
    own = epoch.own
    nodes = (u32(node) + opaque(private) for node, private in sorted(own.nodes.items()))
    return b"".join(
        (
            epoch.context_encoded,
            u32(own.leaf_index),
            opaque(own.signature_private),
            vector(nodes),
            *map(opaque, epoch.secrets.in_order()),
            opaque(epoch.interim_transcript_hash),
            opaque(epoch.confirmation_tag),
        )
    )


def read_epoch(reader: Reader, suites: SuiteTable, tree: RatchetTree) -> Epoch:
    """Read an epoch back onto its tree."""
    context = GroupContext.read(reader)
    leaf_index, signature_private = reader.u32(), reader.opaque()
    nodes = dict(reader.each(lambda inside: (inside.u32(), inside.opaque())))
    secrets = EpochSecrets(*(reader.opaque() for _ in range(_SECRET_COUNT)))
    return Epoch(
        suites.find(context.suite_number),
        context,
        context.encoded(),
        tree,
        OwnKeys(leaf_index, signature_private, nodes),
        secrets,
        reader.opaque(),
        reader.opaque(),
    )


def encode_node(node: Node) -> bytes:
    """Encode a tree node or a blank."""
    if node is None:
        return b"\x00"
    return (b"\x01" if isinstance(node, LeafNode) else b"\x02") + node.encoded


def read_node(reader: Reader) -> Node:
    """Read a tree node or a blank."""
    kind = reader.u8()
    if kind == 0:
        return None
    return LeafNode.read(reader) if kind == 1 else ParentNode.read(reader)


def read_leaf(reader: Reader) -> LeafNode | None:
    """Read a leaf or a blank."""
    node = read_node(reader)
    if isinstance(node, ParentNode):
        raise refusal(Rule.STATE_FORMAT)
    return node


def encode_tree_change(old: RatchetTree, new: RatchetTree) -> bytes:
    """Encode a tree by what it changes in another."""
    before = [*old.nodes, *[None] * (len(new.nodes) - len(old.nodes))]
    changed = (
        u32(place) + encode_node(node)
        for place, node in enumerate(new.nodes)
        if node is not before[place]
    )
    return u32(len(new.nodes)) + vector(changed)


def read_tree_change(reader: Reader, old: RatchetTree) -> RatchetTree:
    """Apply an encoded change to a tree's copy."""
    size = reader.u32()
    nodes = [*old.nodes[:size], *[None] * (size - len(old.nodes))]
    for place, node in reader.each(lambda inside: (inside.u32(), read_node(inside))):
        nodes[place] = node
    return RatchetTree.of(old.suite, nodes)


def encode_sent(sent: SentProposal) -> bytes:
    """Encode a received proposal with its sender."""
    return sent.sender.encoded() + opaque(sent.reference or b"") + encode_proposal(sent.proposal)


def read_sent(reader: Reader) -> SentProposal:
    """Read a received proposal with its sender."""
    sender, reference = Sender.read(reader), reader.opaque()
    return SentProposal(read_proposal(reader), sender, reference)


def _encode_member(member: Member) -> bytes:
    return (
        u32(member.leaf_index)
        + member.credential.encoded()
        + opaque(member.signature_key)
        + encode_extensions(member.extensions)
    )


def _read_member(reader: Reader) -> Member:
    return Member(reader.u32(), Credential.read(reader), reader.opaque(), read_extensions(reader))


def encode_reinit(reinit: ReInit | None) -> bytes:
    """Encode the announcement that closed a group, or its absence."""
    return optional(None if reinit is None else reinit.content())


def read_reinit(reader: Reader) -> ReInit | None:
    """Read the announcement that closed a group, or its absence."""
    return ReInit.read(reader) if reader.present() else None


def _encode_summary(summary: CommitSummary) -> bytes:
    extensions = summary.extensions
    return b"".join(
        (
            u32(summary.sender),
            u64(summary.epoch),
            vector(map(_encode_member, summary.added)),
            vector(map(_encode_member, summary.removed)),
            vector(map(_encode_member, summary.updated)),
            u8(summary.removes_me),
            u8(summary.is_external),
            vector(psk.encoded() for psk in summary.psks),
            encode_reinit(summary.reinit),
            optional(None if extensions is None else encode_extensions(extensions)),
        )
    )


def _read_summary(reader: Reader) -> CommitSummary:
    return CommitSummary(
        reader.u32(),
        reader.u64(),
        tuple(reader.each(_read_member)),
        tuple(reader.each(_read_member)),
        tuple(reader.each(_read_member)),
        reader.present(),
        reader.present(),
        tuple(reader.each(PskId.read)),
        read_reinit(reader),
        read_extensions(reader) if reader.present() else None,
    )


def encode_pending(pending: PendingCommit, current: Epoch) -> bytes:
    """Encode our own commit; an unmerged join from outside is the current epoch already."""
    staged, started = pending.staged, pending.staged.started
    following = None
    if started is not None and started.epoch is not current:
        following = (
            encode_tree_change(current.tree, started.epoch.tree)
            + encode_epoch(started.epoch)
            + opaque(started.encryption_secret)
        )
    welcome = None if pending.welcome is None else opaque(pending.welcome)
    return b"".join(
        (
            opaque(pending.message),
            optional(welcome),
            opaque(pending.group_info),
            u64(staged.base_epoch),
            _encode_summary(staged.summary),
            optional(following),
        )
    )


@dataclass(frozen=True, slots=True, eq=False)
class PendingReader:
    """Reads our own commit back."""

    suites: SuiteTable
    current: Epoch

    def read(self, reader: Reader) -> PendingCommit:
        """Read a pending commit."""
        message = reader.opaque()
        welcome = reader.opaque() if reader.present() else None
        group_info, base_epoch, summary = reader.opaque(), reader.u64(), _read_summary(reader)
        started = StartedEpoch(self.current, b"")
        if reader.present():
            tree = read_tree_change(reader, self.current.tree)
            started = StartedEpoch(read_epoch(reader, self.suites, tree), reader.opaque())
        return PendingCommit(
            message, welcome, group_info, StagedCommit(summary, base_epoch, started)
        )


def check_format(reader: Reader, version: int) -> None:
    """Refuse a state of another format."""
    if reader.u16() != version:
        raise refusal(Rule.STATE_FORMAT)
