"""Message keys of each leaf, and sender data keys (secret-tree.json)."""

from __future__ import annotations

from enigm.crypto.mls.message_protection import sender_data_key
from enigm.crypto.mls.secret_tree import RatchetKind, SecretTree
from tests.vectors.reading import Vector, raw, suite_of

KINDS = {"application": RatchetKind.APPLICATION, "handshake": RatchetKind.HANDSHAKE}


def check(vector: Vector) -> None:
    suite, case = suite_of(vector), vector["sender_data"]
    key = sender_data_key(suite, raw(case["sender_data_secret"]), raw(case["ciphertext"]))
    assert (key.key, key.nonce) == (raw(case["key"]), raw(case["nonce"]))
    leaves = vector["leaves"]
    tree = SecretTree.of(suite, len(leaves), raw(vector["encryption_secret"]))
    for leaf, generations in enumerate(leaves):
        for generation in generations:
            for name, kind in KINDS.items():
                staged = tree.stage(leaf, kind, generation["generation"])
                tree.consume(staged)
                assert staged.key.key == raw(generation[f"{name}_key"])
                assert staged.key.nonce == raw(generation[f"{name}_nonce"])
