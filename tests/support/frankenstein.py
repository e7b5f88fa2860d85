"""Malformed MLS messages, made with members' real keys: what only an insider could forge.

Every builder starts from something valid and changes one thing, so that the one rule under
test, and no earlier one, is what refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from enigm.crypto.mls.ciphersuite import Suite
from enigm.crypto.mls.codec import opaque, u8, u16
from enigm.crypto.mls.commit import Commit
from enigm.crypto.mls.credential import accept_any
from enigm.crypto.mls.errors import MlsInvalidError, MlsUnverifiableError, Rule
from enigm.crypto.mls.extensions import (
    RATCHET_TREE,
    Extension,
    encode_extensions,
    find_extension,
)
from enigm.crypto.mls.framing import (
    FrameAuth,
    FramedContent,
    FrameHeader,
    Sender,
    VerifiedContent,
    WireFormat,
    encode_body,
    kind_of,
    sign_content,
)
from enigm.crypto.mls.group_info import GroupInfoSigner, UnverifiedGroupInfo, sign_group_info
from enigm.crypto.mls.key_schedule import welcome_key, welcome_secret
from enigm.crypto.mls.leaf_node import (
    LeafContent,
    LeafNode,
    LeafOrigin,
    LeafSource,
    Lifetime,
    leaf_placement,
    sign_leaf,
)
from enigm.crypto.mls.member.commit_creation import PathMaker
from enigm.crypto.mls.member.joining import open_group_info, open_group_secrets
from enigm.crypto.mls.message_protection import (
    SenderData,
    membership_tag,
    ratchet_of,
    sender_data_key,
)
from enigm.crypto.mls.messages import (
    PrivateMessage,
    PublicMessage,
    decode_message,
    decode_welcome,
    encode_message,
    encode_public,
)
from enigm.crypto.mls.proposal_list import ProposalList, SentProposal
from enigm.crypto.mls.public_group import PublicGroup
from enigm.crypto.mls.ratchet_tree import ParentNode, RatchetTree, UnverifiedTree
from enigm.crypto.mls.transition import Acceptance, Transition
from enigm.crypto.mls.tree_hashes import parent_hash, tree_hash
from enigm.crypto.mls.update_path import HpkeCiphertext
from enigm.crypto.mls.welcome import EncryptedGroupSecrets, GroupSecrets, Welcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from enigm.crypto.mls.framing import Body
    from enigm.crypto.mls.group_context import GroupContext
    from enigm.crypto.mls.member.commit_creation import NewPath
    from enigm.crypto.mls.proposals import Proposal
    from enigm.crypto.mls.ratchet_tree import Node
    from enigm.crypto.mls.secret_tree import StagedKey
    from tests.support.mls import Person


PUBLIC_WIRE_FORMAT = b"\x00\x01"
# What only a member can tell: the rest, an outsider must refuse for the same reason. How many
# ciphertexts a path node needs is left to those it is for: to count them all, everybody would
# have to walk the whole tree with each commit.
NEEDS_SECRETS = frozenset(
    {
        Rule.COMMIT_CONFIRMATION,
        Rule.COMMIT_REINITIALISED,
        Rule.GROUP_LEFT,
        Rule.HPKE_OPEN,
        Rule.MESSAGE_MEMBERSHIP,
        Rule.MESSAGE_OWN,
        Rule.PATH_CIPHERTEXTS,
        Rule.PATH_KEY_MISMATCH,
        Rule.PROPOSAL_TOO_MANY,
        Rule.PSK_UNKNOWN,
    }
)


def refused(person: Person, message: bytes, rule: Rule) -> None:
    """Assert that a member refuses a message for this reason, and that nothing stays of it."""
    before = person.group.serialize()
    with pytest.raises((MlsInvalidError, MlsUnverifiableError)) as caught:
        person.group.process(message)
    assert caught.value.rule is rule
    assert person.group.serialize() == before
    if rule not in NEEDS_SECRETS and message[2:4] == PUBLIC_WIRE_FORMAT:
        refuses(lambda: outsider_of(person).process(message), rule)


def outsider_of(person: Person) -> PublicGroup:
    """One without secrets who has followed the group as far as this member has."""
    needs = person.needs
    info = person.group.group_info()
    outsider = PublicGroup.from_group_info(info, needs.suites, needs.check_credential)
    outsider._received = dict(person.group.state.received)
    return outsider


def refuses(work: Callable[[], object], rule: Rule) -> None:
    """Assert that an operation is refused for this reason."""
    with pytest.raises((MlsInvalidError, MlsUnverifiableError)) as caught:
        work()
    assert caught.value.rule is rule


def resigned(
    suite: Suite,
    leaf: LeafNode,
    private: bytes,
    *,
    origin: LeafOrigin | None = None,
    encryption_key: bytes | None = None,
    **changes: Any,
) -> LeafNode:
    """A leaf changed in some fields of LeafContent and signed again."""
    content = LeafContent(leaf.signature_key, leaf.credential, leaf.capabilities, leaf.extensions)
    chosen = origin or LeafOrigin(leaf.source, leaf.lifetime, leaf.parent_hash)
    key = leaf.encryption_key if encryption_key is None else encryption_key
    return sign_leaf(suite, private, key, replace(content, **changes), chosen)


def forged_key_package(
    person: Person,
    *,
    version: int = 1,
    suite_number: int | None = None,
    init_key: bytes | None = None,
    leaf: LeafNode | None = None,
    extensions: tuple[Extension, ...] = (),
    private: bytes | None = None,
) -> bytes:
    """A key package of this person with anything changed and signed again."""
    person.key_package()
    assert person.bundle is not None
    package = person.bundle.package
    signed = b"".join(
        (
            u16(version),
            u16(package.suite_number if suite_number is None else suite_number),
            opaque(package.init_key if init_key is None else init_key),
            (leaf or package.leaf).encoded,
            encode_extensions(extensions),
        )
    )
    key = person.identity.signature_private if private is None else private
    return signed + opaque(person.suite.sign_with_label(key, b"KeyPackageTBS", signed))


class Forger:
    """A member who says what it likes, with its own keys and the epoch's secrets."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.epoch = person.group.state.epoch
        self.suite = self.epoch.suite
        self.signature_private = self.epoch.own.signature_private

    def header(self, **changes: Any) -> FrameHeader:
        """The header of a proper frame of this member, with changes."""
        sender = Sender.member(self.epoch.own.leaf_index)
        header = FrameHeader(self.epoch.context.group_id, self.epoch.number, sender)
        return replace(header, **changes)

    def signed(
        self,
        body: Body,
        *,
        wire_format: WireFormat = WireFormat.PUBLIC_MESSAGE,
        private: bytes | None = None,
        **header: Any,
    ) -> VerifiedContent:
        """A frame with this body, properly signed by this member or with another key."""
        content = FramedContent.make(self.header(**header), body)
        return self.sign(content, wire_format, private)

    def sign(
        self, content: FramedContent, wire_format: WireFormat, private: bytes | None = None
    ) -> VerifiedContent:
        """Sign any frame."""
        key = self.signature_private if private is None else private
        frame = sign_content(self.suite, key, wire_format, content, self.epoch.context_encoded)
        if isinstance(content.body, Commit):
            # Any tag of the right length: the rules under test are checked before it.
            return replace(frame, auth=FrameAuth(frame.auth.signature, bytes(self.tag_length)))
        return frame

    @property
    def tag_length(self) -> int:
        """Length of a confirmation tag."""
        return self.suite.hash_length

    def public(self, frame: VerifiedContent, tag: bytes | None = None) -> bytes:
        """An MLSMessage in the clear; with the right membership tag unless one is given."""
        key, context = self.epoch.secrets.membership, self.epoch.context_encoded
        right = membership_tag(self.suite, key, frame, context)
        is_member = frame.content.header.sender.kind == 1
        chosen = (right if tag is None else tag) if is_member else None
        return encode_message(WireFormat.PUBLIC_MESSAGE, encode_public(frame, chosen))

    def says(self, body: Body, **header: Any) -> bytes:
        """A proposal or commit in the clear, signed and tagged."""
        return self.public(self.signed(body, **header))

    def commits(self, *proposals: Any, path: bool = True) -> bytes:
        """A commit of any proposals, with a path of the right shape or none."""
        return self.says(self.commit(*proposals, path=path))

    def commit(self, *proposals: Any, path: bool = True) -> Commit:
        """The structure of such a commit."""
        return Commit(proposals, self.honest_commit().path if path else None)

    def honest_commit(self, *proposals: Proposal) -> Commit:
        """A proper commit of this member, as a structure."""
        frame = self.honest_frame(*proposals)
        assert isinstance(frame.authenticated.content.body, Commit)
        return frame.authenticated.content.body

    def honest_frame(self, *proposals: Proposal) -> PublicMessage:
        """A proper commit of this member, as a public message."""
        message = self.person.group.commit(proposals).message
        self.person.group.discard_pending()
        decoded = decode_message(message)
        assert isinstance(decoded, PublicMessage), "the person must send handshakes in the clear"
        return decoded

    def encrypted(
        self,
        frame: VerifiedContent,
        *,
        padding: bytes = b"",
        claimed_leaf: int | None = None,
        key: StagedKey | None = None,
        generation: int | None = None,
    ) -> bytes:
        """A PrivateMessage whose sender data and padding say what the forger wants."""
        header = frame.content.header
        leaf = self.epoch.own.leaf_index if claimed_leaf is None else claimed_leaf
        kind = kind_of(frame.content.body)
        keys = self.person.group.state.message_keys
        staged = key or keys.next(leaf, ratchet_of(kind))
        number = staged.generation if generation is None else generation
        sender = SenderData(leaf, number, bytes(4))
        plaintext = encode_body(frame.content.body) + frame.auth.encoded() + padding
        hull = PrivateMessage(
            header.group_id, header.epoch, kind, header.authenticated_data, b"", b""
        )
        sealed = self.suite.seal(staged.key.key, staged.key.nonce, hull.content_aad(), plaintext)
        outer = sender_data_key(self.suite, self.epoch.secrets.sender_data, sealed)
        sealed_sender = self.suite.seal(
            outer.key, outer.nonce, hull.sender_data_aad(), sender.encoded()
        )
        message = replace(hull, encrypted_sender_data=sealed_sender, ciphertext=sealed)
        return encode_message(WireFormat.PRIVATE_MESSAGE, message.encoded())

    def path(self, *proposals: SentProposal) -> tuple[GroupContext, NewPath]:
        """A proper path for these proposals, and the provisional context that seals it."""
        sent = ProposalList(proposals)
        acceptance = Acceptance(accept_any)
        made = Transition.apply(self.epoch.context, self.epoch.tree, sent, acceptance)
        leaf = self.epoch.own_leaf
        content = LeafContent(
            leaf.signature_key, leaf.credential, leaf.capabilities, leaf.extensions
        )
        index = self.epoch.own.leaf_index
        entropy = self.person.needs.entropy
        made.profiles_changed = False  # whatever the proposals bring, the path is made
        return PathMaker(index, self.signature_private, content, entropy).extend(made)

    def path_leaf(self, leaf: LeafNode, **changes: Any) -> LeafNode:
        """The leaf of this member's path with changes, signed again."""
        private = changes.pop("private", self.signature_private)
        source = changes.pop("source", LeafSource.COMMIT)
        parent_hash = changes.pop("parent_hash", leaf.parent_hash)
        index = self.epoch.own.leaf_index
        placement = leaf_placement(source, self.epoch.context.group_id, index)
        origin = LeafOrigin(source, None, parent_hash, placement)
        if source is LeafSource.KEY_PACKAGE:
            origin = LeafOrigin(source, Lifetime(0, 2**63))
        return resigned(self.suite, leaf, private, origin=origin, **changes)

    def update_leaf(self, **changes: Any) -> LeafNode:
        """The leaf of an Update proposal of this member, with changes."""
        fresh = self.suite.hpke.generate_key_pair(self.person.needs.entropy).public
        chosen = {"source": LeafSource.UPDATE, "encryption_key": fresh} | changes
        return self.path_leaf(self.epoch.own_leaf, **chosen)

    def raw_proposal(self, encoded: bytes) -> bytes:
        """A member's proposal frame in the clear around any bytes."""
        header = self.header()
        content = FramedContent(header, b"", header.encoded() + u8(2) + encoded)
        return self.public(self.sign(content, WireFormat.PUBLIC_MESSAGE))


@dataclass
class OpenedWelcome:
    """A Welcome laid open by the one it is for, to be changed and closed again.

    ``signer`` is the private key of the member who signs the changed group info.
    """

    joiner: Person
    signer: Person
    welcome: Welcome
    secrets: GroupSecrets
    info: UnverifiedGroupInfo

    @staticmethod
    def of(joiner: Person, signer: Person, message: bytes) -> OpenedWelcome:
        """Open a Welcome without pre-shared keys."""
        assert joiner.bundle is not None
        welcome = decode_welcome(message)
        secrets = open_group_secrets(welcome, joiner.bundle)
        no_psk = bytes(joiner.suite.hash_length)
        info = open_group_info(joiner.suite, welcome, secrets.joiner_secret, no_psk)
        return OpenedWelcome(joiner, signer, welcome, secrets, info)

    def sealed(
        self,
        *,
        info: bytes | None = None,
        secrets: GroupSecrets | None = None,
        suite_number: int | None = None,
        new_member: bytes | None = None,
    ) -> bytes:
        """Close it again around a changed group info or changed group secrets."""
        suite, bundle = self.joiner.suite, self.joiner.bundle
        assert bundle is not None
        no_psk = bytes(suite.hash_length)
        joiner_secret = self.secrets.joiner_secret
        key, nonce = welcome_key(suite, welcome_secret(suite, joiner_secret, no_psk))
        content = suite.seal(key, nonce, b"", self.info.encoded if info is None else info)
        inside = (secrets or self.secrets).encoded()
        parts = suite.encrypt_with_label(bundle.package.init_key, b"Welcome", content, inside)
        reference = bundle.reference if new_member is None else new_member
        part = EncryptedGroupSecrets(reference, HpkeCiphertext(*parts))
        number = suite.number if suite_number is None else suite_number
        welcome = Welcome(number, (part,), content)
        return encode_message(WireFormat.WELCOME, welcome.encoded())

    @property
    def nodes(self) -> list[Node]:
        """The tree in the group info."""
        encoded = find_extension(self.info.extensions, RATCHET_TREE)
        assert encoded is not None
        return list(UnverifiedTree.decode(encoded).nodes)

    def signed_info(
        self,
        *,
        context: GroupContext | None = None,
        extensions: Iterable[Extension] | None = None,
        tag: bytes | None = None,
        signer: int | None = None,
    ) -> bytes:
        """The group info with changes, signed by the member who signed it first."""
        private = self.signer.identity.signature_private
        return sign_group_info(
            context or self.info.context,
            self.info.extensions if extensions is None else tuple(extensions),
            self.info.confirmation_tag if tag is None else tag,
            GroupInfoSigner(
                self.joiner.suite, self.info.signer if signer is None else signer, private
            ),
        )

    def with_tree(self, nodes: list[Node], *, context: GroupContext | None = None) -> bytes:
        """The Welcome around another tree, which the group context names by its hash."""
        tree = RatchetTree.of(self.joiner.suite, nodes)
        named = replace(context or self.info.context, tree_hash=tree_hash(tree))
        return self.with_encoded_tree(tree.encoded(), context=named)

    def rechained(self, nodes: list[Node], committer: Person) -> list[Node]:
        """The tree with all parent hashes above a member made true again.

        So whoever committed last can cover up a change anywhere else in the tree.
        """
        suite, index = self.joiner.suite, committer.group.leaf_index
        tree = RatchetTree.of(suite, nodes)
        above = b""
        for node, copath in reversed(tree.filtered_direct_path(index)):
            parent = tree.nodes[node]
            assert isinstance(parent, ParentNode)
            again = ParentNode.make(parent.encryption_key, above, parent.unmerged_leaves)
            tree.set_node(node, again)
            above = parent_hash(tree, again, copath)
        leaf = tree.nodes[2 * index]
        assert isinstance(leaf, LeafNode)
        placement = leaf_placement(leaf.source, self.info.context.group_id, index)
        origin = LeafOrigin(leaf.source, None, above, placement)
        private = committer.identity.signature_private
        tree.set_node(2 * index, resigned(suite, leaf, private, origin=origin))
        return tree.nodes

    def with_encoded_tree(self, encoded: bytes, *, context: GroupContext | None = None) -> bytes:
        """The Welcome around any bytes as a tree."""
        others = [e for e in self.info.extensions if e.kind != RATCHET_TREE]
        extensions = [*others, Extension(RATCHET_TREE, encoded)]
        return self.sealed(info=self.signed_info(context=context, extensions=extensions))

    def refused(self, message: bytes, rule: Rule) -> None:
        """Assert that the joiner refuses it for this reason."""
        refuses(lambda: self.joiner.join(message), rule)
