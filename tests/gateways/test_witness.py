"""A witness signs one past per log, whatever it is shown, and remembers it over restarts."""

from __future__ import annotations

import base64

import pytest

from enigm.crypto.signatures import Ed25519
from enigm.crypto.tree_log import merkle, signed_note
from enigm.crypto.tree_log.checkpoint import Checkpoint, sign_checkpoint
from enigm.crypto.tree_log.cosignature import verify_cosignature
from enigm.crypto.tree_log.errors import NoteUnsignedError
from enigm.crypto.tree_log.signed_note import KeyKind, VerifierKey
from enigm.foundation.keyfile import Keys
from enigm.gateways.witness.cosigning import Witness, witness_keys
from tests.support.clock import FakeClock

LOG = Ed25519.from_seed(b"l" * 32)
ORIGIN = "example.test/log"
LOG_KEY = VerifierKey(ORIGIN, KeyKind.ED25519, LOG.public)
KEYS = witness_keys(Keys(b"w" * 32))


class Log:
    """A log that can also lie."""

    def __init__(self, *entries: str) -> None:
        self.leaves = [merkle.leaf_hash(entry.encode()) for entry in entries]

    def read(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.leaves[index]
        return merkle.node_hash(
            self.read(level - 1, index * 2), self.read(level - 1, index * 2 + 1)
        )

    def note(self, size: int, signer=LOG, origin: str = ORIGIN) -> str:
        checkpoint = Checkpoint(origin, size, merkle.root(self.read, size))
        return str(sign_checkpoint(checkpoint, origin, signer.private, signer.public))

    def request(self, old_size: int, size: int, note: str | None = None) -> bytes:
        proof = merkle.consistency_proof(self.read, old_size, size) if 0 < old_size < size else []
        lines = [f"old {old_size}", *(base64.b64encode(step).decode() for step in proof)]
        return ("\n".join(lines) + "\n\n" + (note or self.note(size))).encode()


@pytest.fixture
def witness(tmp_path) -> Witness:
    return Witness(KEYS, [LOG_KEY], tmp_path, FakeClock())


@pytest.mark.requirement("AUD-01")
def test_a_growing_log_is_cosigned_with_both_kinds_of_key(witness) -> None:
    log = Log(*"abcdefgh")
    for old_size, size in [(0, 3), (3, 3), (3, 8)]:
        answer = witness.add_checkpoint(log.request(old_size, size))
        assert answer.status == 200
        note = signed_note.parse(log.note(size).encode() + answer.content)
        for key in KEYS.verifiers:
            assert verify_cosignature(note, key) == FakeClock().now_seconds()


@pytest.mark.requirement("AUD-01")
def test_a_fork_a_rollback_and_a_jump_are_refused_also_after_a_restart(tmp_path) -> None:
    log, fork = Log(*"abcdef"), Log(*"abXdef")
    first = Witness(KEYS, [LOG_KEY], tmp_path, FakeClock())
    assert first.add_checkpoint(log.request(0, 4)).status == 200
    witness = Witness(KEYS, [LOG_KEY], tmp_path, FakeClock())
    assert witness.add_checkpoint(fork.request(4, 4)).status == 409
    assert witness.add_checkpoint(fork.request(4, 6)).status == 422
    assert witness.add_checkpoint(log.request(4, 3, log.note(3))).status == 400
    assert witness.add_checkpoint(log.request(0, 6)).content == b"4\n"
    assert witness.add_checkpoint(log.request(2, 6)).status == 409
    assert witness.add_checkpoint(log.request(4, 6)).status == 200


def test_strangers_and_forgers_are_refused(witness) -> None:
    log = Log(*"abc")
    stranger = log.request(0, 3, log.note(3, origin="other.test/log"))
    assert witness.add_checkpoint(stranger).status == 404
    forged = log.request(0, 3, log.note(3, signer=Ed25519.from_seed(b"f" * 32)))
    assert witness.add_checkpoint(forged).status == 403
    assert witness.add_checkpoint(log.request(0, 3) + b"x" * 70_000).status == 400


@pytest.mark.parametrize(
    "content",
    [b"", b"old\n\n", b"old -1\n\nx", b"old 1\n!!\n\nx", b"old 1\nAAAA\n\n", b"\xff" * 100],
)
def test_malformed_requests_are_refused(witness, content: bytes) -> None:
    assert witness.add_checkpoint(content).status == 400


def test_a_cosignature_vouches_for_one_tree_only(witness) -> None:
    log = Log(*"abc")
    answer = witness.add_checkpoint(log.request(0, 2))
    moved = signed_note.parse(log.note(3).encode() + answer.content)
    for key in KEYS.verifiers:
        with pytest.raises(NoteUnsignedError):
            verify_cosignature(moved, key)


def test_the_seeds_of_a_witness_stand_in_no_repr() -> None:
    for seed in (KEYS.ed25519_seed, KEYS.mldsa44_seed):
        assert repr(seed) not in repr(KEYS)
