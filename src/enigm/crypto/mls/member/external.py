"""Joining from outside by an external commit, also to come back (RFC 9420 §12.4.3.2)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import external_pub
from enigm.crypto.mls.framing import Sender, SenderKind, WireFormat
from enigm.crypto.mls.key_schedule import send_external_init
from enigm.crypto.mls.member.commit_creation import CommitFrame, PathMaker, finish_commit
from enigm.crypto.mls.member.epoch import Ending, EpochInputs
from enigm.crypto.mls.member.identity import LeafOptions, leaf_content
from enigm.crypto.mls.member.joining import check_members
from enigm.crypto.mls.member.outcomes import PendingCommit, StagedCommit
from enigm.crypto.mls.member.pre_shared_keys import KnownPsks
from enigm.crypto.mls.member.summaries import Committer, summarise
from enigm.crypto.mls.message_protection import protect_public
from enigm.crypto.mls.messages import decode_group_info
from enigm.crypto.mls.proposal_list import ProposalList, SentProposal
from enigm.crypto.mls.proposals import ExternalInit, PreSharedKey, Remove
from enigm.crypto.mls.transcript import interim_transcript_hash
from enigm.crypto.mls.transition import Transition

if TYPE_CHECKING:
    from enigm.crypto.mls.group_info import GroupInfo
    from enigm.crypto.mls.member.identity import Identity
    from enigm.crypto.mls.member.needs import Needs
    from enigm.crypto.mls.proposals import Proposal


@dataclass(frozen=True, slots=True)
class ExternalJoinOptions:
    """How to join from outside.

    Args:
        ratchet_tree: the tree, where the group info does not hold it.
        replaces_leaf: our own old leaf, to be removed by the same commit (resync).
        psks: pre-shared keys to mix in.
        leaf: what our leaf says beyond our identity.
        ratchet_tree_in_group_info: put the tree into the new epoch's group info.
        authenticated_data: shown to all who see the message, and signed.
    """

    ratchet_tree: bytes | None = None
    replaces_leaf: int | None = None
    psks: tuple[PreSharedKey, ...] = ()
    leaf: LeafOptions = field(default_factory=LeafOptions)
    ratchet_tree_in_group_info: bool = False
    authenticated_data: bytes = b""


def join(
    needs: Needs, group_info: bytes, identity: Identity, options: ExternalJoinOptions | None
) -> PendingCommit:
    """Verify a group info and make the commit by which we join."""
    chosen = options or ExternalJoinOptions()
    unverified = decode_group_info(group_info)
    suite = needs.suites.find(unverified.context.suite_number)
    info = unverified.verify(suite, chosen.ratchet_tree)
    check_members(info, needs.check_credential)
    public = external_pub(info.extensions)
    if public is None:
        raise refusal(Rule.GROUP_INFO_EXTERNAL_KEY)
    kem_output, init_secret = send_external_init(suite, public)
    proposals = _proposals(kem_output, chosen)
    proposals.check_external()
    proposals.check_each(suite, None)
    psk = KnownPsks(needs.psks).secret(suite, proposals.psks)
    acceptance = needs.acceptance_when_proposing()
    made = Transition.apply(info.context, info.tree, proposals, acceptance)
    return _commit(needs, info, identity, chosen, (made, init_secret, psk))


def _proposals(kem_output: bytes, options: ExternalJoinOptions) -> ProposalList:
    proposals: list[Proposal] = [ExternalInit(kem_output)]
    if options.replaces_leaf is not None:
        proposals.append(Remove(options.replaces_leaf))
    proposals.extend(options.psks)
    sender = Sender(SenderKind.NEW_MEMBER_COMMIT)
    return ProposalList(tuple(SentProposal(proposal, sender) for proposal in proposals))


def _commit(
    needs: Needs,
    info: GroupInfo,
    identity: Identity,
    options: ExternalJoinOptions,
    prepared: tuple[Transition, bytes, bytes],
) -> PendingCommit:
    made, init_secret, psk = prepared
    suite, index = info.tree.suite, made.tree.first_blank()
    content = leaf_content(identity, needs.suites, options.leaf)
    made.profiles_changed = True
    maker = PathMaker(index, identity.signature_private, content, needs.entropy)
    provisional, path = maker.extend(made)
    context = info.context.encoded()
    frame = CommitFrame(
        Sender(SenderKind.NEW_MEMBER_COMMIT),
        WireFormat.PUBLIC_MESSAGE,
        identity.signature_private,
        context,
        options.authenticated_data,
    ).sign(made, path)
    interim = interim_transcript_hash(
        suite, info.context.confirmed_transcript_hash, info.confirmation_tag
    )
    ending = Ending(interim, provisional, made.tree, path.own)
    inputs = EpochInputs(init_secret, path.secrets.commit_secret, psk)
    finished = finish_commit(ending, frame, inputs)
    started = finished.next.started
    committer = Committer(index, is_external=True, has_path=True)
    summary = summarise(info.tree, made, committer, index)
    # With a resync our old leaf is removed, and that may be the leaf we now take again.
    staged = StagedCommit(replace(summary, removes_me=False), info.context.epoch, started)
    message = protect_public(suite, finished.frame, b"", context)
    in_group_info = options.ratchet_tree_in_group_info
    published = started.epoch.group_info_message(with_ratchet_tree=in_group_info)
    return PendingCommit(message, None, published, staged)
