"""Everything a member keeps of a group, and how it moves from epoch to epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.member.pre_shared_keys import KnownPsks, ResumptionKeys
from enigm.crypto.mls.secret_tree import SecretTree

if TYPE_CHECKING:
    from enigm.crypto.mls.leaf_node import LeafNode
    from enigm.crypto.mls.member.commit_reception import OwnUpdate
    from enigm.crypto.mls.member.epoch import Epoch, StartedEpoch
    from enigm.crypto.mls.member.needs import PskStore, Settings
    from enigm.crypto.mls.member.outcomes import PendingCommit
    from enigm.crypto.mls.proposal_list import SentProposal
    from enigm.crypto.mls.proposals import ReInit
    from enigm.crypto.mls.ratchet_tree import RatchetTree

# Anyone who knows a group and its epoch can propose its own Add; a thousand members can each
# propose an update. What goes beyond this is a flood.
RECEIVED_PROPOSALS_MAX = 4096

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, eq=False)
class PastEpoch:
    """What it takes to read late messages of an epoch that is over.

    Args:
        replaced: the leaves that the next commit changed, as they were in this epoch.
    """

    number: int
    context_encoded: bytes = field(repr=False)
    sender_data_secret: bytes = field(repr=False)
    replaced: dict[int, LeafNode | None] = field(repr=False)
    message_keys: SecretTree = field(repr=False)


@dataclass(eq=False)
class MemberState:
    """A member's whole state in one group.

    Args:
        received: proposals that wait for a commit, by reference.
        own_updates: private keys of those of them that are our own Updates.
        pending: our own commit, until the group takes it or another.
        reinit: the announcement that closed the group.
        is_active: False once a commit removed us.
    """

    epoch: Epoch
    message_keys: SecretTree
    past: dict[int, PastEpoch] = field(default_factory=dict[int, PastEpoch])
    resumption: dict[int, bytes] = field(default_factory=dict[int, bytes], repr=False)
    received: dict[bytes, SentProposal] = field(default_factory=dict[bytes, "SentProposal"])
    own_updates: dict[bytes, OwnUpdate] = field(
        default_factory=dict[bytes, "OwnUpdate"], repr=False
    )
    pending: PendingCommit | None = None
    reinit: ReInit | None = None
    is_active: bool = True

    @staticmethod
    def start(started: StartedEpoch, settings: Settings) -> MemberState:
        """Begin in an epoch that was created or joined."""
        epoch = started.epoch
        keys = _message_keys(started, settings)
        return MemberState(epoch, keys, resumption={epoch.number: epoch.secrets.resumption})

    def require_open(self) -> None:
        """Refuse what only a member of an open group can do."""
        if not self.is_active:
            raise refusal(Rule.GROUP_LEFT)
        if self.reinit is not None:
            raise refusal(Rule.COMMIT_REINITIALISED)

    def keep_proposal(self, sent: SentProposal, reference: bytes) -> None:
        """Keep a proposal for the next commit."""
        if len(self.received) >= RECEIVED_PROPOSALS_MAX:
            raise refusal(Rule.PROPOSAL_TOO_MANY)
        self.received[reference] = sent

    def known_psks(self, store: PskStore, *others: ResumptionKeys) -> KnownPsks:
        """Return the pre-shared keys within reach of this group."""
        own = ResumptionKeys(self.epoch.context.group_id, self.resumption)
        return KnownPsks(store, (own, *others))

    def advance(self, started: StartedEpoch, settings: Settings) -> None:
        """Enter the next epoch; what belonged to the old one alone is dropped."""
        old, new = self.epoch, started.epoch
        if settings.past_epochs_max > 0:
            self.past[old.number] = PastEpoch(
                old.number,
                old.context_encoded,
                old.secrets.sender_data,
                replaced_leaves(old.tree, new.tree),
                self.message_keys,
            )
        _keep_newest(self.past, settings.past_epochs_max)
        self.epoch = new
        self.message_keys = _message_keys(started, settings)
        self.resumption[new.number] = new.secrets.resumption
        _keep_newest(self.resumption, settings.resumption_epochs_max)
        self.drop_handshakes()

    def leave(self) -> None:
        """Stop at the epoch in which we were removed."""
        self.is_active = False
        self.past.clear()
        self.message_keys.erase()
        self.drop_handshakes()

    def drop_handshakes(self) -> None:
        """Forget proposals and our own commit: they belong to one epoch."""
        self.received.clear()
        self.own_updates.clear()
        self.pending = None

    def leaf_in(self, epoch: int, leaf_index: int) -> LeafNode | None:
        """Return the leaf that stood at an index in the current or a kept past epoch."""
        for number in range(epoch, self.epoch.number):
            replaced = self.past[number].replaced
            if leaf_index in replaced:
                return replaced[leaf_index]
        return self.epoch.tree.leaf(leaf_index)


def _message_keys(started: StartedEpoch, settings: Settings) -> SecretTree:
    epoch = started.epoch
    keys = SecretTree.of(epoch.suite, epoch.tree.leaf_count, started.encryption_secret)
    return limited(keys, settings)


def limited(keys: SecretTree, settings: Settings) -> SecretTree:
    """Apply the settings' limits to a secret tree."""
    keys.forward_generations_max = settings.forward_generations_max
    keys.skipped_keys_max = settings.skipped_keys_max
    return keys


def replaced_leaves(old: RatchetTree, new: RatchetTree) -> dict[int, LeafNode | None]:
    """Return the leaves of the old tree that are not the same in the new one."""
    before, after = old.nodes[::2], new.nodes[::2]
    after.extend([None] * (len(before) - len(after)))
    changed = [index for index, leaf in enumerate(before) if leaf is not after[index]]
    changed.extend(range(len(before), len(after)))
    return {index: old.leaf(index) for index in changed}


def _keep_newest(by_epoch: dict[int, Kept], count: int) -> None:
    for number in sorted(by_epoch)[: max(len(by_epoch) - count, 0)]:
        del by_epoch[number]
