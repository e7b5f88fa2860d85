"""Group infos: a signed picture of an epoch, for those who join (RFC 9420 §12.4.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import opaque, read_whole, u32
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import (
    NOT_IN_GROUP_INFO,
    RATCHET_TREE,
    Extension,
    check_places,
    encode_extensions,
    find_extension,
    read_extensions,
)
from enigm.crypto.mls.group_context import GroupContext
from enigm.crypto.mls.ratchet_tree import UnverifiedTree
from enigm.crypto.mls.tree_validation import verify_tree

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.codec import Reader
    from enigm.crypto.mls.ratchet_tree import RatchetTree

_LABEL = b"GroupInfoTBS"


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group info with the tree it belongs to, both verified."""

    context: GroupContext
    extensions: tuple[Extension, ...]
    confirmation_tag: bytes
    signer: int
    tree: RatchetTree = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnverifiedGroupInfo:
    """A group info as it came."""

    context: GroupContext
    extensions: tuple[Extension, ...]
    confirmation_tag: bytes
    signer: int
    signature: bytes = field(repr=False)
    encoded: bytes = field(repr=False)
    signed_length: int = field(repr=False)

    @staticmethod
    def read(reader: Reader) -> UnverifiedGroupInfo:
        """Read a group info."""
        start = reader.position
        context = GroupContext.read(reader)
        extensions = read_extensions(reader)
        tag, signer = reader.opaque(), reader.u32()
        signed_length = reader.position - start
        signature = reader.opaque()
        encoded = reader.since(start)
        return UnverifiedGroupInfo(
            context, extensions, tag, signer, signature, encoded, signed_length
        )

    @staticmethod
    def decode(encoded: bytes) -> UnverifiedGroupInfo:
        """Decode a bare GroupInfo."""
        return read_whole(encoded, UnverifiedGroupInfo.read)

    def verify(self, suite: Suite, ratchet_tree: bytes | None) -> GroupInfo:
        """Check the tree, then the signature by the signer's leaf in it (§12.4.3.1).

        Args:
            suite: the one the context names; the caller looked it up.
            ratchet_tree: the tree, where it does not stand in the extension.
        """
        check_places(self.extensions, NOT_IN_GROUP_INFO)
        encoded_tree = find_extension(self.extensions, RATCHET_TREE) or ratchet_tree
        if encoded_tree is None:
            raise refusal(Rule.TREE_MISSING)
        unverified = UnverifiedTree.decode(encoded_tree)
        self._verify_signature(suite, unverified)
        tree = verify_tree(unverified, suite, self.context)
        return GroupInfo(self.context, self.extensions, self.confirmation_tag, self.signer, tree)

    def _verify_signature(self, suite: Suite, tree: UnverifiedTree) -> None:
        leaf = tree.leaf(self.signer)
        if leaf is None:
            raise refusal(Rule.GROUP_INFO_SIGNER)
        if not self.signature_holds(suite, leaf.signature_key):
            raise refusal(Rule.GROUP_INFO_SIGNATURE)

    def signature_holds(self, suite: Suite, signature_key: bytes) -> bool:
        """Verify the signature with a key."""
        signed = self.encoded[: self.signed_length]
        return suite.verifies(signature_key, _LABEL, signed, self.signature)


@dataclass(frozen=True, slots=True, eq=False)
class GroupInfoSigner:
    """The member that vouches for a group info."""

    suite: Suite
    leaf_index: int
    private: bytes = field(repr=False)


def sign_group_info(
    context: GroupContext,
    extensions: tuple[Extension, ...],
    confirmation_tag: bytes,
    signer: GroupInfoSigner,
) -> bytes:
    """Return a signed group info."""
    signed = (
        context.encoded()
        + encode_extensions(extensions)
        + opaque(confirmation_tag)
        + u32(signer.leaf_index)
    )
    return signed + opaque(signer.suite.sign_with_label(signer.private, _LABEL, signed))
