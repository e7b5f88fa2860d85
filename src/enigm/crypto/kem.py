"""Key encapsulation: X25519 and P-256 (RFC 9180 §4.1), and X-Wing, classical with post-quantum."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cryptography.hazmat.primitives import hpke as library
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519

from enigm.crypto import kdf
from enigm.crypto.errors import DecryptionFailedError, InvalidKeyError

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy

HPKE_VERSION = b"HPKE-v1"
"""RFC 9180 §4: the prefix of every labelled derivation."""

XWING_LABEL = b"\\.//^\\"
"""The X-Wing combiner's label (draft-connolly-cfrg-xwing-kem §5.3), last in the hash."""

XWING_SEED_BYTES = 32
MLKEM_SEED_BYTES = 64
MLKEM_PUBLIC_BYTES = 1184
MLKEM_CIPHERTEXT_BYTES = 1088
P256_SCALAR_BYTES = 32
P256_PRIVATE_EXPECTED = "A P-256 private key is a scalar of 32 bytes."
P256_PUBLIC_EXPECTED = "A P-256 public key is an uncompressed point of 65 bytes."
P256_DERIVE_TRIES = 256  # RFC 9180 §7.1.3: the counter is one byte

LibraryPrivateKey: TypeAlias = (
    x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey | library.MLKEM768X25519PrivateKey
)
LibraryPublicKey: TypeAlias = (
    x25519.X25519PublicKey | ec.EllipticCurvePublicKey | library.MLKEM768X25519PublicKey
)


class KemId(IntEnum):
    """Registered numbers (RFC 9180 §7.1; X-Wing from the IANA HPKE registry)."""

    P256 = 0x0010
    X25519 = 0x0020
    XWING = 0x647A


@dataclass(frozen=True, slots=True, eq=False)
class KeyPair:
    """A raw private key, which is never shown, and its public half."""

    private: bytes = field(repr=False)
    public: bytes = field(repr=False)


class Kem(Protocol):
    """What HPKE asks of a KEM; raw bytes outside, the library's objects only for its own use."""

    @property
    def library_kem(self) -> library.KEM:
        """The library's name for this KEM."""
        ...

    @property
    def enc_length(self) -> int:
        """Length in bytes of an encapsulated key."""
        ...

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """Make the same key pair from the same secret, every time."""
        ...

    def generate_key_pair(self, entropy: Entropy) -> KeyPair:
        """Make a fresh key pair."""
        ...

    def load_private(self, private: bytes) -> LibraryPrivateKey:
        """Read a raw private key; raises InvalidKeyError."""
        ...

    def load_public(self, public: bytes) -> LibraryPublicKey:
        """Read a raw public key; raises InvalidKeyError."""
        ...

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """Return a fresh shared secret and its encapsulation for the key's owner."""
        ...

    def decapsulate(self, private: bytes, enc: bytes) -> bytes:
        """Return the shared secret; raises DecryptionFailedError."""
        ...


def labeled_extract(
    hash_name: kdf.HashName, suite_id: bytes, salt: bytes, label: bytes, ikm: bytes
) -> bytes:
    """LabeledExtract (RFC 9180 §4)."""
    return kdf.extract(hash_name, salt, HPKE_VERSION + suite_id + label + ikm)


def labeled_expand(
    hash_name: kdf.HashName,
    suite_id: bytes,
    prk: bytes,
    label: bytes,
    info: bytes,
    length_bytes: int,
) -> bytes:
    """LabeledExpand (RFC 9180 §4)."""
    prefix = length_bytes.to_bytes(2, "big") + HPKE_VERSION + suite_id
    return kdf.expand(hash_name, prk, prefix + label + info, length_bytes)


def _dh_shared_secret(kem_id: KemId, dh: bytes, kem_context: bytes) -> bytes:
    """ExtractAndExpand (RFC 9180 §4.1); both DH kinds here use HKDF-SHA256."""
    suite_id = b"KEM" + kem_id.to_bytes(2, "big")
    prk = labeled_extract("sha256", suite_id, b"", b"eae_prk", dh)
    return labeled_expand("sha256", suite_id, prk, b"shared_secret", kem_context, 32)


class X25519Kem:
    """DHKEM(X25519, HKDF-SHA256): 32-byte private, public and encapsulated keys."""

    library_kem = library.KEM.X25519
    enc_length = 32

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """DeriveKeyPair (RFC 9180 §7.1.3)."""
        suite_id = b"KEM" + KemId.X25519.to_bytes(2, "big")
        prk = labeled_extract("sha256", suite_id, b"", b"dkp_prk", ikm)
        return self._pair(labeled_expand("sha256", suite_id, prk, b"sk", b"", 32))

    def generate_key_pair(self, entropy: Entropy) -> KeyPair:
        """Any 32 random bytes are a private key (RFC 7748 §5)."""
        return self._pair(entropy.random_bytes(32))

    def load_private(self, private: bytes) -> x25519.X25519PrivateKey:
        """Read 32 bytes."""
        try:
            return x25519.X25519PrivateKey.from_private_bytes(private)
        except ValueError as error:
            raise InvalidKeyError("An X25519 private key is 32 bytes.") from error

    def load_public(self, public: bytes) -> x25519.X25519PublicKey:
        """Read 32 bytes; low-order points are refused at the exchange."""
        try:
            return x25519.X25519PublicKey.from_public_bytes(public)
        except ValueError as error:
            raise InvalidKeyError("An X25519 public key is 32 bytes.") from error

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """Encap (RFC 9180 §4.1) with an ephemeral key of the library's making."""
        ephemeral = x25519.X25519PrivateKey.generate()
        enc = ephemeral.public_key().public_bytes_raw()
        try:
            dh = ephemeral.exchange(self.load_public(public))
        except ValueError as error:
            raise InvalidKeyError("The X25519 public key is a low-order point.") from error
        return _dh_shared_secret(KemId.X25519, dh, enc + public), enc

    def decapsulate(self, private: bytes, enc: bytes) -> bytes:
        """Decap (RFC 9180 §4.1)."""
        secret = self.load_private(private)
        try:
            dh = secret.exchange(x25519.X25519PublicKey.from_public_bytes(enc))
        except ValueError as error:
            raise DecryptionFailedError from error
        context = enc + secret.public_key().public_bytes_raw()
        return _dh_shared_secret(KemId.X25519, dh, context)

    def _pair(self, private: bytes) -> KeyPair:
        return KeyPair(private, self.load_private(private).public_key().public_bytes_raw())


class P256Kem:
    """DHKEM(P-256, HKDF-SHA256): 32-byte scalars, 65-byte uncompressed points."""

    library_kem = library.KEM.P256
    enc_length = 65

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """DeriveKeyPair by rejection sampling (RFC 9180 §7.1.3)."""
        suite_id = b"KEM" + KemId.P256.to_bytes(2, "big")
        prk = labeled_extract("sha256", suite_id, b"", b"dkp_prk", ikm)
        for counter in range(P256_DERIVE_TRIES):
            scalar = labeled_expand("sha256", suite_id, prk, b"candidate", bytes([counter]), 32)
            try:
                private = self.load_private(scalar)
            except InvalidKeyError:
                continue
            return KeyPair(scalar, self._point(private.public_key()))
        raise RuntimeError("no P-256 scalar in 256 tries")  # chance below 2^-8000

    def generate_key_pair(self, entropy: Entropy) -> KeyPair:
        """Derive from 32 random bytes."""
        return self.derive_key_pair(entropy.random_bytes(32))

    def load_private(self, private: bytes) -> ec.EllipticCurvePrivateKey:
        """Read a 32-byte big-endian scalar, in the curve's range."""
        if len(private) != P256_SCALAR_BYTES:
            raise InvalidKeyError(P256_PRIVATE_EXPECTED)
        try:
            return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
        except ValueError as error:
            raise InvalidKeyError(P256_PRIVATE_EXPECTED) from error

    def load_public(self, public: bytes) -> ec.EllipticCurvePublicKey:
        """Read a 65-byte uncompressed point on the curve."""
        if len(public) != self.enc_length:
            raise InvalidKeyError(P256_PUBLIC_EXPECTED)
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        except ValueError as error:
            raise InvalidKeyError(P256_PUBLIC_EXPECTED) from error

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """Encap (RFC 9180 §4.1) with an ephemeral key of the library's making."""
        ephemeral = ec.generate_private_key(ec.SECP256R1())
        enc = self._point(ephemeral.public_key())
        dh = ephemeral.exchange(ec.ECDH(), self.load_public(public))
        return _dh_shared_secret(KemId.P256, dh, enc + public), enc

    def decapsulate(self, private: bytes, enc: bytes) -> bytes:
        """Decap (RFC 9180 §4.1)."""
        secret = self.load_private(private)
        try:
            dh = secret.exchange(ec.ECDH(), self.load_public(enc))
        except InvalidKeyError as error:
            raise DecryptionFailedError from error
        return _dh_shared_secret(KemId.P256, dh, enc + self._point(secret.public_key()))

    @staticmethod
    def _point(public: ec.EllipticCurvePublicKey) -> bytes:
        return public.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )


class XWingKem:
    """X-Wing: ML-KEM-768 with X25519 (draft-connolly-cfrg-xwing-kem); safe if either holds.

    The private key is a 32-byte seed, the public key 1184 + 32 bytes, the encapsulated key
    1088 + 32. DeriveKeyPair takes SHAKE256(ikm, 32) as the seed, as ts-mls and @hpke do;
    drafts disagree, so this rule is part of Enigm's suite definition and has a known answer.
    """

    library_kem = library.KEM.MLKEM768_X25519
    enc_length = MLKEM_CIPHERTEXT_BYTES + 32

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """Hash the secret to a seed."""
        return self._pair(hashlib.shake_256(ikm).digest(XWING_SEED_BYTES))

    def generate_key_pair(self, entropy: Entropy) -> KeyPair:
        """Take a random seed."""
        return self._pair(entropy.random_bytes(XWING_SEED_BYTES))

    def load_private(self, private: bytes) -> library.MLKEM768X25519PrivateKey:
        """Expand the 32-byte seed to both halves."""
        return library.MLKEM768X25519PrivateKey(*self._private_halves(private))

    def load_public(self, public: bytes) -> library.MLKEM768X25519PublicKey:
        """Read both halves."""
        return library.MLKEM768X25519PublicKey(*self._public_halves(public))

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """Encapsulate under both halves and combine."""
        lattice, curve = self._public_halves(public)
        lattice_secret, lattice_ciphertext = lattice.encapsulate()
        ephemeral = x25519.X25519PrivateKey.generate()
        curve_ciphertext = ephemeral.public_key().public_bytes_raw()
        try:
            curve_secret = ephemeral.exchange(curve)
        except ValueError as error:
            raise InvalidKeyError("The X-Wing public key holds a low-order point.") from error
        shared = self._combine(
            lattice_secret, curve_secret, curve_ciphertext, public[MLKEM_PUBLIC_BYTES:]
        )
        return shared, lattice_ciphertext + curve_ciphertext

    def decapsulate(self, private: bytes, enc: bytes) -> bytes:
        """Open both halves and combine."""
        if len(enc) != self.enc_length:
            raise DecryptionFailedError
        lattice, curve = self._private_halves(private)
        curve_ciphertext = enc[MLKEM_CIPHERTEXT_BYTES:]
        try:
            lattice_secret = lattice.decapsulate(enc[:MLKEM_CIPHERTEXT_BYTES])
            curve_secret = curve.exchange(
                x25519.X25519PublicKey.from_public_bytes(curve_ciphertext)
            )
        except ValueError as error:
            raise DecryptionFailedError from error
        curve_public = curve.public_key().public_bytes_raw()
        return self._combine(lattice_secret, curve_secret, curve_ciphertext, curve_public)

    def _pair(self, seed: bytes) -> KeyPair:
        lattice, curve = self._private_halves(seed)
        lattice_public = lattice.public_key().public_bytes_raw()
        return KeyPair(seed, lattice_public + curve.public_key().public_bytes_raw())

    @staticmethod
    def _private_halves(seed: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        if len(seed) != XWING_SEED_BYTES:
            raise InvalidKeyError("An X-Wing private key is a seed of 32 bytes.")
        expanded = hashlib.shake_256(seed).digest(MLKEM_SEED_BYTES + 32)
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:MLKEM_SEED_BYTES]),
            x25519.X25519PrivateKey.from_private_bytes(expanded[MLKEM_SEED_BYTES:]),
        )

    @staticmethod
    def _public_halves(public: bytes) -> tuple[mlkem.MLKEM768PublicKey, x25519.X25519PublicKey]:
        try:
            return (
                mlkem.MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_BYTES]),
                x25519.X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_BYTES:]),
            )
        except ValueError as error:
            raise InvalidKeyError("An X-Wing public key is 1216 bytes.") from error

    @staticmethod
    def _combine(
        lattice_secret: bytes, curve_secret: bytes, curve_ciphertext: bytes, curve_public: bytes
    ) -> bytes:
        joined = lattice_secret + curve_secret + curve_ciphertext + curve_public
        return hashlib.sha3_256(joined + XWING_LABEL).digest()


KEMS: dict[int, Kem] = {
    KemId.P256: P256Kem(),
    KemId.X25519: X25519Kem(),
    KemId.XWING: XWingKem(),
}
