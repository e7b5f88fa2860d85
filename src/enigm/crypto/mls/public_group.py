"""The outsider's half: following a group's handshakes in the clear, without any secret.

A server that sees PublicMessages can verify who signed them, that the proposals may stand
together, and how the tree changes. It cannot verify membership tags and confirmation tags,
which need secrets, and learns nothing from encrypted handshakes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from enigm.crypto.mls.commit import Commit
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.messages import PublicMessage, decode_group_info, decode_message
from enigm.crypto.mls.proposal_list import SentProposal, check_proposer, resolve_proposals
from enigm.crypto.mls.senders import public_sender_key
from enigm.crypto.mls.transcript import confirmed_transcript_hash, interim_transcript_hash
from enigm.crypto.mls.transition import Acceptance, follow_commit

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import SuiteTable
    from enigm.crypto.mls.credential import CredentialCheck
    from enigm.crypto.mls.framing import VerifiedContent
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.leaf_node import LeafNode
    from enigm.crypto.mls.ratchet_tree import RatchetTree


@dataclass(frozen=True, slots=True)
class PublicEpoch:
    """What an outsider may know of one epoch."""

    context: GroupContext
    tree: RatchetTree = field(repr=False)
    interim_transcript_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PublicCommit:
    """A commit whose public side is valid, not applied yet.

    Args:
        committer: its leaf index in the new epoch.
        following: the epoch it leads to.
    """

    committer: int
    following: PublicEpoch


PublicReceived: TypeAlias = SentProposal | PublicCommit


class PublicGroup:
    """A group as an outsider follows it."""

    def __init__(self, epoch: PublicEpoch, check_credential: CredentialCheck) -> None:
        """Use ``from_group_info``."""
        self._epoch = epoch
        self._received: dict[bytes, SentProposal] = {}
        self._acceptance = Acceptance(check_credential)

    @staticmethod
    def from_group_info(
        group_info: bytes,
        suites: SuiteTable,
        check_credential: CredentialCheck,
        ratchet_tree: bytes | None = None,
    ) -> PublicGroup:
        """Start from a verified group info; its confirmation tag is taken on its signer's word."""
        unverified = decode_group_info(group_info)
        suite = suites.find(unverified.context.suite_number)
        info = unverified.verify(suite, ratchet_tree)
        confirmed = info.context.confirmed_transcript_hash
        interim = interim_transcript_hash(suite, confirmed, info.confirmation_tag)
        return PublicGroup(PublicEpoch(info.context, info.tree, interim), check_credential)

    @property
    def epoch(self) -> int:
        """The current epoch's number."""
        return self._epoch.context.epoch

    @property
    def context(self) -> GroupContext:
        """The current group context."""
        return self._epoch.context

    def members(self) -> list[tuple[int, LeafNode]]:
        """Return the leaves that are not blank, with their indices."""
        return list(self._epoch.tree.members())

    def process(self, message: bytes) -> PublicReceived:
        """Verify a handshake in the clear; a commit is not applied yet."""
        decoded = decode_message(message)
        if not isinstance(decoded, PublicMessage):
            raise refusal(Rule.MESSAGE_KIND)
        frame = self._verified(decoded)
        sender, body = frame.content.header.sender, frame.content.body
        if isinstance(body, bytes):
            raise refusal(Rule.FRAME_PUBLIC_APPLICATION)
        if isinstance(body, Commit):
            return self._follow(frame, body)
        check_proposer(sender, body)
        reference = frame.reference(self._epoch.tree.suite)
        sent = SentProposal(body, sender, reference)
        self._received[reference] = sent
        return sent

    def apply(self, commit: PublicCommit) -> None:
        """Enter the epoch that a commit leads to."""
        if commit.following.context.epoch != self.epoch + 1:
            raise RuntimeError("the commit was verified in another epoch")
        self._epoch = commit.following
        self._received.clear()

    def _verified(self, message: PublicMessage) -> VerifiedContent:
        epoch, frame = self._epoch, message.authenticated
        header, context = frame.content.header, epoch.context
        if header.group_id != context.group_id:
            raise refusal(Rule.MESSAGE_GROUP)
        if header.epoch != context.epoch:
            past = header.epoch < context.epoch
            raise refusal(Rule.MESSAGE_EPOCH_PAST if past else Rule.MESSAGE_EPOCH_FUTURE)
        frame.content.check_sender()
        key = public_sender_key(context, epoch.tree, frame)
        return frame.verify(epoch.tree.suite, key, context.encoded())

    def _follow(self, frame: VerifiedContent, commit: Commit) -> PublicCommit:
        epoch, sender = self._epoch, frame.content.header.sender
        tag = frame.auth.confirmation_tag
        if tag is None:
            raise refusal(Rule.COMMIT_CONFIRMATION_MISSING)
        proposals = resolve_proposals(commit, sender, self._received)
        received = (sender, commit, proposals)
        followed = follow_commit(epoch.context, epoch.tree, received, self._acceptance)
        suite = epoch.tree.suite
        confirmed = confirmed_transcript_hash(suite, epoch.interim_transcript_hash, frame)
        following = PublicEpoch(
            followed.provisional.confirmed(confirmed),
            followed.made.tree,
            interim_transcript_hash(suite, confirmed, tag),
        )
        return PublicCommit(followed.committer, following)
