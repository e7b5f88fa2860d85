"""TreeKEM's secrets: making and opening an update path (RFC 9420 §7.4-§7.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls import tree_math
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.update_path import HpkeCiphertext, UpdatePathNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.crypto.hpke import KeyPair
    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.ratchet_tree import RatchetTree
    from enigm.crypto.mls.update_path import UpdatePath

_PATH_NODE_LABEL = b"UpdatePathNode"


@dataclass(frozen=True, slots=True, eq=False)
class PathSecrets:
    """A fresh chain of path secrets along a filtered direct path (§7.4).

    Args:
        path: (node, copath child), lowest first.
        secrets: one for each node.
        key_pairs: one for each node.
        commit_secret: what follows the last one.
    """

    path: list[tuple[int, int]] = field(repr=False)
    secrets: list[bytes] = field(repr=False)
    key_pairs: list[KeyPair] = field(repr=False)
    commit_secret: bytes = field(repr=False)

    @staticmethod
    def derive(suite: Suite, path: list[tuple[int, int]], first: bytes) -> PathSecrets:
        """Derive the chain from the secret of its lowest node."""
        secrets: list[bytes] = []
        key_pairs: list[KeyPair] = []
        secret = first
        for _ in path:
            secrets.append(secret)
            key_pairs.append(suite.derive_key_pair(suite.derive_secret(secret, b"node")))
            secret = suite.derive_secret(secret, b"path")
        return PathSecrets(path, secrets, key_pairs, secret)

    def private_keys(self) -> dict[int, bytes]:
        """Return the private key of each node."""
        nodes = (node for node, _ in self.path)
        return {node: pair.private for node, pair in zip(nodes, self.key_pairs, strict=True)}

    def secret_for(self, leaf_index: int) -> bytes | None:
        """Return the path secret of the lowest node above a leaf, for its Welcome (§12.4.3.1)."""
        for (node, _), secret in zip(self.path, self.secrets, strict=True):
            if tree_math.is_below(2 * leaf_index, node):
                return secret
        return None

    def sealed(
        self, tree: RatchetTree, context: bytes, excluded: frozenset[int]
    ) -> tuple[UpdatePathNode, ...]:
        """Seal each path secret to its copath, but for the leaves that this commit adds.

        Args:
            tree: after the proposals and with the path's new keys in it.
            context: the provisional group context, encoded.
            excluded: node places of the added leaves (§7.5).
        """
        return tuple(
            UpdatePathNode(
                pair.public,
                tuple(self._seal(tree, copath, secret, context, excluded)),
            )
            for (_, copath), secret, pair in zip(
                self.path, self.secrets, self.key_pairs, strict=True
            )
        )

    @staticmethod
    def _seal(
        tree: RatchetTree, copath: int, secret: bytes, context: bytes, excluded: frozenset[int]
    ) -> Iterator[HpkeCiphertext]:
        for node in tree.resolution(copath):
            recipient = tree.nodes[node]
            if node in excluded or recipient is None:
                continue
            yield HpkeCiphertext(
                *tree.suite.encrypt_with_label(
                    recipient.encryption_key, _PATH_NODE_LABEL, context, secret
                )
            )


@dataclass(frozen=True, slots=True, eq=False)
class PathReceiver:
    """A member's view of a path that another sent (§7.5).

    Args:
        tree: with the path's new keys merged.
        leaf_index: the receiver's.
        private_keys: the receiver's, by node place, from before the path.
    """

    tree: RatchetTree
    leaf_index: int
    private_keys: dict[int, bytes] = field(repr=False)

    def open(
        self,
        path: list[tuple[int, int]],
        update: UpdatePath,
        context: bytes,
        excluded: frozenset[int],
    ) -> PathSecrets:
        """Open the path secret meant for us and derive all above it.

        Args:
            path: the sender's filtered direct path.
            update: the received path.
            context: the provisional group context, encoded.
            excluded: node places of the leaves that the commit adds.
        """
        position = self._overlap(path)
        copath = path[position][1]
        recipients = [node for node in self.tree.resolution(copath) if node not in excluded]
        sealed = update.nodes[position].encrypted_path_secrets
        if len(sealed) != len(recipients):
            raise refusal(Rule.PATH_CIPHERTEXTS)
        secret = self._open_one(recipients, sealed, context)
        derived = PathSecrets.derive(self.tree.suite, path[position:], secret)
        check_path_keys(self.tree, derived)
        return derived

    def _overlap(self, path: list[tuple[int, int]]) -> int:
        for position, (node, _) in enumerate(path):
            if tree_math.is_below(2 * self.leaf_index, node):
                return position
        raise refusal(Rule.PATH_LENGTH)

    def _open_one(
        self, recipients: list[int], sealed: tuple[HpkeCiphertext, ...], context: bytes
    ) -> bytes:
        for node, ciphertext in zip(recipients, sealed, strict=True):
            private = self.private_keys.get(node)
            if private is not None:
                return self.tree.suite.decrypt_with_label(
                    private, _PATH_NODE_LABEL, context, ciphertext.parts()
                )
        raise refusal(Rule.PATH_CIPHERTEXTS)


def check_path_keys(tree: RatchetTree, derived: PathSecrets) -> None:
    """Check that derived keys are the ones in the tree (§7.5, §12.4.3.1)."""
    for (node, _), pair in zip(derived.path, derived.key_pairs, strict=True):
        content = tree.nodes[node]
        if content is None or content.encryption_key != pair.public:
            raise refusal(Rule.PATH_KEY_MISMATCH)
