"""Making a commit, and the Welcome for those it adds (RFC 9420 §12.4.1, §12.4.3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from enigm.crypto.mls.commit import Commit, ProposalReference
from enigm.crypto.mls.framing import FramedContent, FrameHeader, Sender, WireFormat, sign_content
from enigm.crypto.mls.key_schedule import welcome_key, welcome_secret
from enigm.crypto.mls.leaf_node import (
    LeafContent,
    LeafOrigin,
    LeafSource,
    leaf_placement,
    sign_leaf,
)
from enigm.crypto.mls.member.epoch import Ending, EpochInputs, OwnKeys, with_tag
from enigm.crypto.mls.messages import encode_message
from enigm.crypto.mls.treekem import PathSecrets
from enigm.crypto.mls.update_path import HpkeCiphertext, UpdatePath, set_path_keys
from enigm.crypto.mls.welcome import EncryptedGroupSecrets, GroupSecrets, Welcome

if TYPE_CHECKING:
    from enigm.crypto.mls.framing import VerifiedContent
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.member.epoch import NextEpoch
    from enigm.crypto.mls.proposal_list import ProposalList, SentProposal
    from enigm.crypto.mls.proposals import Proposal
    from enigm.crypto.mls.transition import Transition
    from enigm.foundation.entropy import Entropy


@dataclass(frozen=True, slots=True, eq=False)
class NewPath:
    """A path we made: the update, its secrets, and our keys with it."""

    update: UpdatePath = field(repr=False)
    secrets: PathSecrets = field(repr=False)
    own: OwnKeys = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class PathMaker:
    """Makes our path in a commit.

    Args:
        leaf_index: our place in the new tree.
        signature_private: signs the new leaf.
        content: what the new leaf says about us.
        entropy: for the new keys.
    """

    leaf_index: int
    signature_private: bytes = field(repr=False)
    content: LeafContent
    entropy: Entropy

    def extend(self, made: Transition) -> tuple[GroupContext, NewPath]:
        """Put fresh keys on our path, and seal their secrets to the others (§7.4, §7.5).

        Changes the transition's tree; returns the provisional context with the path.
        """
        tree = made.tree
        suite = tree.suite
        tree.reach(self.leaf_index)
        path = tree.filtered_direct_path(self.leaf_index)
        first = self.entropy.random_bytes(suite.hash_length)
        secrets = PathSecrets.derive(suite, path, first)
        leaf_keys = suite.hpke.generate_key_pair(self.entropy)
        tree.set_node(2 * self.leaf_index, None)
        keys = [pair.public for pair in secrets.key_pairs]
        above = set_path_keys(tree, self.leaf_index, path, keys)
        placement = leaf_placement(LeafSource.COMMIT, made.base.group_id, self.leaf_index)
        origin = LeafOrigin(LeafSource.COMMIT, parent_hash=above, placement=placement)
        leaf = sign_leaf(suite, self.signature_private, leaf_keys.public, self.content, origin)
        tree.place_leaf(self.leaf_index, leaf)
        made.path = path
        context = made.provisional_context()
        nodes = secrets.sealed(tree, context.encoded(), made.added_nodes)
        private_keys = secrets.private_keys() | {2 * self.leaf_index: leaf_keys.private}
        own = OwnKeys(self.leaf_index, self.signature_private, private_keys)
        return context, NewPath(UpdatePath(leaf, nodes), secrets, own)


def commit_structure(proposals: ProposalList, path: NewPath | None) -> Commit:
    """Return the Commit: received proposals by reference, our own by value."""
    items = tuple(_item(sent) for sent in proposals.sent)
    return Commit(items, None if path is None else path.update)


def _item(sent: SentProposal) -> Proposal | ProposalReference:
    return sent.proposal if sent.reference is None else ProposalReference(sent.reference)


@dataclass(frozen=True, slots=True, eq=False)
class CommitFrame:
    """How a commit is framed and signed.

    Args:
        sender: a member, or one who joins by it.
        wire_format: in the clear or encrypted.
        signature_private: the committer's key before this commit.
        context: the current epoch's, encoded.
    """

    sender: Sender
    wire_format: WireFormat
    signature_private: bytes = field(repr=False)
    context: bytes = field(repr=False)
    authenticated_data: bytes = b""

    def sign(self, made: Transition, path: NewPath | None) -> VerifiedContent:
        """Frame and sign the commit; its confirmation tag comes later."""
        base = made.base
        header = FrameHeader(base.group_id, base.epoch, self.sender, self.authenticated_data)
        content = FramedContent.make(header, commit_structure(made.proposals, path))
        return sign_content(
            made.tree.suite, self.signature_private, self.wire_format, content, self.context
        )


@dataclass(frozen=True, slots=True, eq=False)
class FinishedCommit:
    """A signed and tagged commit with the epoch it leads to."""

    frame: VerifiedContent
    next: NextEpoch = field(repr=False)


def finish_commit(ending: Ending, frame: VerifiedContent, inputs: EpochInputs) -> FinishedCommit:
    """Compute the new epoch and put its confirmation tag on the commit (§12.4.1)."""
    following = ending.next(frame, inputs)
    return FinishedCommit(with_tag(frame, following.started.epoch), following)


def make_welcome(
    made: Transition,
    path: NewPath | None,
    following: NextEpoch,
    psk: bytes,
    group_info: bytes,
) -> bytes | None:
    """Return the MLSMessage for the added members; None if there are none (§12.4.3.1).

    Args:
        made: what the commit changed.
        path: our path, if the commit has one.
        following: the new epoch.
        psk: the commit's PSK secret.
        group_info: the new epoch's, bare.
    """
    if not made.added:
        return None
    suite = made.tree.suite
    key, nonce = welcome_key(suite, welcome_secret(suite, following.joiner_secret, psk))
    sealed_info = suite.seal(key, nonce, b"", group_info)
    shared = GroupSecrets(following.joiner_secret, None, tuple(made.proposals.psks))
    recipients: list[tuple[bytes, bytes]] = []
    for leaf_index, package in made.added:
        path_secret = None if path is None else path.secrets.secret_for(leaf_index)
        secrets = replace(shared, path_secret=path_secret).encoded()
        recipients.append((package.init_key, secrets))
    sealed = suite.encrypt_to_each(recipients, b"Welcome", sealed_info)
    parts = (
        EncryptedGroupSecrets(package.reference(suite), HpkeCiphertext(*each))
        for (_, package), each in zip(made.added, sealed, strict=True)
    )
    welcome = Welcome(suite.number, tuple(parts), sealed_info)
    return encode_message(WireFormat.WELCOME, welcome.encoded())
