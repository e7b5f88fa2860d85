"""Cosigns one tree per log and size, so that a log cannot show two people different pasts.

Speaks C2SP tlog-witness: ``POST /add-checkpoint`` with the size last cosigned, the proof that
the new tree continues it, and the signed checkpoint. Run it somewhere its log's operator
cannot reach: it keeps nothing but the last checkpoint of each log it was told to watch.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.signatures import Ed25519
from enigm.crypto.tree_log import merkle, signed_note
from enigm.crypto.tree_log.checkpoint import Checkpoint, read_body
from enigm.crypto.tree_log.cosignature import cosign_ed25519, cosign_mldsa44, mldsa44_key
from enigm.crypto.tree_log.errors import MalformedNoteError, NoteUnsignedError, ProofFailedError
from enigm.crypto.tree_log.signed_note import KeyKind, UnverifiedNote, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from enigm.foundation.clock import Clock
    from enigm.foundation.keyfile import Keys

# A proof has at most 63 hashes (C2SP tlog-witness); a checkpoint is a few hundred bytes.
PROOF_HASHES_MAX = 63
REQUEST_BYTES_MAX = 64 * 1024
OK, BAD_REQUEST, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 200, 400, 403, 404, 409, 422


@dataclass(frozen=True, slots=True)
class WitnessKeys:
    """A witness signs with both kinds, so that either may fall."""

    name: str
    ed25519_seed: bytes = field(repr=False)
    mldsa44_seed: bytes = field(repr=False)

    @property
    def verifiers(self) -> tuple[VerifierKey, VerifierKey]:
        """What outsiders need to check this witness's lines."""
        public = Ed25519.from_seed(self.ed25519_seed).public
        return (
            VerifierKey(self.name, KeyKind.ED25519_COSIGNATURE, public),
            mldsa44_key(self.name, self.mldsa44_seed),
        )


def witness_keys(keys: Keys) -> WitnessKeys:
    """Derive a witness's keys, and its name, from its own key file."""
    seed = keys.derive("witness", "ed25519")
    public = Ed25519.from_seed(seed).public
    name = f"enigm.witness/{public[:8].hex()}"
    return WitnessKeys(name, seed, keys.derive("witness", "ml-dsa-44"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says over HTTP."""

    status: int
    content: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Request:
    old_size: int
    proof: list[bytes]
    note: UnverifiedNote


class Witness:
    """One witness and the logs it watches. Safe to share between threads."""

    def __init__(
        self, keys: WitnessKeys, logs: Sequence[VerifierKey], folder: Path, clock: Clock
    ) -> None:
        """Keep the keys, and the folder in which the last checkpoints lie."""
        self._keys = keys
        self._logs = {key.name: key for key in logs}
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add_checkpoint(self, content: bytes) -> Answer:
        """Cosign a checkpoint that continues the last one of its log."""
        try:
            request = _parse(content)
            checkpoint = read_body(request.note)
        except MalformedNoteError as error:
            return Answer(BAD_REQUEST, error.detail.encode())
        key = self._logs.get(checkpoint.origin)
        if key is None:
            return Answer(NOT_FOUND, b"This witness does not watch that log.")
        try:
            signed_note.verify_ed25519(request.note, key)
        except NoteUnsignedError as error:
            return Answer(FORBIDDEN, error.detail.encode())
        if request.old_size > checkpoint.size:
            return Answer(BAD_REQUEST, b"The old size is larger than the checkpoint's.")
        with self._lock:
            return self._cosign(request, checkpoint)

    def _cosign(self, request: _Request, checkpoint: Checkpoint) -> Answer:
        last_size, last_root = self._last(checkpoint.origin)
        if request.old_size != last_size:
            return Answer(CONFLICT, f"{last_size}\n".encode(), "text/x.tlog.size")
        same_size = checkpoint.size == last_size
        if same_size and last_size and not kdf.equal(checkpoint.root, last_root):
            return Answer(CONFLICT, f"{last_size}\n".encode(), "text/x.tlog.size")
        try:
            _verify_growth(request.proof, last_size, last_root, checkpoint)
        except ProofFailedError as error:
            return Answer(UNPROCESSABLE, error.detail.encode())
        # Remembered before it is signed: a witness that forgets could sign a fork.
        self._remember(checkpoint)
        now = self._clock.now_seconds()
        ed25519, mldsa44 = self._keys.verifiers
        lines = (
            cosign_ed25519(self._keys.ed25519_seed, ed25519, request.note, now),
            cosign_mldsa44(self._keys.mldsa44_seed, mldsa44, request.note, now),
        )
        return Answer(OK, "".join(str(line) for line in lines).encode())

    def _last(self, origin: str) -> tuple[int, bytes]:
        path = self._path(origin)
        if not path.exists():
            return 0, merkle.EMPTY_ROOT
        kept = json.loads(path.read_text())
        return int(kept["size"]), bytes.fromhex(kept["root"])

    def _remember(self, checkpoint: Checkpoint) -> None:
        path = self._path(checkpoint.origin)
        draft = path.with_suffix(".new")
        with draft.open("w") as file:
            json.dump({"size": checkpoint.size, "root": checkpoint.root.hex()}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{merkle.leaf_hash(origin.encode()).hex()}.json"


def _verify_growth(
    proof: list[bytes], last_size: int, last_root: bytes, checkpoint: Checkpoint
) -> None:
    if last_size == 0:
        if proof:
            raise ProofFailedError("A first checkpoint needs no proof.")
        return
    merkle.verify_consistency(last_size, checkpoint.size, proof, last_root, checkpoint.root)


def _parse(content: bytes) -> _Request:
    if len(content) > REQUEST_BYTES_MAX:
        raise MalformedNoteError("The request is too long.")
    head, blank, note = content.partition(b"\n\n")
    lines = head.split(b"\n")
    size = lines[0].removeprefix(b"old ")
    if not blank or not lines[0].startswith(b"old ") or not size.isdigit() or len(size) > 20:  # noqa: PLR2004 - digits of 2^64
        raise MalformedNoteError("A request is an old size, a proof, an empty line and a note.")
    if len(lines) - 1 > PROOF_HASHES_MAX:
        raise MalformedNoteError("The proof is too long.")
    return _Request(int(size), [_hash(line) for line in lines[1:]], signed_note.parse(note))


def _hash(line: bytes) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except (ValueError, binascii.Error) as error:
        raise MalformedNoteError("A proof is lines of base64.") from error
    if len(value) != merkle.HASH_BYTES:
        raise MalformedNoteError("A hash is 32 bytes.")
    return value
