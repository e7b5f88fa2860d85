"""What a member's operations give back: messages received, commits staged, commits pending."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from enigm.crypto.mls.credential import Credential
    from enigm.crypto.mls.extensions import Extension
    from enigm.crypto.mls.framing import Sender
    from enigm.crypto.mls.member.epoch import StartedEpoch
    from enigm.crypto.mls.proposals import Proposal, ReInit
    from enigm.crypto.mls.psk import PskId
    from enigm.crypto.mls.secret_tree import SkippedPlace as KeyPlace


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a group."""

    leaf_index: int
    credential: Credential
    signature_key: bytes
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationMessage:
    """A message from a member: decrypted, signature verified."""

    sender_leaf: int
    credential: Credential
    epoch: int
    plaintext: bytes = field(repr=False)
    authenticated_data: bytes = b""


@dataclass(frozen=True, slots=True)
class ProposalReceived:
    """A proposal that waits for a commit."""

    reference: bytes
    proposal: Proposal
    sender: Sender


@dataclass(frozen=True, slots=True)
class OwnCommit:
    """Our own pending commit came back: the group took it."""


@dataclass(frozen=True, slots=True)
class CommitSummary:
    """What a commit changes.

    Args:
        sender: the committer's leaf in the new epoch.
        epoch: the new epoch's number.
        added: who joins, the committer of an external commit included.
        removed: who leaves, with their old leaf indices.
        updated: who replaced a leaf, the committer included if the commit has a path.
        removes_me: we are no longer a member.
        is_external: the committer joins by this commit.
        psks: the pre-shared keys mixed in.
        reinit: the successor group that it announces.
        extensions: the group's new extensions, if they changed.
    """

    sender: int
    epoch: int
    added: tuple[Member, ...] = ()
    removed: tuple[Member, ...] = ()
    updated: tuple[Member, ...] = ()
    removes_me: bool = False
    is_external: bool = False
    psks: tuple[PskId, ...] = ()
    reinit: ReInit | None = None
    extensions: tuple[Extension, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StagedCommit:
    """A verified commit that was not applied yet.

    Args:
        summary: what it changes.
        base_epoch: the epoch it leaves.
        started: the epoch it leads to; None if it removes us.
        uses: where the message key is that it came under, used up when it is applied.
    """

    summary: CommitSummary
    base_epoch: int
    started: StartedEpoch | None = field(repr=False)
    uses: KeyPlace | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PendingCommit:
    """Our own commit, until the group takes it or another one.

    Args:
        message: the MLSMessage to send.
        welcome: the MLSMessage for the added members, if there are any.
        group_info: the new epoch's, for those who join from outside.
        staged: what merging it leads to.
    """

    message: bytes = field(repr=False)
    welcome: bytes | None = field(repr=False)
    group_info: bytes = field(repr=False)
    staged: StagedCommit

    @property
    def epoch(self) -> int:
        """The epoch that it leaves: the one to name to the delivery service."""
        return self.staged.base_epoch


Received: TypeAlias = ApplicationMessage | ProposalReceived | StagedCommit | OwnCommit
