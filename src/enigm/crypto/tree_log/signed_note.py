"""Text that several keys can vouch for (C2SP signed-note): a body, a blank line, signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from enigm.crypto.errors import InvalidKeyError, SignatureInvalidError
from enigm.crypto.signatures import Ed25519
from enigm.crypto.tree_log.errors import MalformedNoteError, NoteUnsignedError

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_ID_BYTES = 4
NOTE_BYTES_MAX = 1_000_000  # a note is a page of text; the rest is somebody's mischief
SIGNATURES_MAX = 100  # C2SP signed-note asks readers for a bound; a log has a dozen witnesses
_SIGNATURE_PREFIX = "— "


class KeyKind(IntEnum):
    """Registered signature types (C2SP signed-note)."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    MLDSA44_COSIGNATURE = 0x06


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who vouches: a name and a public key, written ``name+key id+base64(kind || key)``."""

    name: str
    kind: KeyKind
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that find a signature line; they prove nothing."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        """Write the key as configuration files carry it."""
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read ``str(key)`` back; raises MalformedNoteError."""
        try:
            name, written_id, encoded = text.split("+", 2)
            content = base64.b64decode(encoded, validate=True)
            key = cls(name, KeyKind(content[0]), content[1:])
        except (ValueError, IndexError, binascii.Error) as error:
            raise MalformedNoteError("A verifier key is name+id+base64.") from error
        if not is_name(name) or key.key_id.hex() != written_id:
            raise MalformedNoteError("The verifier key's id does not fit its name and key.")
        return key


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line under a note: a name, and bytes that begin with the key id."""

    name: str
    content: bytes

    def __str__(self) -> str:
        """Write the line as it stands in the note."""
        return f"{_SIGNATURE_PREFIX}{self.name} {base64.b64encode(self.content).decode()}\n"


@dataclass(frozen=True, slots=True)
class UnverifiedNote:
    """A body, ending in a line feed, and signatures nobody has looked at yet."""

    body: str
    signatures: tuple[SignatureLine, ...]

    def __str__(self) -> str:
        """Write the note as it travels."""
        return self.body + "\n" + "".join(str(line) for line in self.signatures)

    def with_signatures(self, lines: Sequence[SignatureLine]) -> UnverifiedNote:
        """Return the same note with more signatures under it."""
        return UnverifiedNote(self.body, (*self.signatures, *lines))

    def lines_of(self, key: VerifierKey) -> list[bytes]:
        """Return what the lines of this name and key id hold, without the key id."""
        found = [line for line in self.signatures if line.name == key.name]
        return [
            line.content[KEY_ID_BYTES:]
            for line in found
            if line.content[:KEY_ID_BYTES] == key.key_id
        ]


def key_id(name: str, kind: KeyKind, public: bytes) -> bytes:
    """Return the first four bytes of SHA-256(name, line feed, kind, key)."""
    return hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


def is_name(name: str) -> bool:
    """Return whether a key may bear this name: not empty, no space, no plus sign."""
    return bool(name) and "+" not in name and not any(letter.isspace() for letter in name)


def parse(content: bytes) -> UnverifiedNote:
    """Read a note; raises MalformedNoteError."""
    if len(content) > NOTE_BYTES_MAX:
        raise MalformedNoteError("The note is too long.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise MalformedNoteError("A note is UTF-8 text.") from error
    if any(ord(letter) < ord(" ") and letter != "\n" for letter in text):
        raise MalformedNoteError("A note has no control characters but line feeds.")
    body, blank, signatures = text.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise MalformedNoteError("A note is a body, an empty line and signature lines.")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise MalformedNoteError("The note has too many signatures.")
    return UnverifiedNote(body + "\n", tuple(_parse_line(line) for line in lines))


def sign_ed25519(name: str, private: bytes, public: bytes, body: str) -> SignatureLine:
    """Vouch for a body as its author (kind 1)."""
    identifier = key_id(name, KeyKind.ED25519, public)
    return SignatureLine(name, identifier + Ed25519.sign(private, body.encode()))


def verify_ed25519(note: UnverifiedNote, key: VerifierKey) -> None:
    """Return if the author's key signed the body; raises NoteUnsignedError."""
    signatures = note.lines_of(key)
    if key.kind is not KeyKind.ED25519 or not signatures:
        raise NoteUnsignedError
    for signature in signatures:
        try:
            Ed25519.verify(key.public, note.body.encode(), signature)
        except (SignatureInvalidError, InvalidKeyError) as error:
            raise NoteUnsignedError("The author's signature does not verify.") from error


def _parse_line(line: str) -> SignatureLine:
    name, space, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    if not line.startswith(_SIGNATURE_PREFIX) or not space or not is_name(name):
        raise MalformedNoteError("A signature line is a dash, a name and base64.")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise MalformedNoteError("A signature is base64.") from error
    if len(content) <= KEY_ID_BYTES:
        raise MalformedNoteError("A signature begins with four bytes of key id.")
    return SignatureLine(name, content)
