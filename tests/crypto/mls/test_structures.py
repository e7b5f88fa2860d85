"""The parts beneath a group: the presentation language, trees, suites, and the halves' border."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enigm.crypto.mls import codec
from enigm.crypto.mls.ciphersuite import AES128, HYBRID, P256, Suite, SuiteTable
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.leaf_node import LeafNode
from enigm.crypto.mls.ratchet_tree import RatchetTree, UnverifiedTree
from enigm.crypto.mls.tree_hashes import tree_hash
from enigm.foundation.errors import Category
from tests.crypto.mls.party import Party, assert_agreement, meet, refused


@given(st.binary(max_size=20_000))
def test_a_vector_reads_back(content: bytes) -> None:
    assert codec.read_whole(codec.opaque(content), codec.Reader.opaque) == content


@given(st.lists(st.integers(0, 0xFFFF), max_size=200))
def test_a_list_of_numbers_reads_back(numbers: list[int]) -> None:
    encoded = codec.u16_vector(numbers)
    assert codec.read_whole(encoded, codec.Reader.u16_vector) == tuple(numbers)


@pytest.mark.parametrize("header", ["c0", "ff", "4000", "403f", "80000000", "80003fff"])
def test_a_length_has_one_form_only(header: str) -> None:
    with refused("mls.codec.length"):
        codec.Reader(bytes.fromhex(header)).length()


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_cut_vector_is_refused(content: bytes, data: st.DataObject) -> None:
    encoded = codec.opaque(content)
    cut = encoded[: data.draw(st.integers(0, len(encoded) - 1))]
    with refused("mls.codec.truncated"):
        codec.read_whole(cut, codec.Reader.opaque)
    with refused("mls.codec.trailing"):
        codec.read_whole(encoded + b"\x00", codec.Reader.opaque)


def test_codes_of_rules_are_distinct_and_namespaced() -> None:
    codes = [rule.code for rule in Rule]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("mls.") for code in codes)


def test_failed_proofs_are_unverifiable_and_broken_rules_are_invalid() -> None:
    assert refusal(Rule.MESSAGE_SIGNATURE).category is Category.UNVERIFIABLE
    assert refusal(Rule.LEAF_LIFETIME).category is Category.INVALID


def _leaves(count: int) -> list[LeafNode]:
    people = [Party(f"leaf {number}") for number in range(count)]
    return [person.bundle().package.leaf for person in people]


LEAVES = _leaves(24)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=40))
def test_the_cached_tree_hash_is_the_true_one_after_any_changes(moves: list[int]) -> None:
    tree = RatchetTree.of(AES128, [LEAVES[0]])
    waiting = LEAVES[1:]
    for move in moves:
        members = [index for index, _ in tree.members()]
        if move % 2 and waiting:
            tree.add_leaf(waiting.pop())
        elif len(members) > 1:
            index = members[move % len(members)]
            waiting.append(tree.member(index))
            tree.remove_leaf(index)
        fresh = RatchetTree.of(AES128, list(UnverifiedTree.decode(tree.encoded()).nodes))
        assert len(fresh.nodes) <= len(tree.nodes)
        assert tree_hash(fresh) == tree_hash(tree)
        assert fresh.signature_keys == tree.signature_keys
        assert fresh.encryption_keys == tree.encryption_keys


def test_a_copied_tree_changes_apart() -> None:
    tree = RatchetTree.of(AES128, [LEAVES[0]])
    before = tree_hash(tree)
    other = tree.copy()
    other.add_leaf(LEAVES[1])
    assert tree_hash(tree) == before != tree_hash(other)


def test_a_suite_can_stand_under_another_engines_number() -> None:
    table = SuiteTable.standard()
    table.register(HYBRID.renumbered(0x0053))
    assert table.find(0x0053).hpke == HYBRID.hpke
    assert_agreement(*meet("ann", "bob", suite=AES128.renumbered(0x0001)))


def test_a_suite_nobody_knows_is_refused() -> None:
    with refused("mls.suite.unknown"):
        SuiteTable.standard().find(0x0A0A)


@pytest.mark.parametrize("suite", [AES128, HYBRID], ids=["classic", "hybrid"])
@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 31])
def test_a_key_nobody_can_seal_to_is_refused(suite: Suite, point: bytes) -> None:
    pair = suite.derive_key_pair(b"any" * 11)
    suite.check_public_key(pair.public)
    with refused("mls.hpke.key"):
        suite.check_public_key(pair.public[:-32] + point)
    with refused("mls.hpke.key"):
        suite.encrypt_with_label(pair.public[:-32] + point, b"label", b"", b"secret")


@pytest.mark.parametrize("suite", [AES128, HYBRID, P256], ids=["classic", "hybrid", "p256"])
def test_a_sealed_secret_opens_under_its_label_and_context_only(suite: Suite) -> None:
    pair = suite.derive_key_pair(b"key" * 11)
    sealed = suite.encrypt_with_label(pair.public, b"label", b"context", b"secret")
    assert suite.decrypt_with_label(pair.private, b"label", b"context", sealed) == b"secret"
    for label, context in ((b"other", b"context"), (b"label", b"other")):
        with refused("mls.hpke.open"):
            suite.decrypt_with_label(pair.private, label, context, sealed)


def test_the_outsiders_half_loads_no_secrets() -> None:
    program = (
        "import sys, enigm.crypto.mls.public_group, enigm.crypto.mls.external_sender\n"
        "names = ('member', 'key_schedule', 'secret_tree', 'treekem', 'message_protection')\n"
        "loaded = [name for name in names if f'enigm.crypto.mls.{name}' in sys.modules]\n"
        "sys.exit(' '.join(loaded) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
