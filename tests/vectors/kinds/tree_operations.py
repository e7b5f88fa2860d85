"""Adding, updating and removing leaves (tree-operations.json)."""

from __future__ import annotations

from enigm.crypto.mls.codec import read_whole
from enigm.crypto.mls.proposals import Add, Remove, Update, read_proposal
from enigm.crypto.mls.ratchet_tree import RatchetTree, UnverifiedTree
from enigm.crypto.mls.tree_hashes import tree_hash
from tests.vectors.reading import Vector, raw, suite_of


def check(vector: Vector) -> None:
    nodes = UnverifiedTree.decode(raw(vector["tree_before"])).nodes
    tree = RatchetTree.of(suite_of(vector), list(nodes))
    assert tree_hash(tree) == raw(vector["tree_hash_before"])
    proposal = read_whole(raw(vector["proposal"]), read_proposal)
    if isinstance(proposal, Add):
        tree.add_leaf(proposal.key_package.leaf)
    elif isinstance(proposal, Update):
        tree.update_leaf(vector["proposal_sender"], proposal.leaf)
    else:
        assert isinstance(proposal, Remove)
        tree.remove_leaf(proposal.leaf_index)
    assert tree.encoded() == raw(vector["tree_after"])
    assert tree_hash(tree) == raw(vector["tree_hash_after"])
