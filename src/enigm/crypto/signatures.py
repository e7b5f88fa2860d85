"""Signatures over raw keys: Ed25519, ECDSA P-256, ML-DSA-65, and both kinds joined (hybrid).

Verification raises; it never returns a boolean that a caller could forget to read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from nacl import bindings as sodium
from nacl.exceptions import BadSignatureError

from enigm.crypto import kdf
from enigm.crypto.errors import InvalidKeyError, SignatureInvalidError

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy

Signer: TypeAlias = Callable[[bytes], bytes]
"""Signs messages under a key that was loaded before."""

ED25519_KEY_BYTES = 32
ED25519_SIGNATURE_BYTES = 64
MLDSA65_PUBLIC_BYTES = 1952
MLDSA65_SIGNATURE_BYTES = 3309
HYBRID_PUBLIC_BYTES = ED25519_KEY_BYTES + MLDSA65_PUBLIC_BYTES
HYBRID_SIGNATURE_BYTES = ED25519_SIGNATURE_BYTES + MLDSA65_SIGNATURE_BYTES
SEED_BYTES = 32
CONTEXT_BYTES_MAX = 255  # its length is one byte, as in FIPS 204 §5.2

# A signature made for the hybrid must never pass as one half's own signature elsewhere.
HYBRID_PREFIX = b"Enigm hybrid signature 1\x00"
HYBRID_KEY_SALT = b"Enigm hybrid key 1"
P256_POINT_BYTES = 65
P256_PRIVATE_EXPECTED = "A P-256 private key is a scalar of 32 bytes."
P256_PUBLIC_EXPECTED = "A P-256 public key is an uncompressed point of 65 bytes."


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """A raw private key, which is never shown, and its public half."""

    private: bytes = field(repr=False)
    public: bytes = field(repr=False)


class Ed25519:
    """Ed25519 (RFC 8032) with 32-byte raw keys and 64-byte signatures.

    Done by libsodium: it takes half the time of OpenSSL, and refuses what OpenSSL accepts: keys
    and commitments of small order, under which one signature holds for many messages. Verifiers
    differ in such cases, so all of Enigm uses this one: members of a group must agree.
    """

    @staticmethod
    def generate(entropy: Entropy) -> SigningKey:
        """Make a fresh key."""
        return Ed25519.from_seed(entropy.random_bytes(SEED_BYTES))

    @staticmethod
    def from_seed(seed: bytes) -> SigningKey:
        """Return the same key for the same 32 bytes; the seed is the private key."""
        public, _ = _ed25519_pair(seed)
        return SigningKey(seed, public)

    @staticmethod
    def sign(private: bytes, message: bytes) -> bytes:
        """Sign; raises InvalidKeyError."""
        return Ed25519.signer(private)(message)

    @staticmethod
    def signer(private: bytes) -> Signer:
        """Load a key once for many signatures: loading costs nearly as much as signing."""
        _, expanded = _ed25519_pair(private)
        return lambda message: sodium.crypto_sign(message, expanded)[:ED25519_SIGNATURE_BYTES]

    @staticmethod
    def verify(public: bytes, message: bytes, signature: bytes) -> None:
        """Return if the signature holds; raises SignatureInvalidError, InvalidKeyError."""
        # The library measures neither: a short key would be read past its end, and the rest of a
        # long signature would be taken for the message's beginning.
        if len(public) != ED25519_KEY_BYTES:
            raise InvalidKeyError("An Ed25519 public key is 32 bytes.")
        if len(signature) != ED25519_SIGNATURE_BYTES:
            raise SignatureInvalidError
        try:
            sodium.crypto_sign_open(signature + message, public)
        except BadSignatureError as error:
            raise SignatureInvalidError from error


class EcdsaP256:
    """ECDSA over P-256 with SHA-256: 32-byte scalars, 65-byte points, DER signatures."""

    @staticmethod
    def generate(entropy: Entropy) -> SigningKey:
        """Make a fresh key; bytes outside the curve's range are drawn again."""
        while True:
            scalar = entropy.random_bytes(SEED_BYTES)
            try:
                point = _p256_private(scalar).public_key()
            except InvalidKeyError:
                continue
            return SigningKey(
                scalar,
                point.public_bytes(
                    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
                ),
            )

    @staticmethod
    def sign(private: bytes, message: bytes) -> bytes:
        """Sign; raises InvalidKeyError."""
        return _p256_private(private).sign(message, ec.ECDSA(hashes.SHA256()))

    @staticmethod
    def signer(private: bytes) -> Signer:
        """Load a key once for many signatures."""
        key, algorithm = _p256_private(private), ec.ECDSA(hashes.SHA256())
        return lambda message: key.sign(message, algorithm)

    @staticmethod
    def verify(public: bytes, message: bytes, signature: bytes) -> None:
        """Return if the signature holds; raises SignatureInvalidError, InvalidKeyError."""
        if len(public) != P256_POINT_BYTES:
            raise InvalidKeyError(P256_PUBLIC_EXPECTED)
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        except ValueError as error:
            raise InvalidKeyError(P256_PUBLIC_EXPECTED) from error
        try:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise SignatureInvalidError from error


class MlDsa65:
    """ML-DSA-65 (FIPS 204): 32-byte seeds, 1952-byte public keys, 3309-byte signatures."""

    @staticmethod
    def from_seed(seed: bytes) -> SigningKey:
        """Return the same key for the same 32 bytes; the seed is the private key."""
        return SigningKey(seed, _mldsa_private(seed).public_key().public_bytes_raw())

    @staticmethod
    def sign(private: bytes, message: bytes, context: bytes = b"") -> bytes:
        """Sign under a context of at most 255 bytes; raises InvalidKeyError."""
        return _mldsa_private(private).sign(message, context)

    @staticmethod
    def verify(public: bytes, message: bytes, signature: bytes, context: bytes = b"") -> None:
        """Return if the signature holds; raises SignatureInvalidError, InvalidKeyError."""
        try:
            key = mldsa.MLDSA65PublicKey.from_public_bytes(public)
        except ValueError as error:
            raise InvalidKeyError("An ML-DSA-65 public key is 1952 bytes.") from error
        try:
            key.verify(signature, message, context)
        except InvalidSignature as error:
            raise SignatureInvalidError from error


class Hybrid:
    """Ed25519 and ML-DSA-65 side by side: a forger must break both.

    Public key: 32 + 1952 bytes. Signature: 64 + 3309 bytes. The private key is one 32-byte
    seed, from which HKDF-SHA512 makes each half's own seed.
    """

    @staticmethod
    def generate(entropy: Entropy) -> SigningKey:
        """Make a fresh key."""
        return Hybrid.from_seed(entropy.random_bytes(SEED_BYTES))

    @staticmethod
    def from_seed(seed: bytes) -> SigningKey:
        """Return the same key for the same 32 bytes."""
        classical_seed, lattice_seed = _hybrid_seeds(seed)
        classical = Ed25519.from_seed(classical_seed)
        return SigningKey(seed, classical.public + MlDsa65.from_seed(lattice_seed).public)

    @staticmethod
    def sign(seed: bytes, message: bytes, context: bytes) -> bytes:
        """Sign with both halves, under a context of at most 255 bytes."""
        classical_seed, lattice_seed = _hybrid_seeds(seed)
        framed = _hybrid_message(message, context)
        return Ed25519.sign(classical_seed, framed) + MlDsa65.sign(lattice_seed, framed, context)

    @staticmethod
    def verify(public: bytes, message: bytes, signature: bytes, context: bytes) -> None:
        """Return if both halves hold; raises SignatureInvalidError, InvalidKeyError."""
        if len(public) != HYBRID_PUBLIC_BYTES:
            raise InvalidKeyError("A hybrid public key is 1984 bytes.")
        if len(signature) != HYBRID_SIGNATURE_BYTES:
            raise SignatureInvalidError
        framed = _hybrid_message(message, context)
        Ed25519.verify(public[:ED25519_KEY_BYTES], framed, signature[:ED25519_SIGNATURE_BYTES])
        lattice_public, lattice_signature = (
            public[ED25519_KEY_BYTES:],
            signature[ED25519_SIGNATURE_BYTES:],
        )
        MlDsa65.verify(lattice_public, framed, lattice_signature, context)


def _ed25519_pair(seed: bytes) -> tuple[bytes, bytes]:
    """Return the public key, and the private one as the library signs with it."""
    if len(seed) != SEED_BYTES:
        raise InvalidKeyError("An Ed25519 private key is 32 bytes.")
    return sodium.crypto_sign_seed_keypair(seed)


def _p256_private(private: bytes) -> ec.EllipticCurvePrivateKey:
    if len(private) != SEED_BYTES:
        raise InvalidKeyError(P256_PRIVATE_EXPECTED)
    try:
        return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    except ValueError as error:
        raise InvalidKeyError(P256_PRIVATE_EXPECTED) from error


def _mldsa_private(seed: bytes) -> mldsa.MLDSA65PrivateKey:
    try:
        return mldsa.MLDSA65PrivateKey.from_seed_bytes(seed)
    except ValueError as error:
        raise InvalidKeyError("An ML-DSA-65 private key is a seed of 32 bytes.") from error


def _hybrid_seeds(seed: bytes) -> tuple[bytes, bytes]:
    if len(seed) != SEED_BYTES:
        raise InvalidKeyError("A hybrid private key is a seed of 32 bytes.")
    prk = kdf.extract("sha512", HYBRID_KEY_SALT, seed)
    return (
        kdf.expand("sha512", prk, b"ed25519", SEED_BYTES),
        kdf.expand("sha512", prk, b"ml-dsa-65", SEED_BYTES),
    )


def _hybrid_message(message: bytes, context: bytes) -> bytes:
    """Put the context into the signed bytes, for Ed25519 has no context of its own."""
    if len(context) > CONTEXT_BYTES_MAX:
        raise RuntimeError("a signature context has at most 255 bytes")
    return HYBRID_PREFIX + bytes([len(context)]) + context + message
