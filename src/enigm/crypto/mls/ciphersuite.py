"""Cipher suites and the labelled operations built on them (RFC 9420 §5.1, §5.2, §8)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from enigm.crypto import kdf
from enigm.crypto.errors import DecryptionFailedError, InvalidKeyError, SignatureInvalidError
from enigm.crypto.hpke import AeadId, Hpke, KdfId, KemId
from enigm.crypto.mls.codec import length_header, opaque, u16, u32
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.signatures import EcdsaP256, Ed25519

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from enigm.crypto.hpke import KeyPair
    from enigm.crypto.signatures import Signer, SigningKey
    from enigm.foundation.entropy import Entropy

LabelSigner: TypeAlias = "Callable[[bytes, bytes], bytes]"

VERSION_MLS10 = 1
LABEL_PREFIX = b"MLS 1.0 "
NONCE_LENGTH = 12
"""Every AEAD of the suites here has 96-bit nonces."""


# Hashing this much costs more than what the library's one-call HPKE saves. A Welcome with a
# large tree in it would else be hashed whole for every new member.
SHARED_CONTEXT_MIN = 32 * 1024
X25519_LENGTH = 32
_ENDS_IN_X25519 = frozenset({KemId.X25519, KemId.XWING})
# The points of small order (RFC 7748 §6.1, §7). Nobody can seal to such a key, so a member that
# slipped one into the tree would stop everyone else's commits.
_LOW_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


def _is_low_order(point: bytes) -> bool:
    """Tell whether an X25519 public key has small order; its highest bit does not count."""
    return point[:-1] + bytes((point[-1] & 0x7F,)) in _LOW_ORDER


class SignatureScheme(Protocol):
    """What a suite asks of its signatures."""

    def generate(self, entropy: Entropy) -> SigningKey:
        """Make a fresh key."""
        ...

    def sign(self, private: bytes, message: bytes) -> bytes:
        """Sign a message."""
        ...

    def signer(self, private: bytes) -> Signer:
        """Load a key once for many signatures."""
        ...

    def verify(self, public: bytes, message: bytes, signature: bytes) -> None:
        """Raise SignatureInvalidError or InvalidKeyError unless the signature holds."""
        ...


@dataclass(frozen=True)
class Suite:
    """One cipher suite under the number by which messages name it.

    Args:
        number: the code point on the wire.
        hpke: its HPKE suite; DeriveKeyPair is the KEM's.
        hash_name: for hashes, HMAC and HKDF.
        key_length: of the AEAD, in bytes.
        signatures: its signature scheme.
    """

    number: int
    hpke: Hpke
    hash_name: kdf.HashName
    key_length: int
    signatures: SignatureScheme = field(repr=False, default_factory=Ed25519)

    def renumbered(self, number: int) -> Suite:
        """Return the same suite under another engine's code point."""
        return replace(self, number=number)

    @property
    def hash_length(self) -> int:
        """Nh: the length in bytes of hashes and secrets."""
        return kdf.HASH_LENGTHS[self.hash_name]

    def hash(self, content: bytes) -> bytes:
        """Hash bytes."""
        return hashlib.new(self.hash_name, content).digest()

    def mac(self, key: bytes, content: bytes) -> bytes:
        """Authenticate bytes."""
        return kdf.mac(self.hash_name, key, content)

    def extract(self, salt: bytes, secret: bytes) -> bytes:
        """KDF.Extract."""
        return kdf.extract(self.hash_name, salt, secret)

    def expand_with_label(self, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
        """ExpandWithLabel (§8)."""
        info = _kdf_label(label, length) + opaque(context)
        return kdf.expand(self.hash_name, secret, info, length)

    def derive_secret(self, secret: bytes, label: bytes) -> bytes:
        """DeriveSecret (§8)."""
        return self.expand_with_label(secret, label, b"", self.hash_length)

    def derive_tree_secret(
        self, secret: bytes, label: bytes, generation: int, length: int
    ) -> bytes:
        """DeriveTreeSecret (§9)."""
        return self.expand_with_label(secret, label, u32(generation), length)

    def ref_hash(self, label: bytes, value: bytes) -> bytes:
        """RefHash (§5.2)."""
        return self.hash(opaque(label) + opaque(value))

    def sign_with_label(self, private: bytes, label: bytes, content: bytes) -> bytes:
        """SignWithLabel (§5.1.2)."""
        return self.signer(private)(label, content)

    def signer(self, private: bytes) -> LabelSigner:
        """Return SignWithLabel under a key that is loaded once: (label, content) to signature."""
        sign = self.signatures.signer(private)
        return lambda label, content: sign(_labelled(label, content))

    def verifies(self, public: bytes, label: bytes, content: bytes, signature: bytes) -> bool:
        """VerifyWithLabel (§5.1.2); a malformed key fails like a wrong signature."""
        signed = _labelled(label, content)
        try:
            self.signatures.verify(public, signed, signature)
        except (SignatureInvalidError, InvalidKeyError):
            return False
        return True

    def encrypt_with_label(
        self, public: bytes, label: bytes, context: bytes, plaintext: bytes
    ) -> tuple[bytes, bytes]:
        """EncryptWithLabel (§5.1.3): return (kem_output, ciphertext)."""
        info = opaque(LABEL_PREFIX + label) + opaque(context)
        try:
            return self.hpke.seal(public, info, b"", plaintext)
        except InvalidKeyError as error:
            raise refusal(Rule.HPKE_KEY) from error

    def encrypt_to_each(
        self, recipients: Iterable[tuple[bytes, bytes]], label: bytes, context: bytes
    ) -> list[tuple[bytes, bytes]]:
        """EncryptWithLabel for many (public key, plaintext) under one context."""
        if len(context) < SHARED_CONTEXT_MIN:
            return [
                self.encrypt_with_label(public, label, context, plaintext)
                for public, plaintext in recipients
            ]
        sealer = self.hpke.sealer(opaque(LABEL_PREFIX + label) + opaque(context))
        try:
            return [sealer.seal(public, plaintext) for public, plaintext in recipients]
        except InvalidKeyError as error:
            raise refusal(Rule.HPKE_KEY) from error

    def decrypt_with_label(
        self, private: bytes, label: bytes, context: bytes, sealed: tuple[bytes, bytes]
    ) -> bytes:
        """DecryptWithLabel (§5.1.3) of (kem_output, ciphertext)."""
        info = opaque(LABEL_PREFIX + label) + opaque(context)
        try:
            return self.hpke.open(private, sealed[0], info, b"", sealed[1])
        except (DecryptionFailedError, InvalidKeyError) as error:
            raise refusal(Rule.HPKE_OPEN) from error

    def derive_key_pair(self, secret: bytes) -> KeyPair:
        """KEM.DeriveKeyPair."""
        return self.hpke.derive_key_pair(secret)

    def check_public_key(self, public: bytes) -> None:
        """Refuse bytes that are no public key of the suite's KEM."""
        try:
            self.hpke.check_public_key(public)
        except InvalidKeyError as error:
            raise refusal(Rule.HPKE_KEY) from error
        if self.hpke.kem_id in _ENDS_IN_X25519 and _is_low_order(public[-X25519_LENGTH:]):
            raise refusal(Rule.HPKE_KEY)

    def _cipher(self, key: bytes) -> AESGCM | ChaCha20Poly1305:
        if self.hpke.aead_id == AeadId.CHACHA20_POLY1305:
            return ChaCha20Poly1305(key)
        return AESGCM(key)

    def seal(self, key: bytes, nonce: bytes, authenticated: bytes, plaintext: bytes) -> bytes:
        """AEAD.Seal."""
        return self._cipher(key).encrypt(nonce, plaintext, authenticated)

    def open(self, key: bytes, nonce: bytes, authenticated: bytes, sealed: bytes) -> bytes | None:
        """AEAD.Open; None if it fails, so that each caller names its own reason."""
        try:
            return self._cipher(key).decrypt(nonce, sealed, authenticated)
        except (InvalidTag, ValueError):
            return None


def _labelled(label: bytes, content: bytes) -> bytes:
    """Return SignContent (§5.1.2); the content, which may be large, is copied once."""
    return b"".join((opaque(LABEL_PREFIX + label), length_header(len(content)), content))


@lru_cache(maxsize=256)
def _kdf_label(label: bytes, length: int) -> bytes:
    """Return the part of a KDFLabel (§8) before its context."""
    return u16(length) + opaque(LABEL_PREFIX + label)


AES128 = Suite(
    0x0001, Hpke(KemId.X25519, KdfId.HKDF_SHA256, AeadId.AES_128_GCM), "sha256", 16, Ed25519()
)
P256 = Suite(
    0x0002, Hpke(KemId.P256, KdfId.HKDF_SHA256, AeadId.AES_128_GCM), "sha256", 16, EcdsaP256()
)
CHACHA = Suite(
    0x0003, Hpke(KemId.X25519, KdfId.HKDF_SHA256, AeadId.CHACHA20_POLY1305), "sha256", 32, Ed25519()
)
# Our own private code point: engines number X-Wing suites differently, so the suite is fixed
# here in full: X-Wing (KEM 0x647a, DeriveKeyPair = SHAKE256(ikm, 32) as the seed),
# HKDF-SHA512, AES-256-GCM, SHA-512, Ed25519.
HYBRID = Suite(
    0xF153, Hpke(KemId.XWING, KdfId.HKDF_SHA512, AeadId.AES_256_GCM), "sha512", 32, Ed25519()
)


class SuiteTable:
    """The suites a client supports, by number."""

    def __init__(self, suites: Iterable[Suite]) -> None:
        """Hold these suites; the first is the preferred one."""
        self._suites = {suite.number: suite for suite in suites}

    @staticmethod
    def standard() -> SuiteTable:
        """Return Enigm's suites, the hybrid first."""
        return SuiteTable((HYBRID, AES128, CHACHA, P256))

    def register(self, suite: Suite) -> None:
        """Support one more suite."""
        self._suites[suite.number] = suite

    @property
    def numbers(self) -> tuple[int, ...]:
        """All code points, the preferred first."""
        return tuple(self._suites)

    def find(self, number: int) -> Suite:
        """Return a suite by its number, or refuse an unknown one."""
        suite = self._suites.get(number)
        if suite is None:
            raise refusal(Rule.SUITE_UNKNOWN)
        return suite
