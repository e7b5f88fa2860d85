"""What a witness adds to a checkpoint: I saw this tree, at this time, and no other (C2SP).

Ed25519 signs the text ``cosignature/v1``, ML-DSA-44 the binary ``subtree/v1``; each line
carries the key id, the time in eight bytes, and the signature.
"""

from __future__ import annotations

import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import mldsa

from enigm.crypto.errors import InvalidKeyError, SignatureInvalidError
from enigm.crypto.signatures import Ed25519
from enigm.crypto.tree_log.checkpoint import Checkpoint, read_body
from enigm.crypto.tree_log.errors import MalformedNoteError, NoteUnsignedError
from enigm.crypto.tree_log.signed_note import (
    KeyKind,
    SignatureLine,
    UnverifiedNote,
    VerifierKey,
)

TIME_BYTES = 8
_TEXT_MAX = 255  # one byte of length stands before the names in the signed structure


def cosign_ed25519(
    private: bytes, key: VerifierKey, note: UnverifiedNote, now_seconds: int
) -> SignatureLine:
    """Return the witness's line, Ed25519 (kind 4)."""
    signature = Ed25519.sign(private, _ed25519_message(note, now_seconds))
    return _line(key, now_seconds, signature)


def cosign_mldsa44(
    seed: bytes, key: VerifierKey, note: UnverifiedNote, now_seconds: int
) -> SignatureLine:
    """Return the witness's line, ML-DSA-44 (kind 6), from a 32-byte seed."""
    message = _mldsa44_message(key.name, read_body(note), now_seconds)
    signature = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed).sign(message)
    return _line(key, now_seconds, signature)


def mldsa44_key(name: str, seed: bytes) -> VerifierKey:
    """Return the public side of a witness's ML-DSA-44 seed."""
    public = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    return VerifierKey(name, KeyKind.MLDSA44_COSIGNATURE, public)


def verify_cosignature(note: UnverifiedNote, key: VerifierKey) -> int:
    """Return when this witness saw the tree, in Unix seconds; raises NoteUnsignedError."""
    for content in note.lines_of(key):
        if len(content) <= TIME_BYTES:
            raise NoteUnsignedError("A cosignature begins with eight bytes of time.")
        seen_at = int.from_bytes(content[:TIME_BYTES], "big")
        _verify(note, key, seen_at, content[TIME_BYTES:])
        return seen_at
    raise NoteUnsignedError("The witness did not cosign this checkpoint.")


def _verify(note: UnverifiedNote, key: VerifierKey, seen_at: int, signature: bytes) -> None:
    try:
        if key.kind is KeyKind.ED25519_COSIGNATURE:
            Ed25519.verify(key.public, _ed25519_message(note, seen_at), signature)
        elif key.kind is KeyKind.MLDSA44_COSIGNATURE:
            public = mldsa.MLDSA44PublicKey.from_public_bytes(key.public)
            public.verify(signature, _mldsa44_message(key.name, read_body(note), seen_at))
        else:
            raise NoteUnsignedError("The key is not a witness's.")
    except (InvalidSignature, SignatureInvalidError, InvalidKeyError, ValueError) as error:
        raise NoteUnsignedError("The witness's signature does not verify.") from error


def _line(key: VerifierKey, now_seconds: int, signature: bytes) -> SignatureLine:
    return SignatureLine(key.name, key.key_id + now_seconds.to_bytes(TIME_BYTES, "big") + signature)


def _ed25519_message(note: UnverifiedNote, seen_at: int) -> bytes:
    return f"cosignature/v1\ntime {seen_at}\n{note.body}".encode()


def _mldsa44_message(name: str, checkpoint: Checkpoint, seen_at: int) -> bytes:
    witness, origin = name.encode(), checkpoint.origin.encode()
    if len(witness) > _TEXT_MAX or len(origin) > _TEXT_MAX:
        raise MalformedNoteError("A witness's and a log's name have at most 255 bytes.")
    return b"".join(
        [
            b"subtree/v1\n\x00",
            bytes([len(witness)]) + witness,
            struct.pack(">Q", seen_at),
            bytes([len(origin)]) + origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        ]
    )
