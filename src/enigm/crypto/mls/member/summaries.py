"""Telling an application what a commit changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto.mls.member.outcomes import CommitSummary, Member

if TYPE_CHECKING:
    from enigm.crypto.mls.leaf_node import LeafNode
    from enigm.crypto.mls.ratchet_tree import RatchetTree
    from enigm.crypto.mls.transition import Transition


def describe(leaf_index: int, leaf: LeafNode) -> Member:
    """Describe one member."""
    return Member(leaf_index, leaf.credential, leaf.signature_key, leaf.extensions)


@dataclass(frozen=True, slots=True)
class Committer:
    """Who made a commit.

    Args:
        leaf_index: its leaf in the new epoch.
        is_external: it joins by this commit.
        has_path: its own leaf is replaced.
    """

    leaf_index: int
    is_external: bool
    has_path: bool


def summarise(
    old: RatchetTree, made: Transition, committer: Committer, own_leaf_index: int
) -> CommitSummary:
    """Describe a commit from the trees before and after it."""
    proposals, index = made.proposals, committer.leaf_index
    added = [describe(leaf_index, package.leaf) for leaf_index, package in made.added]
    updated = [
        describe(leaf_index, made.tree.member(leaf_index)) for leaf_index, _ in proposals.updates
    ]
    if committer.has_path:
        target = added if committer.is_external else updated
        target.append(describe(index, made.tree.member(index)))
    removed = [describe(leaf_index, old.member(leaf_index)) for leaf_index in proposals.removes]
    return CommitSummary(
        sender=index,
        epoch=made.base.epoch + 1,
        added=tuple(added),
        removed=tuple(removed),
        updated=tuple(updated),
        removes_me=own_leaf_index in proposals.removes,
        is_external=committer.is_external,
        psks=tuple(proposals.psks),
        reinit=proposals.reinit,
        extensions=None if proposals.extensions is None else made.extensions,
    )
