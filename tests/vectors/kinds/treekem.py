"""Update paths processed by every member, and made anew (treekem.json)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from enigm.crypto.mls import tree_math
from enigm.crypto.mls.codec import read_whole
from enigm.crypto.mls.group_context import GroupContext
from enigm.crypto.mls.leaf_node import (
    LeafContent,
    LeafOrigin,
    LeafSource,
    leaf_placement,
    sign_leaf,
)
from enigm.crypto.mls.ratchet_tree import RatchetTree, UnverifiedTree
from enigm.crypto.mls.tree_hashes import tree_hash
from enigm.crypto.mls.treekem import PathReceiver, PathSecrets
from enigm.crypto.mls.update_path import UpdatePath, merge_path, set_path_keys
from enigm.foundation.entropy import SystemEntropy
from tests.vectors.reading import Vector, raw, signature_private, suite_of

NOBODY: frozenset[int] = frozenset()


def check(vector: Vector) -> None:
    case = _Case(vector)
    for path in vector["update_paths"]:
        sender, update = path["sender"], read_whole(raw(path["update_path"]), UpdatePath.read)
        commit_secret = case.process(sender, update, path)
        assert commit_secret == raw(path["commit_secret"])
        own_update, own_secret = case.make(sender)
        assert case.process(sender, own_update, None) == own_secret


@dataclass
class _Case:
    vector: Vector

    def tree(self) -> RatchetTree:
        nodes = UnverifiedTree.decode(raw(self.vector["ratchet_tree"])).nodes
        return RatchetTree.of(suite_of(self.vector), list(nodes))

    def context(self, tree: RatchetTree) -> bytes:
        vector = self.vector
        return GroupContext(
            tree.suite.number,
            raw(vector["group_id"]),
            vector["epoch"],
            tree_hash(tree),
            raw(vector["confirmed_transcript_hash"]),
        ).encoded()

    def private_keys(self, member: dict[str, Any]) -> dict[int, bytes]:
        tree = self.tree()
        keys = {2 * member["index"]: raw(member["encryption_priv"])}
        for entry in member["path_secrets"]:
            secret = tree.suite.derive_secret(raw(entry["path_secret"]), b"node")
            pair = tree.suite.derive_key_pair(secret)
            node = tree.nodes[entry["node"]]
            assert node is not None
            assert node.encryption_key == pair.public
            keys[entry["node"]] = pair.private
        return keys

    def process(self, sender: int, update: UpdatePath, expected: dict[str, Any] | None) -> bytes:
        """Let every other member process the path; return the secret they agree on."""
        found: set[bytes] = set()
        for member in self.vector["leaves_private"]:
            if member["index"] == sender:
                continue
            tree = self.tree()
            placement = leaf_placement(LeafSource.COMMIT, raw(self.vector["group_id"]), sender)
            assert update.leaf.signature_holds(tree.suite, placement)
            path = merge_path(tree, sender, update)
            if expected is not None:
                assert tree_hash(tree) == raw(expected["tree_hash_after"])
            receiver = PathReceiver(tree, member["index"], self.private_keys(member))
            opened = receiver.open(path, update, self.context(tree), NOBODY)
            if expected is not None:
                assert opened.secrets[0] == raw(expected["path_secrets"][member["index"]])
            found.add(opened.commit_secret)
        assert len(found) == 1
        return found.pop()

    def make(self, sender: int) -> tuple[UpdatePath, bytes]:
        """Make a fresh path for a member."""
        tree = self.tree()
        suite, group_id = tree.suite, raw(self.vector["group_id"])
        old = tree.member(sender)
        member = next(x for x in self.vector["leaves_private"] if x["index"] == sender)
        path = tree.filtered_direct_path(sender)
        random = SystemEntropy()
        secrets = PathSecrets.derive(suite, path, random.random_bytes(suite.hash_length))
        tree.set_node(2 * sender, None)
        keys = [pair.public for pair in secrets.key_pairs]
        above = set_path_keys(tree, sender, path, keys)
        leaf = sign_leaf(
            suite,
            signature_private(self.vector, member["signature_priv"]),
            suite.hpke.generate_key_pair(random).public,
            LeafContent(old.signature_key, old.credential, old.capabilities, old.extensions),
            LeafOrigin(
                LeafSource.COMMIT,
                parent_hash=above,
                placement=leaf_placement(LeafSource.COMMIT, group_id, sender),
            ),
        )
        tree.place_leaf(sender, leaf)
        assert tree_math.is_below(2 * sender, tree.root)
        nodes = secrets.sealed(tree, self.context(tree), NOBODY)
        return UpdatePath(leaf, nodes), secrets.commit_secret
