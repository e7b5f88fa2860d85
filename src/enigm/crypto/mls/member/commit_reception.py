"""Verifying a commit that another made, and staging the epoch it leads to (RFC 9420 §12.4.2)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from enigm.crypto.mls.commit import Commit, ProposalReference
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.framing import Sender, SenderKind
from enigm.crypto.mls.key_schedule import receive_external_init
from enigm.crypto.mls.member.epoch import Ending, EpochInputs, OwnKeys, check_confirmation
from enigm.crypto.mls.member.outcomes import StagedCommit
from enigm.crypto.mls.member.summaries import Committer, summarise
from enigm.crypto.mls.proposal_list import ProposalList, SentProposal
from enigm.crypto.mls.transition import Transition
from enigm.crypto.mls.treekem import PathReceiver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.crypto.mls.framing import VerifiedContent
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.leaf_node import LeafNode
    from enigm.crypto.mls.member.epoch import Epoch
    from enigm.crypto.mls.member.needs import Needs
    from enigm.crypto.mls.member.pre_shared_keys import KnownPsks


@dataclass(frozen=True, slots=True, eq=False)
class OwnUpdate:
    """The private keys of an Update that we proposed and another may commit."""

    encryption_private: bytes = field(repr=False)
    signature_private: bytes = field(repr=False)


def resolve_proposals(
    commit: Commit, sender: Sender, received: Mapping[bytes, SentProposal]
) -> ProposalList:
    """Return a commit's proposals, the referenced ones looked up (§12.4.2)."""
    sent: list[SentProposal] = []
    for item in commit.proposals:
        if not isinstance(item, ProposalReference):
            sent.append(SentProposal(item, sender))
            continue
        found = received.get(item.hash)
        if found is None and sender.kind is SenderKind.NEW_MEMBER_COMMIT:
            raise refusal(Rule.EXTERNAL_BY_REFERENCE)
        if found is None:
            raise refusal(Rule.PROPOSAL_UNKNOWN)
        sent.append(found)
    return ProposalList(tuple(sent))


@dataclass(frozen=True, slots=True, eq=False)
class CommitReceiver:
    """A member about to judge a commit.

    Args:
        needs: the application's.
        epoch: the current one.
        received: proposals that came on their own, by reference.
        own_updates: our private keys for those of them that are ours.
        psks: the pre-shared keys within reach.
    """

    needs: Needs
    epoch: Epoch
    received: Mapping[bytes, SentProposal]
    own_updates: Mapping[bytes, OwnUpdate] = field(repr=False)
    psks: KnownPsks

    def stage(self, frame: VerifiedContent, commit: Commit) -> StagedCommit:
        """Check everything about a commit whose signature was verified; change nothing."""
        sender = frame.content.header.sender
        proposals = resolve_proposals(commit, sender, self.received)
        is_external = sender.kind is SenderKind.NEW_MEMBER_COMMIT
        self._check_list(proposals, sender)
        if commit.path is None and (proposals.needs_path or is_external):
            raise refusal(Rule.PATH_MISSING)
        acceptance = self.needs.acceptance_when_following()
        made = Transition.apply(self.epoch.context, self.epoch.tree, proposals, acceptance)
        index = made.tree.first_blank() if is_external else sender.index
        if commit.path is not None:
            old = self._old_leaf(made, index, is_external=is_external)
            made.merge_received_path(index, commit.path, old, acceptance)
        committer = Committer(index, is_external, commit.path is not None)
        summary = summarise(self.epoch.tree, made, committer, self.epoch.own.leaf_index)
        provisional = made.provisional_context()
        if summary.removes_me:
            return StagedCommit(summary, self.epoch.number, None)
        ending, inputs = self._inputs(made, commit, provisional)
        following = ending.next(frame, inputs)
        # The confirmation tag is checked last: it is the only check that needs the new epoch's
        # key, and it proves that both sides computed the same epoch.
        tag = frame.auth.confirmation_tag
        check_confirmation(following.started.epoch, tag, Rule.COMMIT_CONFIRMATION)
        return StagedCommit(summary, self.epoch.number, following.started)

    def _check_list(self, proposals: ProposalList, sender: Sender) -> None:
        if sender.kind is SenderKind.NEW_MEMBER_COMMIT:
            proposals.check_external()
        else:
            proposals.check_by_member(sender.index)
        proposals.check_each(self.epoch.suite, None)

    def _old_leaf(self, made: Transition, index: int, *, is_external: bool) -> LeafNode | None:
        """Return the leaf that the committer leaves behind: an external one may resync (§12.2)."""
        if not is_external:
            return self.epoch.tree.member(index)
        removes = made.proposals.removes
        return self.epoch.tree.member(removes[0]) if removes else None

    def _own_keys(self, made: Transition) -> OwnKeys:
        """Return our private keys after the proposals; an own Update may be among them."""
        own = self.epoch.own
        kept = own.kept_in(made.tree)
        for sent in made.proposals.sent:
            update = None if sent.reference is None else self.own_updates.get(sent.reference)
            if update is not None:
                replaced = replace(kept, signature_private=update.signature_private)
                return replaced.with_nodes({2 * own.leaf_index: update.encryption_private})
        return kept

    def _inputs(
        self, made: Transition, commit: Commit, provisional: GroupContext
    ) -> tuple[Ending, EpochInputs]:
        suite, secrets = self.epoch.suite, self.epoch.secrets
        own = self._own_keys(made)
        commit_secret = bytes(suite.hash_length)
        if commit.path is not None:
            receiver = PathReceiver(made.tree, own.leaf_index, own.nodes)
            opened = receiver.open(made.path, commit.path, provisional.encoded(), made.added_nodes)
            own = own.with_nodes(opened.private_keys())
            commit_secret = opened.commit_secret
        init_secret = secrets.init
        external_init = made.proposals.external_init
        if external_init is not None:
            pair = secrets.external_key_pair(suite)
            init_secret = receive_external_init(suite, pair.private, external_init.kem_output)
        psk = self.psks.secret(suite, made.proposals.psks)
        ending = Ending(self.epoch.interim_transcript_hash, provisional, made.tree, own)
        return ending, EpochInputs(init_secret, commit_secret, psk)
