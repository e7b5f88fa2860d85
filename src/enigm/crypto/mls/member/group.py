"""A group as its member uses it: create or join, send, receive, commit, export, store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from enigm.crypto.mls.commit import Commit
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.framing import Sender, VerifiedContent, WireFormat
from enigm.crypto.mls.member import committing, creation, external, joining, stored, successors
from enigm.crypto.mls.member.commit_reception import CommitReceiver
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.messaging import (
    OpenedFrame,
    open_private_frame,
    open_public_frame,
    protect,
    sign_frame,
)
from enigm.crypto.mls.member.needs import Needs, Settings
from enigm.crypto.mls.member.outcomes import (
    ApplicationMessage,
    CommitSummary,
    Member,
    OwnCommit,
    PendingCommit,
    ProposalReceived,
    Received,
    StagedCommit,
)
from enigm.crypto.mls.member.pre_shared_keys import KnownPsks, ResumptionKeys
from enigm.crypto.mls.member.state import MemberState
from enigm.crypto.mls.member.summaries import describe
from enigm.crypto.mls.messages import PrivateMessage, PublicMessage, decode_message
from enigm.crypto.mls.proposal_list import SentProposal, check_proposer
from enigm.crypto.mls.proposals import ReInit, Update

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.extensions import Extension
    from enigm.crypto.mls.member.creation import NewGroup
    from enigm.crypto.mls.member.external import ExternalJoinOptions
    from enigm.crypto.mls.member.identity import Identity, KeyPackageBundle
    from enigm.crypto.mls.proposals import Proposal


@dataclass(frozen=True, slots=True)
class JoinOptions:
    """What may come beside a Welcome.

    Args:
        ratchet_tree: the tree, where the Welcome does not hold it.
        predecessor: the group that this one re-initialises or branches from.
    """

    ratchet_tree: bytes | None = None
    predecessor: Group | None = field(default=None, repr=False)


class Group:
    """One group, from the side of one member. Not safe for use by two threads at once."""

    def __init__(self, needs: Needs, settings: Settings, state: MemberState) -> None:
        """Use ``create``, ``join``, ``join_externally``, ``load`` or ``restore``."""
        self._needs = needs
        self._settings = settings
        self._state = state
        self._written = stored.Written()

    @staticmethod
    def create(needs: Needs, new: NewGroup, settings: Settings | None = None) -> Group:
        """Create a group with ourselves as its only member (§11)."""
        chosen = settings or Settings()
        started = creation.create(needs, new)
        return Group(needs, chosen, MemberState.start(started, chosen))

    @staticmethod
    def join(
        needs: Needs,
        welcome: bytes,
        bundle: KeyPackageBundle,
        options: JoinOptions | None = None,
        settings: Settings | None = None,
    ) -> Group:
        """Join by a Welcome (§12.4.3.1); delete the bundle afterwards."""
        chosen, beside = settings or Settings(), options or JoinOptions()
        predecessor = beside.predecessor
        known = KnownPsks(needs.psks, () if predecessor is None else (predecessor.resumption_keys,))
        joined = joining.join(needs, welcome, bundle, known, beside.ratchet_tree)
        if joined.continues is not None:
            old = None if predecessor is None else predecessor.state
            successors.check_successor(joined.started.epoch, joined.continues, old)
        return Group(needs, chosen, MemberState.start(joined.started, chosen))

    @staticmethod
    def join_externally(
        needs: Needs,
        group_info: bytes,
        identity: Identity,
        options: ExternalJoinOptions | None = None,
        settings: Settings | None = None,
    ) -> Group:
        """Join from outside (§12.4.3.2); send ``pending.message``, merge it when it is taken.

        Until then the group cannot send or receive. If another commit wins, start again with a
        fresh group info.
        """
        chosen = settings or Settings()
        pending = external.join(needs, group_info, identity, options)
        started = pending.staged.started
        if started is None:
            raise RuntimeError("an external commit leads to an epoch")
        state = MemberState.start(started, chosen)
        state.pending = pending
        return Group(needs, chosen, state)

    @staticmethod
    def load(needs: Needs, rows: Mapping[bytes, bytes], settings: Settings | None = None) -> Group:
        """Read a group from the rows that ``take_changes`` gave."""
        chosen = settings or Settings()
        group = Group(needs, chosen, stored.load(rows, needs.suites, chosen))
        group._written.take(group._state)
        return group

    @staticmethod
    def restore(needs: Needs, state: bytes, settings: Settings | None = None) -> Group:
        """Read a group from what ``serialize`` gave."""
        return Group.load(needs, stored.unpack(state), settings)

    def take_changes(self) -> dict[bytes, bytes | None]:
        """Return the rows to write since the last call; None means delete.

        A new group gives all its rows. Write them before anything else is done with what the
        message led to.
        """
        return self._written.take(self._state)

    def serialize(self) -> bytes:
        """Return the whole state, secrets and all, for an encrypted store."""
        return stored.pack(stored.all_rows(self._state))

    @property
    def state(self) -> MemberState:
        """The state itself, for the engine's own parts."""
        return self._state

    @property
    def suite(self) -> Suite:
        """The group's cipher suite."""
        return self._state.epoch.suite

    @property
    def group_id(self) -> bytes:
        """The group's id."""
        return self._state.epoch.context.group_id

    @property
    def epoch(self) -> int:
        """The current epoch's number."""
        return self._state.epoch.number

    @property
    def leaf_index(self) -> int:
        """Our own leaf."""
        return self._state.epoch.own.leaf_index

    @property
    def is_active(self) -> bool:
        """Whether we are a member still."""
        return self._state.is_active

    @property
    def reinit(self) -> ReInit | None:
        """The announcement that closed the group, if one did (§11.2)."""
        return self._state.reinit

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """The group context's extensions."""
        return self._state.epoch.context.extensions

    @property
    def pending(self) -> PendingCommit | None:
        """Our own commit that waits to be taken."""
        return self._state.pending

    @property
    def received_proposals(self) -> tuple[SentProposal, ...]:
        """The proposals that wait for a commit."""
        return tuple(self._state.received.values())

    @property
    def resumption_keys(self) -> ResumptionKeys:
        """The resumption keys that this group left us."""
        return ResumptionKeys(self.group_id, self._state.resumption)

    def members(self) -> tuple[Member, ...]:
        """Return who is in the group."""
        members = self._state.epoch.tree.members()
        return tuple(describe(leaf_index, leaf) for leaf_index, leaf in members)

    @property
    def epoch_authenticator(self) -> bytes:
        """A value that is equal for all members of an epoch (§8.7)."""
        return self._state.epoch.secrets.authenticator

    def export(self, label: str, context: bytes, length_bytes: int) -> bytes:
        """MLS-Exporter (§8.5)."""
        secrets = self._state.epoch.secrets
        return secrets.export(self.suite, label.encode(), context, length_bytes)

    def resumption_psk(self, epoch: int | None = None) -> bytes:
        """Return the resumption key of this or a kept past epoch (§8.6)."""
        found = self._state.resumption.get(self.epoch if epoch is None else epoch)
        if found is None:
            raise refusal(Rule.PSK_UNKNOWN)
        return found

    def group_info(self, *, with_ratchet_tree: bool = True) -> bytes:
        """Return the MLSMessage by which others can join from outside (§12.4.3.2)."""
        return self._state.epoch.group_info_message(with_ratchet_tree=with_ratchet_tree)

    def ratchet_tree(self) -> bytes:
        """Return the tree, for those who get it beside a Welcome or group info."""
        return self._state.epoch.tree.encoded()

    def encrypt(self, plaintext: bytes, authenticated_data: bytes = b"") -> bytes:
        """Return an application message. Received proposals must be committed first (§12.4)."""
        self._require_settled()
        if self._state.received and self._state.pending is None:
            raise refusal(Rule.COMMIT_REQUIRED)
        frame = sign_frame(self._state, plaintext, WireFormat.PRIVATE_MESSAGE, authenticated_data)
        return self._protect(frame)

    def propose(self, proposal: Proposal, authenticated_data: bytes = b"") -> bytes:
        """Return a proposal to send; it is kept for the next commit, ours or another's."""
        self._require_settled()
        frame = sign_frame(self._state, proposal, self._handshake_format, authenticated_data)
        reference = frame.reference(self.suite)
        check_proposer(frame.content.header.sender, proposal)
        message = self._protect(frame)
        sender = Sender.member(self.leaf_index)
        self._state.received[reference] = SentProposal(proposal, sender, reference)
        return message

    def propose_update(self, identity: Identity | None = None) -> bytes:
        """Return a proposal that replaces our own keys, and our identity if one is given."""
        self._require_settled()
        leaf, own_update = committing.new_leaf_for_update(self._needs, self._state, identity)
        message = self.propose(Update(leaf))
        reference = next(reversed(self._state.received))
        self._state.own_updates[reference] = own_update
        return message

    def commit(
        self, proposals: Sequence[Proposal] = (), options: CommitOptions | None = None
    ) -> PendingCommit:
        """Make a commit; it takes effect with ``merge_pending`` (§12.4.1).

        Without proposals, given or received, it renews our own keys.
        """
        self._require_settled()
        if self._state.pending is not None:
            raise RuntimeError("a commit is pending: merge or discard it first")
        chosen = options or CommitOptions()
        made = committing.make_commit(self._needs, self._state, proposals, chosen)
        message = self._protect(made.sign(self._handshake_format))
        self._state.pending = made.pending(message)
        return self._state.pending

    def merge_pending(self) -> CommitSummary:
        """Enter the epoch that our own commit leads to: the group took it."""
        pending = self._state.pending
        if pending is None:
            raise RuntimeError("no commit is pending")
        if pending.staged.base_epoch == self.epoch:
            return self.apply(pending.staged)
        # A join from outside: the state is the new epoch already.
        self._state.pending = None
        return pending.staged.summary

    def discard_pending(self) -> None:
        """Forget our own commit: another one won, or sending failed for good."""
        self._state.pending = None

    def process(self, message: bytes) -> Received:
        """Verify a message from the group; a commit is staged, all else takes effect at once."""
        pending = self._state.pending
        if pending is not None and message == pending.message:
            return OwnCommit()
        self._require_settled()
        decoded = decode_message(message)
        if isinstance(decoded, PrivateMessage):
            opened = open_private_frame(self._state, decoded)
        elif isinstance(decoded, PublicMessage):
            opened = open_public_frame(self._state, decoded)
        else:
            raise refusal(Rule.MESSAGE_KIND)
        return self._accept(opened)

    def apply(self, staged: StagedCommit) -> CommitSummary:
        """Enter the epoch that a staged commit leads to; our own pending commit is dropped."""
        state = self._state
        if staged.base_epoch != self.epoch:
            raise RuntimeError("the commit was staged in another epoch")
        if staged.uses is not None:
            state.message_keys.use_up(*staged.uses)
        if staged.started is None:
            state.leave()
        else:
            state.advance(staged.started, self._settings)
            state.reinit = staged.summary.reinit
        return staged.summary

    def branch(self, new: NewGroup, key_packages: Iterable[bytes]) -> Group:
        """Make a subgroup of some members (§11.3); its ``pending`` holds their Welcome."""
        return self._succeed(successors.branch_of(self._state, new, key_packages))

    def reinitialise(self, identity: Identity, key_packages: Iterable[bytes]) -> Group:
        """Make the group that a merged ReInit announced (§11.2), with everyone's new packages."""
        plan = successors.reinit_of(self._state, self._needs.suites, identity, key_packages)
        return self._succeed(plan)

    def _succeed(self, plan: successors.Plan) -> Group:
        group = Group.create(self._needs, plan.new, self._settings)
        options = CommitOptions(usage=plan.usage, resumption=self.resumption_keys)
        group.commit(plan.proposals(self._needs.entropy), options)
        return group

    @property
    def _handshake_format(self) -> WireFormat:
        encrypted = self._settings.encrypted_handshakes
        return WireFormat.PRIVATE_MESSAGE if encrypted else WireFormat.PUBLIC_MESSAGE

    def _require_settled(self) -> None:
        self._state.require_open()
        pending = self._state.pending
        if pending is not None and pending.staged.base_epoch != self.epoch:
            raise RuntimeError("the join from outside was not merged yet")

    def _protect(self, frame: VerifiedContent) -> bytes:
        return protect(self._state, frame, self._settings, self._needs.entropy)

    def _accept(self, opened: OpenedFrame) -> Received:
        content, header = opened.frame.content, opened.frame.content.header
        body = content.body
        if isinstance(body, bytes):
            leaf = self._state.leaf_in(header.epoch, header.sender.index)
            if leaf is None:
                raise refusal(Rule.MESSAGE_SENDER_LEAF)
            opened.use_key()
            return ApplicationMessage(
                header.sender.index,
                leaf.credential,
                header.epoch,
                body,
                header.authenticated_data,
            )
        if isinstance(body, Commit):
            return self._stage(opened, body)
        check_proposer(header.sender, body)
        reference = opened.frame.reference(self.suite)
        self._state.keep_proposal(SentProposal(body, header.sender, reference), reference)
        opened.use_key()
        return ProposalReceived(reference, body, header.sender)

    def _stage(self, opened: OpenedFrame, commit: Commit) -> StagedCommit:
        state = self._state
        receiver = CommitReceiver(
            self._needs,
            state.epoch,
            state.received,
            state.own_updates,
            state.known_psks(self._needs.psks),
        )
        return replace(receiver.stage(opened.frame, commit), uses=opened.place)
