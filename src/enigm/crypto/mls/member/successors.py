"""Groups that continue a group: re-initialisation and branching (RFC 9420 §11.2, §11.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.member.creation import NewGroup
from enigm.crypto.mls.proposals import Add, PreSharedKey
from enigm.crypto.mls.psk import PskId, ResumptionPsk, ResumptionUsage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.crypto.mls.ciphersuite import SuiteTable
    from enigm.crypto.mls.credential import Credential
    from enigm.crypto.mls.member.epoch import Epoch
    from enigm.crypto.mls.member.identity import Identity
    from enigm.crypto.mls.member.state import MemberState
    from enigm.crypto.mls.proposals import Proposal
    from enigm.foundation.entropy import Entropy

_FIRST_EPOCH = 1
"""A successor's members join by its creator's first commit."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A successor group to create, and its first commit."""

    new: NewGroup
    old: ResumptionPsk
    key_packages: tuple[bytes, ...]

    @property
    def usage(self) -> ResumptionUsage:
        """Whether it re-initialises or branches."""
        return self.old.usage

    def proposals(self, entropy: Entropy) -> list[Proposal]:
        """Return the first commit's proposals: the old group's key, and the members."""
        nonce = entropy.random_bytes(self.new.suite.hash_length)
        adds = [Add.of(package) for package in self.key_packages]
        return [PreSharedKey(PskId(self.old, nonce)), *adds]


def branch_of(state: MemberState, new: NewGroup, key_packages: Iterable[bytes]) -> Plan:
    """Plan a subgroup; it has the group's own suite (§11.3)."""
    epoch = state.epoch
    if new.suite.number != epoch.suite.number:
        raise refusal(Rule.BRANCH_MISMATCH)
    old = ResumptionPsk(ResumptionUsage.BRANCH, epoch.context.group_id, epoch.number)
    return Plan(new, old, tuple(key_packages))


def reinit_of(
    state: MemberState, suites: SuiteTable, identity: Identity, key_packages: Iterable[bytes]
) -> Plan:
    """Plan the group that a merged ReInit announced (§11.2)."""
    reinit = state.reinit
    if reinit is None:
        raise RuntimeError("no ReInit was merged")
    epoch = state.epoch
    if reinit.version != VERSION_MLS10:
        raise refusal(Rule.VERSION_UNKNOWN)
    suite = suites.find(reinit.suite_number)
    new = NewGroup(suite, reinit.group_id, identity, reinit.extensions)
    old = ResumptionPsk(ResumptionUsage.REINIT, epoch.context.group_id, epoch.number)
    return Plan(new, old, tuple(key_packages))


def check_successor(joined: Epoch, continues: ResumptionPsk, old: MemberState | None) -> None:
    """Check that a joined group is what it claims to continue (§11.2, §11.3).

    Without the old group beside it there is nothing to compare with, so that it is refused.
    """
    if old is None:
        is_reinit = continues.usage is ResumptionUsage.REINIT
        raise refusal(Rule.REINIT_MISMATCH if is_reinit else Rule.BRANCH_MISMATCH)
    if continues.usage is ResumptionUsage.REINIT:
        _check_reinit(joined, continues, old)
    else:
        _check_branch(joined, continues, old)


def _check_reinit(joined: Epoch, continues: ResumptionPsk, old: MemberState) -> None:
    announced, context = old.reinit, joined.context
    if announced is None or continues.epoch != old.epoch.number:
        raise refusal(Rule.REINIT_MISMATCH)
    promised = (announced.group_id, announced.suite_number, announced.extensions)
    if (context.group_id, context.suite_number, context.extensions) != promised:
        raise refusal(Rule.REINIT_MISMATCH)
    if context.epoch != _FIRST_EPOCH:
        raise refusal(Rule.REINIT_EPOCH)
    if not _credentials(old.epoch) <= _credentials(joined):
        raise refusal(Rule.REINIT_MEMBERS)


def _check_branch(joined: Epoch, continues: ResumptionPsk, old: MemberState) -> None:
    if joined.suite.number != old.epoch.suite.number:
        raise refusal(Rule.BRANCH_MISMATCH)
    if continues.group_id != old.epoch.context.group_id:
        raise refusal(Rule.BRANCH_MISMATCH)
    if joined.context.epoch != _FIRST_EPOCH:
        raise refusal(Rule.BRANCH_EPOCH)
    if not _credentials(joined) <= _credentials(old.epoch):
        raise refusal(Rule.BRANCH_MEMBERS)


def _credentials(epoch: Epoch) -> set[Credential]:
    return {leaf.credential for _, leaf in epoch.tree.members()}
