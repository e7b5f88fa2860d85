"""Which proposals may stand together in a commit (RFC 9420 §12.2), and by whom (§12.1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.commit import Commit, ProposalReference
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.framing import Sender, SenderKind
from enigm.crypto.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalKind,
    ReInit,
    Remove,
    Update,
)
from enigm.crypto.mls.psk import ResumptionUsage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.psk import PskId

Kind = TypeVar("Kind", bound=Proposal)

# RFC 9420 §12.1.8: what external senders may propose; new members propose their own Add only.
_EXTERNAL_KINDS = frozenset(
    {
        ProposalKind.ADD,
        ProposalKind.REMOVE,
        ProposalKind.PSK,
        ProposalKind.REINIT,
        ProposalKind.GROUP_CONTEXT_EXTENSIONS,
    }
)
# RFC 9420 §12.4, Table 6: the types that force a commit to have a path.
_PATH_KINDS = frozenset(
    {
        ProposalKind.UPDATE,
        ProposalKind.REMOVE,
        ProposalKind.EXTERNAL_INIT,
        ProposalKind.GROUP_CONTEXT_EXTENSIONS,
    }
)


@dataclass(frozen=True, slots=True)
class SentProposal:
    """A proposal with its sender: the committer, if it stands in the commit by value."""

    proposal: Proposal
    sender: Sender
    reference: bytes | None = None


def check_proposer(sender: Sender, proposal: Proposal) -> None:
    """Refuse a proposal that this role may not make (§12.1.8)."""
    allowed = True
    if sender.kind is SenderKind.EXTERNAL:
        allowed = proposal.kind in _EXTERNAL_KINDS
    elif sender.kind is SenderKind.NEW_MEMBER_PROPOSAL:
        allowed = proposal.kind is ProposalKind.ADD
    elif sender.kind is SenderKind.MEMBER:
        allowed = proposal.kind is not ProposalKind.EXTERNAL_INIT
    if not allowed:
        raise refusal(Rule.PROPOSAL_SENDER)


def check_psk(psk: PskId, suite: Suite, usage: ResumptionUsage | None) -> None:
    """Check a pre-shared key proposal by itself (§12.1.4).

    Args:
        psk: what is proposed.
        suite: the group's.
        usage: REINIT or BRANCH while such a successor group is being made, else None.
    """
    if len(psk.nonce) != suite.hash_length:
        raise refusal(Rule.PSK_NONCE)
    resumption = psk.resumption
    if resumption is not None and resumption.usage not in (ResumptionUsage.APPLICATION, usage):
        raise refusal(Rule.PSK_USAGE)


@dataclass(frozen=True, slots=True)
class ProposalList:
    """A commit's proposals in their order."""

    sent: tuple[SentProposal, ...]

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return the proposals of one type, in order."""
        return [item.proposal for item in self.sent if isinstance(item.proposal, kind)]

    @property
    def updates(self) -> list[tuple[int, Update]]:
        """The updates with the leaves they are for."""
        return [
            (item.sender.index, item.proposal)
            for item in self.sent
            if isinstance(item.proposal, Update)
        ]

    @property
    def removes(self) -> list[int]:
        """The leaves to remove."""
        return [remove.leaf_index for remove in self.of(Remove)]

    @property
    def psks(self) -> list[PskId]:
        """The pre-shared keys to mix in, in order."""
        return [proposal.psk for proposal in self.of(PreSharedKey)]

    @property
    def extensions(self) -> GroupContextExtensions | None:
        """The new extensions, if they are set."""
        return next(iter(self.of(GroupContextExtensions)), None)

    @property
    def reinit(self) -> ReInit | None:
        """The announcement of a successor group, if there is one."""
        return next(iter(self.of(ReInit)), None)

    @property
    def external_init(self) -> ExternalInit | None:
        """An external committer's init secret, if there is one."""
        return next(iter(self.of(ExternalInit)), None)

    @property
    def needs_path(self) -> bool:
        """Whether a commit of these must have a path (§12.4)."""
        return not self.sent or any(item.proposal.kind in _PATH_KINDS for item in self.sent)

    def check_each(self, suite: Suite, usage: ResumptionUsage | None) -> None:
        """Check what concerns each proposal by itself."""
        for item in self.sent:
            if item.sender.kind is not SenderKind.NEW_MEMBER_COMMIT:
                check_proposer(item.sender, item.proposal)
            if isinstance(item.proposal, PreSharedKey):
                check_psk(item.proposal.psk, suite, usage)
            if isinstance(item.proposal, ReInit) and item.proposal.version < VERSION_MLS10:
                raise refusal(Rule.REINIT_VERSION)

    def check_by_member(self, committer: int) -> None:
        """Check the list of a member's commit (§12.2)."""
        if self.external_init is not None:
            raise refusal(Rule.LIST_EXTERNAL_INIT)
        for leaf_index, _ in self.updates:
            if leaf_index == committer:
                raise refusal(Rule.LIST_UPDATE_BY_COMMITTER)
        if committer in self.removes:
            raise refusal(Rule.LIST_REMOVES_COMMITTER)
        if self.reinit is not None and len(self.sent) > 1:
            raise refusal(Rule.LIST_REINIT_NOT_ALONE)
        self._check_repetitions()

    def _check_repetitions(self) -> None:
        touched = [leaf_index for leaf_index, _ in self.updates] + self.removes
        if _repeats(touched):
            raise refusal(Rule.LIST_LEAF_TWICE)
        if _repeats([add.key_package.leaf.signature_key for add in self.of(Add)]):
            raise refusal(Rule.ADD_MEMBER_TWICE)
        if len(self.of(GroupContextExtensions)) > 1:
            raise refusal(Rule.LIST_EXTENSIONS_TWICE)
        self._check_psks_distinct()

    def _check_psks_distinct(self) -> None:
        if _repeats([psk.encoded() for psk in self.psks]):
            raise refusal(Rule.PSK_REPEATED)

    def check_external(self) -> None:
        """Check the list of an external commit (§12.2, §12.4.3.2)."""
        if any(item.reference is not None for item in self.sent):
            raise refusal(Rule.EXTERNAL_BY_REFERENCE)
        if len(self.of(ExternalInit)) != 1:
            raise refusal(Rule.EXTERNAL_INIT_COUNT)
        allowed = (ExternalInit, Remove, PreSharedKey)
        if any(not isinstance(item.proposal, allowed) for item in self.sent):
            raise refusal(Rule.EXTERNAL_PROPOSAL_KIND)
        if len(self.removes) > 1:
            raise refusal(Rule.EXTERNAL_REMOVE_COUNT)
        self._check_psks_distinct()


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


def _repeats(values: Sequence[int] | Sequence[bytes]) -> bool:
    return len(set(values)) != len(values)


def select_received(
    received: Iterable[SentProposal], given: Sequence[SentProposal], committer: int
) -> list[SentProposal]:
    """Return the received proposals that a member can commit beside its own (§12.2).

    Removals win over updates of the same leaf, earlier proposals over later ones. Our own
    updates are left out, since the commit's path does their work, and so is our own removal,
    which only another can commit. A ReInit is taken alone.
    """
    waiting = sorted(received, key=lambda sent: isinstance(sent.proposal, Update))
    reinits = [item for item in waiting if isinstance(item.proposal, ReInit)]
    if any(isinstance(item.proposal, ReInit) for item in given):
        return []
    if reinits and not given:
        return reinits[:1]
    chosen: list[SentProposal] = []
    seen: set[object] = {("leaf", committer)} | {_conflict_key(item) for item in given}
    for item in waiting:
        key = _conflict_key(item)
        if key not in seen and not isinstance(item.proposal, ReInit):
            seen.add(key)
            chosen.append(item)
    return chosen


def _conflict_key(item: SentProposal) -> object:
    """Return what no two proposals of a list may share."""
    proposal = item.proposal
    if isinstance(proposal, Update):
        return ("leaf", item.sender.index)
    if isinstance(proposal, Remove):
        return ("leaf", proposal.leaf_index)
    if isinstance(proposal, Add):
        return ("add", proposal.key_package.leaf.signature_key)
    if isinstance(proposal, PreSharedKey):
        return ("psk", proposal.psk.encoded())
    return ("kind", proposal.kind)
