"""Verifying a commit that another made, and staging the epoch it leads to (RFC 9420 §12.4.2)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.framing import SenderKind
from enigm.crypto.mls.key_schedule import receive_external_init
from enigm.crypto.mls.member.epoch import Ending, EpochInputs, OwnKeys, check_confirmation
from enigm.crypto.mls.member.outcomes import StagedCommit
from enigm.crypto.mls.member.summaries import Committer, summarise
from enigm.crypto.mls.proposal_list import SentProposal, resolve_proposals
from enigm.crypto.mls.transition import Transition, follow_commit
from enigm.crypto.mls.treekem import PathReceiver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.crypto.mls.commit import Commit
    from enigm.crypto.mls.framing import VerifiedContent
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.member.epoch import Epoch
    from enigm.crypto.mls.member.needs import Needs
    from enigm.crypto.mls.member.pre_shared_keys import KnownPsks


@dataclass(frozen=True, slots=True, eq=False)
class OwnUpdate:
    """The private keys of an Update that we proposed and another may commit."""

    encryption_private: bytes = field(repr=False)
    signature_private: bytes = field(repr=False)


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
        epoch, acceptance = self.epoch, self.needs.acceptance_when_following()
        followed = follow_commit(epoch.context, epoch.tree, (sender, commit, proposals), acceptance)
        made = followed.made
        committer = Committer(
            followed.committer,
            is_external=sender.kind is SenderKind.NEW_MEMBER_COMMIT,
            has_path=commit.path is not None,
        )
        summary = summarise(epoch.tree, made, committer, epoch.own.leaf_index)
        if summary.removes_me:
            return StagedCommit(summary, epoch.number, None)
        ending, inputs = self._inputs(made, commit, followed.provisional)
        following = ending.next(frame, inputs)
        # The confirmation tag is checked last: it is the only check that needs the new epoch's
        # key, and it proves that both sides computed the same epoch.
        tag = frame.auth.confirmation_tag
        check_confirmation(following.started.epoch, tag, Rule.COMMIT_CONFIRMATION)
        return StagedCommit(summary, epoch.number, following.started)

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
