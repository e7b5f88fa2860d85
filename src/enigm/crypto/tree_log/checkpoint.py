"""The note that names a tree: where it is from, how many leaves, which root (C2SP)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from enigm.crypto.tree_log import signed_note
from enigm.crypto.tree_log.errors import MalformedNoteError
from enigm.crypto.tree_log.merkle import HASH_BYTES
from enigm.crypto.tree_log.signed_note import UnverifiedNote, VerifierKey

SIZE_MAX = 1 << 62
_LINES_MIN = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree's name. Whoever holds one should have checked the note it came in."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def read_body(note: UnverifiedNote) -> Checkpoint:
    """Read the tree that a note names, whoever signed it; raises MalformedNoteError."""
    lines = note.body.split("\n")
    if len(lines) < _LINES_MIN + 1:
        raise MalformedNoteError("A checkpoint is an origin, a size and a root.")
    origin, size, encoded = lines[:_LINES_MIN]
    if not origin or not size.isascii() or not size.isdigit() or size != str(int(size)):
        raise MalformedNoteError("A checkpoint's size is a plain number.")
    try:
        root = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise MalformedNoteError("A checkpoint's root is base64.") from error
    if len(root) != HASH_BYTES or int(size) > SIZE_MAX:
        raise MalformedNoteError("A checkpoint's root has 32 bytes, its size at most 2^62.")
    return Checkpoint(origin, int(size), root)


def open_checkpoint(content: bytes, key: VerifierKey) -> Checkpoint:
    """Return the tree that the log's own key vouches for.

    Raises MalformedNoteError, NoteUnsignedError.
    """
    note = signed_note.parse(content)
    signed_note.verify_ed25519(note, key)
    return read_body(note)


def sign_checkpoint(
    checkpoint: Checkpoint, name: str, private: bytes, public: bytes
) -> UnverifiedNote:
    """Write a checkpoint and vouch for it with the log's key."""
    line = signed_note.sign_ed25519(name, private, public, checkpoint.body)
    return UnverifiedNote(checkpoint.body, (line,))
