"""One epoch as a member holds it: the public state, our keys, and the epoch's secrets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import (
    RATCHET_TREE,
    Extension,
    external_pub_extension,
)
from enigm.crypto.mls.framing import FrameAuth, WireFormat
from enigm.crypto.mls.group_info import GroupInfoSigner, sign_group_info
from enigm.crypto.mls.key_schedule import EpochSecrets, epoch_secrets, joiner_secret
from enigm.crypto.mls.messages import encode_message
from enigm.crypto.mls.transcript import confirmed_transcript_hash, interim_transcript_hash

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import LabelSigner, Suite
    from enigm.crypto.mls.framing import VerifiedContent
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.leaf_node import LeafNode
    from enigm.crypto.mls.ratchet_tree import RatchetTree


@dataclass(frozen=True, slots=True, eq=False)
class OwnKeys:
    """What a member holds privately in an epoch.

    Args:
        leaf_index: our place.
        signature_private: our signature key.
        nodes: private keys of our leaf and of the path nodes above it, by node place.
    """

    leaf_index: int
    signature_private: bytes = field(repr=False)
    nodes: dict[int, bytes] = field(repr=False)

    def kept_in(self, tree: RatchetTree) -> OwnKeys:
        """Drop the keys of nodes that are blank or cut off in a new tree."""
        size = len(tree.nodes)
        kept = {
            node: private
            for node, private in self.nodes.items()
            if node < size and tree.nodes[node] is not None
        }
        return replace(self, nodes=kept)

    def with_nodes(self, nodes: dict[int, bytes]) -> OwnKeys:
        """Add or replace private keys."""
        return replace(self, nodes=self.nodes | nodes)


@dataclass(frozen=True, eq=False)
class Epoch:
    """One epoch; immutable. Message keys live apart, in the secret tree.

    Args:
        context_encoded: the group context's wire form, needed with every message.
        secrets: the epoch's, without the encryption secret, which the secret tree consumed.
    """

    suite: Suite
    context: GroupContext
    context_encoded: bytes = field(repr=False)
    tree: RatchetTree = field(repr=False)
    own: OwnKeys = field(repr=False)
    secrets: EpochSecrets = field(repr=False)
    interim_transcript_hash: bytes = field(repr=False)
    confirmation_tag: bytes = field(repr=False)

    @property
    def number(self) -> int:
        """The epoch's number."""
        return self.context.epoch

    @cached_property
    def sign(self) -> LabelSigner:
        """Our signature key, loaded once for the epoch's messages."""
        return self.suite.signer(self.own.signature_private)

    @property
    def own_leaf(self) -> LeafNode:
        """Our leaf."""
        return self.tree.member(self.own.leaf_index)

    def group_info(self, *, external: bool, with_ratchet_tree: bool) -> bytes:
        """Return a signed GroupInfo (§12.4.3).

        Args:
            external: include the key for external commits.
            with_ratchet_tree: include the tree.
        """
        extensions: list[Extension] = []
        if external:
            public = self.secrets.external_key_pair(self.suite).public
            extensions.append(external_pub_extension(public))
        if with_ratchet_tree:
            extensions.append(Extension(RATCHET_TREE, self.tree.encoded()))
        signer = GroupInfoSigner(self.suite, self.own.leaf_index, self.own.signature_private)
        return sign_group_info(self.context, tuple(extensions), self.confirmation_tag, signer)

    def group_info_message(self, *, with_ratchet_tree: bool) -> bytes:
        """Return the MLSMessage by which others can join from outside."""
        content = self.group_info(external=True, with_ratchet_tree=with_ratchet_tree)
        return encode_message(WireFormat.GROUP_INFO, content)


@dataclass(frozen=True, slots=True, eq=False)
class StartedEpoch:
    """A new epoch, and what is used up at its start."""

    epoch: Epoch
    encryption_secret: bytes = field(repr=False)


def start_epoch(
    suite: Suite,
    context: GroupContext,
    tree: RatchetTree,
    own: OwnKeys,
    secrets: EpochSecrets,
) -> StartedEpoch:
    """Put an epoch together; the confirmation tag follows from its secrets (§8.1)."""
    confirmed = context.confirmed_transcript_hash
    tag = suite.mac(secrets.confirmation, confirmed)
    epoch = Epoch(
        suite,
        context,
        context.encoded(),
        tree,
        own,
        replace(secrets, encryption=b""),
        interim_transcript_hash(suite, confirmed, tag),
        tag,
    )
    return StartedEpoch(epoch, secrets.encryption)


@dataclass(frozen=True, slots=True, eq=False)
class EpochInputs:
    """What a commit feeds into the key schedule (§8)."""

    init_secret: bytes = field(repr=False)
    commit_secret: bytes = field(repr=False)
    psk_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class NextEpoch:
    """The epoch after a commit, and the joiner secret for its Welcome."""

    started: StartedEpoch
    joiner_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Ending:
    """How an epoch ends: what the next one is computed from.

    Args:
        interim_transcript_hash: of the epoch that ends.
        provisional: the next epoch's context, still with the old transcript.
        tree: the next epoch's.
        own: our keys in it.
    """

    interim_transcript_hash: bytes = field(repr=False)
    provisional: GroupContext
    tree: RatchetTree = field(repr=False)
    own: OwnKeys = field(repr=False)

    def next(self, commit: VerifiedContent, inputs: EpochInputs) -> NextEpoch:
        """Run the key schedule with a signed commit (§8, §12.4.2)."""
        suite = self.tree.suite
        confirmed = confirmed_transcript_hash(suite, self.interim_transcript_hash, commit)
        context = self.provisional.confirmed(confirmed)
        encoded = context.encoded()
        joiner = joiner_secret(suite, inputs.init_secret, inputs.commit_secret, encoded)
        secrets = epoch_secrets(suite, joiner, inputs.psk_secret, encoded)
        return NextEpoch(start_epoch(suite, context, self.tree, self.own, secrets), joiner)


def check_confirmation(epoch: Epoch, tag: bytes | None, rule: Rule) -> None:
    """Refuse an epoch whose confirmation tag is not the one that came."""
    if tag is None:
        raise refusal(Rule.COMMIT_CONFIRMATION_MISSING)
    if not kdf.equal(epoch.confirmation_tag, tag):
        raise refusal(rule)


def with_tag(commit: VerifiedContent, epoch: Epoch) -> VerifiedContent:
    """Fill a commit's confirmation tag in."""
    return replace(commit, auth=FrameAuth(commit.auth.signature, epoch.confirmation_tag))
