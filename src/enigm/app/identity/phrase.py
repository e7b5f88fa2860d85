"""The recovery phrase: 24 words that are the account, and the keys that they become."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from mnemonic import Mnemonic

from enigm.app.errors import InvalidPhraseError, LyingServiceError
from enigm.crypto import kdf
from enigm.crypto.signatures import Hybrid
from enigm.wire.account_recovery import BACKUP_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.crypto.signatures import SigningKey
    from enigm.foundation.entropy import Entropy

ENTROPY_BYTES = 32
WORDS = 24
# Four of 24 words prove that the phrase was written down, without making a test of it.
WORDS_ASKED = 4

_NONCE_BYTES = 12
_BACKUP_PLAIN_BYTES = 256
# The largest multiple of 24 in a byte: drawing again above it keeps all positions equal.
_FAIR_DRAWS = 256 // WORDS * WORDS
_LANGUAGE = Mnemonic("english")


class Backup(msgspec.Struct, frozen=True):
    """What the phrase brings back besides the keys."""

    username: str


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """The words and the 32 bytes that they spell. Never leaves this process but to the screen."""

    words: tuple[str, ...] = field(repr=False)
    entropy: bytes = field(repr=False)


def fresh_phrase(entropy: Entropy) -> Phrase:
    """Draw a new phrase."""
    return phrase_of(entropy.random_bytes(ENTROPY_BYTES))


def phrase_of(octets: bytes) -> Phrase:
    """Return the phrase that spells these 32 bytes."""
    return Phrase(tuple(_LANGUAGE.to_mnemonic(octets).split(" ")), octets)


def read_phrase(words: Sequence[str]) -> Phrase:
    """Read what a person typed; raises InvalidPhraseError for a wrong word or checksum."""
    cleaned = tuple(part for word in words for part in word.strip().casefold().split())
    if len(cleaned) != WORDS:
        raise InvalidPhraseError
    try:
        octets = bytes(_LANGUAGE.to_entropy(list(cleaned)))
    except (ValueError, LookupError):
        # Not chained: the library's message repeats a word of the phrase.
        raise InvalidPhraseError from None
    return Phrase(cleaned, octets)


def root_key(phrase: Phrase) -> SigningKey:
    """Return the account's root key; only certifying a device by the phrase needs it."""
    return Hybrid.from_seed(_derived(phrase, b"enigm root v1"))


def positions_to_ask(entropy: Entropy) -> tuple[int, ...]:
    """Choose which words, counted from 1, the user types back."""
    chosen: set[int] = set()
    while len(chosen) < WORDS_ASKED:
        draw = entropy.random_bytes(1)[0]
        if draw < _FAIR_DRAWS:
            chosen.add(draw % WORDS + 1)
    return tuple(sorted(chosen))


def seal_backup(phrase: Phrase, backup: Backup, entropy: Entropy) -> bytes:
    """Close what recovery needs, always to the same length."""
    nonce = entropy.random_bytes(_NONCE_BYTES)
    body = msgspec.json.encode(backup)
    plain = (len(body).to_bytes(2, "big") + body).ljust(_BACKUP_PLAIN_BYTES, b"\x00")
    return nonce + AESGCM(_derived(phrase, b"enigm backup v1")).encrypt(nonce, plain, None)


def open_backup(phrase: Phrase, sealed: bytes) -> Backup:
    """Open it again; raises InvalidPhraseError when this phrase did not close it.

    The service answers a phrase that it does not know with a fake of the same size.
    """
    if len(sealed) != BACKUP_BYTES:
        raise LyingServiceError("The account's backup has another size.")
    key = AESGCM(_derived(phrase, b"enigm backup v1"))
    try:
        plain = key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag as error:
        raise InvalidPhraseError from error
    length = int.from_bytes(plain[:2], "big")
    try:
        return msgspec.json.decode(plain[2 : 2 + length], type=Backup)
    except msgspec.MsgspecError as error:
        raise LyingServiceError("The account's backup does not parse.") from error


def _derived(phrase: Phrase, purpose: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) with an empty salt and the purpose as info."""
    return kdf.expand("sha256", kdf.extract("sha256", b"", phrase.entropy), purpose, 32)
