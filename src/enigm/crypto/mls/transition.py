"""From one epoch's public state to the next: proposals, then the path (RFC 9420 §12.3, §12.4.2).

Everything works on a copy of the tree, so that a refusal leaves the old state untouched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.credential import CredentialCheck, CredentialClaim, Purpose
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import (
    NOT_IN_GROUP_CONTEXT,
    Extension,
    check_places,
    external_senders,
    required_capabilities,
)
from enigm.crypto.mls.framing import Sender, SenderKind
from enigm.crypto.mls.leaf_node import LeafNode, LeafSource, check_leaf_form, leaf_placement
from enigm.crypto.mls.proposals import Add, Update
from enigm.crypto.mls.tree_hashes import tree_hash
from enigm.crypto.mls.tree_validation import check_supported
from enigm.crypto.mls.update_path import UpdatePath, merge_path

if TYPE_CHECKING:
    from enigm.crypto.mls.commit import Commit
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.key_package import KeyPackage
    from enigm.crypto.mls.leaf_node import LifetimeCheck
    from enigm.crypto.mls.proposal_list import ProposalList
    from enigm.crypto.mls.ratchet_tree import RatchetTree


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the application decides about new leaves.

    Args:
        check_credential: its authentication service.
        lifetimes: judges added key packages; None when following the commits of others, for
            a member that comes back late must not fork over a lifetime that ended meanwhile.
    """

    check_credential: CredentialCheck
    lifetimes: LifetimeCheck | None = None


@dataclass(eq=False)
class Transition:
    """A next epoch in the making: the public side.

    Args:
        base: the current epoch's context.
        tree: the new tree; it is ours to change.
        extensions: the new epoch's.
        proposals: what was applied.
        added: the new members with their leaf indices.
        path: the committer's filtered direct path, once a path was merged.
    """

    base: GroupContext
    tree: RatchetTree = field(repr=False)
    extensions: tuple[Extension, ...]
    proposals: ProposalList
    added: list[tuple[int, KeyPackage]] = field(default_factory=list[tuple[int, "KeyPackage"]])
    path: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    profiles_changed: bool = False

    @staticmethod
    def apply(
        base: GroupContext, tree: RatchetTree, proposals: ProposalList, acceptance: Acceptance
    ) -> Transition:
        """Apply proposals in the order of §12.3 to a copy of the tree."""
        replaced = proposals.extensions
        extensions = base.extensions if replaced is None else replaced.extensions
        made = Transition(base, tree.copy(), extensions, proposals)
        if replaced is not None:
            made.profiles_changed = True
            check_group_extensions(extensions, acceptance.check_credential)
        for leaf_index, update in proposals.updates:
            made._update(leaf_index, update, acceptance)
        for leaf_index in proposals.removes:
            if made.tree.leaf(leaf_index) is None:
                raise refusal(Rule.REMOVE_BLANK)
            made.tree.remove_leaf(leaf_index)
        for add in proposals.of(Add):
            made._add(add, acceptance)
        return made

    def _update(self, leaf_index: int, update: Update, acceptance: Acceptance) -> None:
        old, leaf = self.tree.member(leaf_index), update.leaf
        if leaf.source is not LeafSource.UPDATE:
            raise refusal(Rule.LEAF_SOURCE)
        self.check_replacement(leaf_index, leaf, old, acceptance)
        self.tree.update_leaf(leaf_index, leaf)

    def _add(self, add: Add, acceptance: Acceptance) -> None:
        package = add.key_package.verify(self.tree.suite, acceptance.lifetimes)
        leaf = package.leaf
        if leaf.signature_key in self.tree.signature_keys:
            raise refusal(Rule.ADD_ALREADY_MEMBER)
        acceptance.check_credential(
            CredentialClaim(leaf.credential, leaf.signature_key, Purpose.KEY_PACKAGE)
        )
        self.profiles_changed = True
        self.added.append((self.tree.add_leaf(leaf), package))

    def check_replacement(
        self, leaf_index: int, leaf: LeafNode, old: LeafNode | None, acceptance: Acceptance
    ) -> None:
        """Check a leaf that replaces ``old`` or joins from outside (§7.3, §5.3.1)."""
        check_leaf_form(leaf, self.tree.suite)
        self.tree.suite.check_public_key(leaf.encryption_key)
        if old is not None and old.encryption_key == leaf.encryption_key:
            raise refusal(Rule.LEAF_KEY_UNCHANGED)
        placement = leaf_placement(leaf.source, self.base.group_id, leaf_index)
        if not leaf.signature_holds(self.tree.suite, placement):
            raise refusal(Rule.LEAF_SIGNATURE)
        if old is None or _profile(old) != _profile(leaf):
            self.profiles_changed = True
        if old is None or (old.credential, old.signature_key) != (
            leaf.credential,
            leaf.signature_key,
        ):
            purpose = Purpose.MEMBER if old is None else Purpose.UPDATE
            previous = None if old is None else old.credential
            acceptance.check_credential(
                CredentialClaim(leaf.credential, leaf.signature_key, purpose, previous)
            )

    def merge_received_path(
        self, committer: int, update: UpdatePath, old: LeafNode | None, acceptance: Acceptance
    ) -> None:
        """Check and merge a path that another sent (§12.4.2).

        Args:
            committer: its leaf index in the new tree.
            update: the path.
            old: the leaf that the committer leaves behind; None for one who joins.
            acceptance: see there.
        """
        if update.leaf.source is not LeafSource.COMMIT:
            raise refusal(Rule.LEAF_SOURCE)
        self.check_replacement(committer, update.leaf, old, acceptance)
        for node in update.nodes:
            self.tree.suite.check_public_key(node.encryption_key)
        self.tree.reach(committer)
        self.path = merge_path(self.tree, committer, update)

    def provisional_context(self) -> GroupContext:
        """Check the new tree as a whole, and return the context that seals the path (§12.4.1)."""
        if self.profiles_changed:
            check_supported(self.tree, self.extensions)
        return self.base.next_epoch(tree_hash(self.tree), self.extensions)

    @property
    def added_nodes(self) -> frozenset[int]:
        """The node places of new members, to whom no path secret is sealed (§7.5)."""
        return frozenset(2 * leaf_index for leaf_index, _ in self.added)


@dataclass(frozen=True, slots=True, eq=False)
class FollowedCommit:
    """A received commit's public side, checked and applied to a copy.

    Args:
        committer: its leaf index in the new tree.
        provisional: the context that seals its path.
    """

    made: Transition
    committer: int
    provisional: GroupContext


def follow_commit(
    base: GroupContext,
    tree: RatchetTree,
    received: tuple[Sender, Commit, ProposalList],
    acceptance: Acceptance,
) -> FollowedCommit:
    """Check all that needs no secret of a commit whose signature was verified (§12.4.2)."""
    sender, commit, proposals = received
    is_external = sender.kind is SenderKind.NEW_MEMBER_COMMIT
    if is_external:
        proposals.check_external()
    else:
        proposals.check_by_member(sender.index)
    proposals.check_each(tree.suite, None)
    if commit.path is None and (proposals.needs_path or is_external):
        raise refusal(Rule.PATH_MISSING)
    made = Transition.apply(base, tree, proposals, acceptance)
    index = made.tree.first_blank() if is_external else sender.index
    if commit.path is not None:
        # An external committer may take the place of its own old leaf (resync, §12.2).
        leaves = proposals.removes if is_external else [index]
        old = tree.member(leaves[0]) if leaves else None
        made.merge_received_path(index, commit.path, old, acceptance)
    return FollowedCommit(made, index, made.provisional_context())


def _profile(leaf: LeafNode) -> tuple[object, int]:
    """Return what of a leaf other members' support depends on."""
    return leaf.capabilities, leaf.credential.kind


def check_group_extensions(
    extensions: tuple[Extension, ...], check_credential: CredentialCheck
) -> None:
    """Check the extensions of a group by themselves (§12.1.7, §12.1.8.1)."""
    check_places(extensions, NOT_IN_GROUP_CONTEXT)
    required_capabilities(extensions)
    for sender in external_senders(extensions):
        check_credential(
            CredentialClaim(sender.credential, sender.signature_key, Purpose.EXTERNAL_SENDER)
        )
