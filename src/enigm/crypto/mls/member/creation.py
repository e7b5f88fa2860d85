"""Creating a group (RFC 9420 §11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.group_context import GroupContext
from enigm.crypto.mls.key_schedule import EpochSecrets
from enigm.crypto.mls.leaf_node import (
    LeafOrigin,
    LeafSource,
    Lifetime,
    check_leaf_fits_group,
    sign_leaf,
)
from enigm.crypto.mls.member.epoch import OwnKeys, StartedEpoch, start_epoch
from enigm.crypto.mls.member.identity import LeafOptions, leaf_content
from enigm.crypto.mls.ratchet_tree import RatchetTree
from enigm.crypto.mls.transition import check_group_extensions
from enigm.crypto.mls.tree_hashes import tree_hash

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.extensions import Extension
    from enigm.crypto.mls.member.identity import Identity
    from enigm.crypto.mls.member.needs import Needs


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What a group starts with.

    Args:
        suite: its cipher suite, for good.
        group_id: unique among all groups its members may meet.
        identity: its creator's.
        extensions: of the group context: policy, required capabilities, external senders.
        leaf: what the creator's leaf says beyond its identity.
    """

    suite: Suite
    group_id: bytes
    identity: Identity
    extensions: tuple[Extension, ...] = ()
    leaf: LeafOptions = field(default_factory=LeafOptions)


def create(needs: Needs, new: NewGroup) -> StartedEpoch:
    """Start epoch 0 with one member (§11)."""
    suite = new.suite
    check_group_extensions(new.extensions, needs.check_credential)
    keys = suite.hpke.generate_key_pair(needs.entropy)
    lifetime = Lifetime.starting(needs.clock.now_seconds(), new.leaf.lifetime_seconds)
    leaf = sign_leaf(
        suite,
        new.identity.signature_private,
        keys.public,
        leaf_content(new.identity, needs.suites, new.leaf),
        LeafOrigin(LeafSource.KEY_PACKAGE, lifetime),
    )
    check_leaf_fits_group(leaf, new.extensions)
    tree = RatchetTree.of(suite, [leaf])
    context = GroupContext(suite.number, new.group_id, 0, tree_hash(tree), b"", new.extensions)
    own = OwnKeys(0, new.identity.signature_private, {0: keys.private})
    epoch_secret = needs.entropy.random_bytes(suite.hash_length)
    return start_epoch(suite, context, tree, own, EpochSecrets.derive(suite, epoch_secret))
