"""Labelled hashes, derivations, signatures and encryption (crypto-basics.json)."""

from __future__ import annotations

from tests.vectors.reading import Vector, raw, signature_private, suite_of


def check(vector: Vector) -> None:
    _check_derivations(vector)
    _check_signatures(vector)
    _check_encryption(vector)


def _check_derivations(vector: Vector) -> None:
    suite = suite_of(vector)
    ref = vector["ref_hash"]
    assert suite.ref_hash(ref["label"].encode(), raw(ref["value"])) == raw(ref["out"])
    expand = vector["expand_with_label"]
    label, context = expand["label"].encode(), raw(expand["context"])
    expanded = suite.expand_with_label(raw(expand["secret"]), label, context, expand["length"])
    assert expanded == raw(expand["out"])
    derive = vector["derive_secret"]
    derived = suite.derive_secret(raw(derive["secret"]), derive["label"].encode())
    assert derived == raw(derive["out"])
    tree = vector["derive_tree_secret"]
    place = (tree["label"].encode(), tree["generation"], tree["length"])
    assert suite.derive_tree_secret(raw(tree["secret"]), *place) == raw(tree["out"])


def _check_signatures(vector: Vector) -> None:
    suite, case = suite_of(vector), vector["sign_with_label"]
    label, content, public = case["label"].encode(), raw(case["content"]), raw(case["pub"])
    assert suite.verifies(public, label, content, raw(case["signature"]))
    own = suite.sign_with_label(signature_private(vector, case["priv"]), label, content)
    assert suite.verifies(public, label, content, own)
    assert not suite.verifies(public, label, content + b"x", own)


def _check_encryption(vector: Vector) -> None:
    suite, case = suite_of(vector), vector["encrypt_with_label"]
    label, context = case["label"].encode(), raw(case["context"])
    private, plaintext = raw(case["priv"]), raw(case["plaintext"])
    sealed = raw(case["kem_output"]), raw(case["ciphertext"])
    assert suite.decrypt_with_label(private, label, context, sealed) == plaintext
    own = suite.encrypt_with_label(raw(case["pub"]), label, context, plaintext)
    assert suite.decrypt_with_label(private, label, context, own) == plaintext
