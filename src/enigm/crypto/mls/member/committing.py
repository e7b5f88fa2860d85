"""A member's own commits and updates (RFC 9420 §12.1.2, §12.4.1)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from enigm.crypto.mls.framing import Sender, WireFormat
from enigm.crypto.mls.leaf_node import (
    LeafContent,
    LeafNode,
    LeafOrigin,
    LeafSource,
    leaf_placement,
    sign_leaf,
)
from enigm.crypto.mls.member.commit_creation import (
    CommitFrame,
    FinishedCommit,
    NewPath,
    PathMaker,
    finish_commit,
    make_welcome,
)
from enigm.crypto.mls.member.commit_reception import OwnUpdate
from enigm.crypto.mls.member.epoch import Ending, EpochInputs
from enigm.crypto.mls.member.outcomes import PendingCommit, StagedCommit
from enigm.crypto.mls.member.summaries import Committer, summarise
from enigm.crypto.mls.proposal_list import ProposalList, SentProposal, select_received
from enigm.crypto.mls.transition import Transition
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from enigm.crypto.mls.framing import VerifiedContent
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.member.identity import Identity
    from enigm.crypto.mls.member.needs import Needs
    from enigm.crypto.mls.member.pre_shared_keys import ResumptionKeys
    from enigm.crypto.mls.member.state import MemberState
    from enigm.crypto.mls.proposals import Proposal
    from enigm.crypto.mls.psk import ResumptionUsage


def anything(sent: SentProposal) -> bool:
    """Accept every valid proposal."""
    del sent
    return True


@dataclass(frozen=True, slots=True)
class CommitOptions:
    """How to make a commit.

    Args:
        include_received: commit the proposals that others sent, as far as they are valid.
        accepts: which of those we are willing to commit; an application that does not want
            strangers to add themselves says so here.
        force_path: renew our keys even where the RFC does not ask for it.
        ratchet_tree_in_welcome: put the tree into the Welcome; otherwise hand it over beside.
        ratchet_tree_in_group_info: put the tree into the published group info.
        identity: replaces our credential and signature key.
        authenticated_data: shown to all who see the message, and signed.
        usage: what a successor group's first commit is for (§11.2, §11.3).
        resumption: the old group's keys, for that commit.
    """

    include_received: bool = True
    accepts: Callable[[SentProposal], bool] = anything
    force_path: bool = False
    ratchet_tree_in_welcome: bool = True
    ratchet_tree_in_group_info: bool = False
    identity: Identity | None = None
    authenticated_data: bytes = b""
    usage: ResumptionUsage | None = None
    resumption: ResumptionKeys | None = field(default=None, repr=False)


def own_content(state: MemberState, identity: Identity | None) -> tuple[LeafContent, bytes]:
    """Return what our next leaf says, and the private key that signs it."""
    leaf, own = state.epoch.own_leaf, state.epoch.own
    content = LeafContent(leaf.signature_key, leaf.credential, leaf.capabilities, leaf.extensions)
    if identity is None:
        return content, own.signature_private
    changed = replace(
        content, signature_key=identity.signature_public, credential=identity.credential
    )
    return changed, identity.signature_private


def new_leaf_for_update(
    needs: Needs, state: MemberState, identity: Identity | None
) -> tuple[LeafNode, OwnUpdate]:
    """Make the leaf of an Update proposal and keep its private keys (§12.1.2)."""
    epoch = state.epoch
    content, private = own_content(state, identity)
    keys = epoch.suite.hpke.generate_key_pair(needs.entropy)
    index = epoch.own.leaf_index
    placement = leaf_placement(LeafSource.UPDATE, epoch.context.group_id, index)
    origin = LeafOrigin(LeafSource.UPDATE, placement=placement)
    leaf = sign_leaf(epoch.suite, private, keys.public, content, origin)
    return leaf, OwnUpdate(keys.private, private)


def gather(
    needs: Needs, state: MemberState, proposals: Sequence[Proposal], options: CommitOptions
) -> ProposalList:
    """Return what a commit covers: valid received proposals first, then the given ones."""
    index = state.epoch.own.leaf_index
    given = [SentProposal(proposal, Sender.member(index)) for proposal in proposals]
    if not options.include_received:
        return ProposalList(tuple(given))
    waiting = filter(options.accepts, state.received.values())
    valid = [sent for sent in waiting if _is_valid_alone(needs, state, sent)]
    return ProposalList((*select_received(valid, given, index), *given))


def _is_valid_alone(needs: Needs, state: MemberState, sent: SentProposal) -> bool:
    alone = ProposalList((sent,))
    try:
        alone.check_each(state.epoch.suite, None)
        state.known_psks(needs.psks).secret(state.epoch.suite, alone.psks)
        acceptance = needs.acceptance_when_proposing()
        made = Transition.apply(state.epoch.context, state.epoch.tree, alone, acceptance)
        made.provisional_context()
    except Refusal:
        return False
    return True


@dataclass(frozen=True, slots=True, eq=False)
class CommitInTheMaking:
    """A commit whose tree is ready; signing and encrypting it finishes it."""

    state: MemberState
    options: CommitOptions
    made: Transition
    path: NewPath | None = field(repr=False)
    provisional: GroupContext
    psk: bytes = field(repr=False)
    finished: list[FinishedCommit] = field(default_factory=list[FinishedCommit], repr=False)

    def sign(self, wire_format: WireFormat) -> VerifiedContent:
        """Sign the commit and compute the epoch it leads to."""
        epoch = self.state.epoch
        frame = CommitFrame(
            Sender.member(epoch.own.leaf_index),
            wire_format,
            epoch.own.signature_private,
            epoch.context_encoded,
            self.options.authenticated_data,
        ).sign(self.made, self.path)
        own = epoch.own.kept_in(self.made.tree) if self.path is None else self.path.own
        ending = Ending(epoch.interim_transcript_hash, self.provisional, self.made.tree, own)
        commit_secret = bytes(epoch.suite.hash_length)
        if self.path is not None:
            commit_secret = self.path.secrets.commit_secret
        inputs = EpochInputs(epoch.secrets.init, commit_secret, self.psk)
        self.finished.append(finish_commit(ending, frame, inputs))
        return self.finished[0].frame

    def pending(self, message: bytes) -> PendingCommit:
        """Put together what to send and what merging will lead to."""
        following = self.finished[0].next
        new = following.started.epoch
        in_welcome = new.group_info(
            external=False, with_ratchet_tree=self.options.ratchet_tree_in_welcome
        )
        welcome = make_welcome(self.made, self.path, following, self.psk, in_welcome)
        published = new.group_info_message(
            with_ratchet_tree=self.options.ratchet_tree_in_group_info
        )
        old = self.state.epoch
        index = old.own.leaf_index
        committer = Committer(index, is_external=False, has_path=self.path is not None)
        summary = summarise(old.tree, self.made, committer, index)
        staged = StagedCommit(summary, old.number, following.started)
        return PendingCommit(message, welcome, published, staged)


def make_commit(
    needs: Needs, state: MemberState, proposals: Sequence[Proposal], options: CommitOptions
) -> CommitInTheMaking:
    """Apply the proposals and make our path; the state stays as it is (§12.4.1)."""
    epoch = state.epoch
    gathered = gather(needs, state, proposals, options)
    index = epoch.own.leaf_index
    gathered.check_by_member(index)
    gathered.check_each(epoch.suite, options.usage)
    others = () if options.resumption is None else (options.resumption,)
    psk = state.known_psks(needs.psks, *others).secret(epoch.suite, gathered.psks)
    acceptance = needs.acceptance_when_proposing()
    made = Transition.apply(epoch.context, epoch.tree, gathered, acceptance)
    if not (gathered.needs_path or options.force_path or options.identity is not None):
        return CommitInTheMaking(state, options, made, None, made.provisional_context(), psk)
    content, private = own_content(state, options.identity)
    made.profiles_changed = made.profiles_changed or options.identity is not None
    provisional, path = PathMaker(index, private, content, needs.entropy).extend(made)
    return CommitInTheMaking(state, options, made, path, provisional, psk)
