"""Others' implementations, and published vectors, agree with our log about every byte of it."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore._utils import KeyID

from enigm.crypto.tree_log import merkle, signed_note, tiles
from enigm.crypto.tree_log.signed_note import VerifierKey
from enigm.domains.audit import store
from enigm.domains.audit.actions.publishing import Publication, log_key
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import Act, Decision, Record, Role
from enigm.foundation.keyfile import Keys
from enigm.gateways.witness.cosigning import Witness, witness_keys
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

KEY = log_key(keys_of_tests())
SIZE = 600
pytestmark = pytest.mark.requirement("AUD-01")

# The roots that RFC 6962's authors publish for these eight leaves, in their own tests.
LEAVES = (
    ",00,10,2021,3031,40414243,5051525354555657,606162636465666768696a6b6c6d6e6f"
).split(",")  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# The doubly signed example of the signed-note format.
TEXT = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""
BY_PETER = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
BY_ENOCH = (
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ="
)
NOTE = f"{TEXT}\n\u2014 PeterNeumann {BY_PETER}\n\u2014 EnochRoot {BY_ENOCH}\n"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"


@pytest.fixture
def published(open_sqlcipher_database, tmp_path) -> Path:
    """Publish a log of three bundles, grown in steps and cosigned by a witness."""
    database = open_sqlcipher_database("audit", store.metadata)
    log = AuditLog(database, keys_of_tests(), FakeClock(), FakeEntropy())
    publication = Publication(tmp_path / "published", log, KEY)
    witness = Witness(witness_keys(Keys(bytes(32))), [KEY.verifier], tmp_path / "w", FakeClock())

    def cosign(note, old_size, read, size):
        proof = merkle.consistency_proof(read, old_size, size) if old_size else []
        lines = [f"old {old_size}", *(base64.b64encode(step).decode() for step in proof)]
        answer = witness.add_checkpoint(("\n".join(lines) + f"\n\n{note}").encode())
        assert answer.status == 200, answer
        return signed_note.parse(str(note).encode() + answer.content)

    for count in (1, 255, SIZE - 256):
        log.record(*[Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED)] * count)
        publication.publish([cosign])
    return tmp_path / "published"


def entries_in(folder: Path) -> list[bytes]:
    """Read the entries as the C2SP text says, with nothing of ours."""
    paths = ["000", "001", f"002.p/{SIZE - 512}"]
    found: list[bytes] = []
    for path in paths:
        bundle = (folder / "tile" / "entries" / path).read_bytes()
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            found.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
    return found


def test_pymerkle_finds_our_roots_and_our_proofs(published: Path) -> None:
    entries = entries_in(published)
    tree = InmemoryTree(algorithm="sha256")
    tree.append_entries(entries)
    read = tiles.node_reader(lambda path: (published / path).read_bytes(), SIZE)
    for size in (1, 2, 3, 255, 256, 257, 512, 599, SIZE):
        assert merkle.root(read, size) == tree.get_root(size)
        theirs = tree.prove_inclusion(size, SIZE)
        ours = merkle.inclusion_proof(read, size - 1, SIZE)
        assert ours == theirs.path[1:]
        merkle.verify_inclusion(
            merkle.leaf_hash(entries[size - 1]), size - 1, SIZE, theirs.path[1:], tree.get_root()
        )
        grown = tree.prove_consistency(size, SIZE)
        grown.verify(merkle.root(read, size), merkle.root(read, SIZE))


def test_sigstore_reads_our_checkpoint_and_accepts_every_proof(published: Path) -> None:
    signed = SignedCheckpoint.from_text((published / "checkpoint").read_text())
    assert (signed.checkpoint.origin, signed.checkpoint.log_size) == (KEY.name, SIZE)
    assert len(signed.signed_note.signatures) == 3, "the log's, and two of the witness"

    def verify(*, key_id: bytes, signature: bytes, data: bytes) -> None:
        del key_id
        Ed25519PublicKey.from_public_bytes(KEY.verifier.public).verify(signature, data)

    keyring: Any = SimpleNamespace(verify=verify)
    signed.signed_note.verify(keyring, KeyID(KEY.verifier.key_id + bytes(28)))
    read = tiles.node_reader(lambda path: (published / path).read_bytes(), SIZE)
    for number, entry in enumerate(entries_in(published)):
        proof = SimpleNamespace(
            log_index=number,
            tree_size=SIZE,
            hashes=merkle.inclusion_proof(read, number, SIZE),
            root_hash=bytes.fromhex(signed.checkpoint.log_hash),
        )
        inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=entry)
        theirs: Any = SimpleNamespace(_inner=inner)
        verify_merkle_inclusion(theirs)


def test_the_published_roots_of_eight_leaves_are_ours() -> None:
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]

    def read(level: int, index: int) -> bytes:
        first = index << level
        return tiles.subtree_root(b"".join(hashes[first : first + (1 << level)]))

    assert [merkle.root(read, size).hex() for size in range(1, 9)] == ROOTS


@pytest.mark.parametrize("key", [PETER, ENOCH])
def test_the_published_note_verifies_and_no_changed_one_does(key: str) -> None:
    verifier = VerifierKey.parse(key)
    assert str(verifier) == key
    note = signed_note.parse(NOTE.encode())
    assert str(note) == NOTE
    signed_note.verify_ed25519(note, verifier)
    changed = signed_note.parse(NOTE.replace("know", "knew").encode())
    with pytest.raises(signed_note.NoteUnsignedError):
        signed_note.verify_ed25519(changed, verifier)
