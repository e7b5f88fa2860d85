"""The registered suites 4 to 7, for the vectors alone: Enigm does not offer them.

They show that the engine depends on no suite: curves, hashes and lengths differ here. HPKE is
written from RFC 9180 over the library's curves, apart from the product's own.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, cast

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from enigm.crypto.errors import DecryptionFailedError, InvalidKeyError, SignatureInvalidError
from enigm.crypto.hpke import AeadId, Hpke, KeyPair
from enigm.crypto.mls.ciphersuite import LABEL_PREFIX, Suite
from enigm.crypto.mls.codec import opaque, u16
from enigm.crypto.signatures import Signer, SigningKey
from enigm.foundation.entropy import Entropy, SystemEntropy

HASH_LENGTHS = {"sha384": 48, "sha512": 64}


def _extract(hash_name: str, salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(HASH_LENGTHS[hash_name]), secret, hash_name)


def _expand(hash_name: str, secret: bytes, info: bytes, length: int) -> bytes:
    output = block = b""
    counter = 0
    while len(output) < length:
        counter += 1
        block = hmac.digest(secret, block + info + bytes([counter]), hash_name)
        output += block
    return output[:length]


@dataclass(frozen=True)
class Labels:
    """Labelled derivation (RFC 9180 §4) under one suite id."""

    hash_name: str
    suite_id: bytes

    def extract(self, salt: bytes, label: bytes, secret: bytes) -> bytes:
        return _extract(self.hash_name, salt, b"HPKE-v1" + self.suite_id + label + secret)

    def expand(self, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
        labelled = u16(length) + b"HPKE-v1" + self.suite_id + label + info
        return _expand(self.hash_name, secret, labelled, length)


class Curve(Protocol):
    """What a Diffie-Hellman KEM asks of its curve, on raw keys."""

    @property
    def kem_id(self) -> int: ...

    @property
    def hash_name(self) -> str: ...

    def from_secret(self, labels: Labels, secret: bytes) -> KeyPair: ...

    def exchange(self, private: bytes, public: bytes) -> bytes: ...

    def public_of(self, private: bytes) -> bytes: ...


class X448:
    kem_id = 0x0021
    hash_name = "sha512"

    def from_secret(self, labels: Labels, secret: bytes) -> KeyPair:
        private = labels.expand(secret, b"sk", b"", 56)
        return KeyPair(private, self.public_of(private))

    def exchange(self, private: bytes, public: bytes) -> bytes:
        own = x448.X448PrivateKey.from_private_bytes(private)
        return own.exchange(x448.X448PublicKey.from_public_bytes(public))

    def public_of(self, private: bytes) -> bytes:
        return x448.X448PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


@dataclass(frozen=True)
class Nist:
    kem_id: int
    hash_name: str
    curve: ec.EllipticCurve
    length: int
    first_byte_mask: int

    def from_secret(self, labels: Labels, secret: bytes) -> KeyPair:
        for counter in range(256):
            candidate = bytearray(
                labels.expand(secret, b"candidate", bytes([counter]), self.length)
            )
            candidate[0] &= self.first_byte_mask
            try:
                return KeyPair(bytes(candidate), self.public_of(bytes(candidate)))
            except ValueError:
                continue
        raise AssertionError("no scalar in 256 tries")

    def private_key(self, private: bytes) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(private, "big"), self.curve)

    def public_key(self, public: bytes) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, public)

    def exchange(self, private: bytes, public: bytes) -> bytes:
        return self.private_key(private).exchange(ec.ECDH(), self.public_key(public))

    def public_of(self, private: bytes) -> bytes:
        return (
            self.private_key(private)
            .public_key()
            .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        )


P384 = Nist(0x0011, "sha384", ec.SECP384R1(), 48, 0xFF)
P521 = Nist(0x0012, "sha512", ec.SECP521R1(), 66, 0x01)


@dataclass(frozen=True)
class FurtherHpke:
    """HPKE in base mode over a Diffie-Hellman KEM; the suite's KDF has the KEM's hash."""

    curve: Curve
    kdf_id: int
    aead_id: int

    @property
    def kem_id(self) -> int:
        return self.curve.kem_id

    @property
    def _kem_labels(self) -> Labels:
        return Labels(self.curve.hash_name, b"KEM" + u16(self.curve.kem_id))

    @property
    def _labels(self) -> Labels:
        numbers = u16(self.curve.kem_id) + u16(self.kdf_id) + u16(self.aead_id)
        return Labels(self.curve.hash_name, b"HPKE" + numbers)

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        labels = self._kem_labels
        return self.curve.from_secret(labels, labels.extract(b"", b"dkp_prk", ikm))

    def generate_key_pair(self, entropy: Entropy) -> KeyPair:
        return self.derive_key_pair(entropy.random_bytes(66))

    def check_public_key(self, public: bytes) -> None:
        try:
            self.curve.exchange(self.derive_key_pair(b"any").private, public)
        except ValueError as error:
            raise InvalidKeyError("not a key of this curve") from error

    def _shared(self, exchanged: bytes, enc: bytes, public: bytes) -> bytes:
        labels = self._kem_labels
        secret = labels.extract(b"", b"eae_prk", exchanged)
        return labels.expand(secret, b"shared_secret", enc + public, HASH_LENGTHS[labels.hash_name])

    def _send(self, public: bytes) -> tuple[bytes, bytes]:
        ephemeral = self.generate_key_pair(SystemEntropy())
        exchanged = self.curve.exchange(ephemeral.private, public)
        return ephemeral.public, self._shared(exchanged, ephemeral.public, public)

    def _receive(self, private: bytes, enc: bytes) -> bytes:
        exchanged = self.curve.exchange(private, enc)
        return self._shared(exchanged, enc, self.curve.public_of(private))

    def _derive(self, shared: bytes, info: bytes) -> Callable[[bytes, int], bytes]:
        labels = self._labels
        context = (
            b"\x00"
            + labels.extract(b"", b"psk_id_hash", b"")
            + labels.extract(b"", b"info_hash", info)
        )
        secret = labels.extract(shared, b"secret", b"")
        return lambda label, length: labels.expand(secret, label, context, length)

    def _cipher(
        self, derive: Callable[[bytes, int], bytes]
    ) -> tuple[AESGCM | ChaCha20Poly1305, bytes]:
        chacha = self.aead_id == AeadId.CHACHA20_POLY1305
        key, nonce = derive(b"key", 32), derive(b"base_nonce", 12)
        return (ChaCha20Poly1305(key) if chacha else AESGCM(key)), nonce

    def seal(self, public: bytes, info: bytes, aad: bytes, plaintext: bytes) -> tuple[bytes, bytes]:
        enc, shared = self._send(public)
        cipher, nonce = self._cipher(self._derive(shared, info))
        return enc, cipher.encrypt(nonce, plaintext, aad)

    def open(self, private: bytes, enc: bytes, info: bytes, aad: bytes, sealed: bytes) -> bytes:
        try:
            cipher, nonce = self._cipher(self._derive(self._receive(private, enc), info))
            return cipher.decrypt(nonce, sealed, aad)
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailedError from error

    def _export(self, shared: bytes, info: bytes, context: bytes, length: int) -> bytes:
        exporter = self._derive(shared, info)(b"exp", HASH_LENGTHS[self.curve.hash_name])
        return self._labels.expand(exporter, b"sec", context, length)

    def send_export(
        self, public: bytes, info: bytes, context: bytes, length: int
    ) -> tuple[bytes, bytes]:
        enc, shared = self._send(public)
        return enc, self._export(shared, info, context, length)

    def receive_export(
        self, private: bytes, enc: bytes, info: bytes, context: bytes, length: int
    ) -> bytes:
        return self._export(self._receive(private, enc), info, context, length)


class Ed448:
    def generate(self, entropy: Entropy) -> SigningKey:
        private = entropy.random_bytes(57)
        key = ed448.Ed448PrivateKey.from_private_bytes(private)
        return SigningKey(private, key.public_key().public_bytes_raw())

    def sign(self, private: bytes, message: bytes) -> bytes:
        return ed448.Ed448PrivateKey.from_private_bytes(private[:57]).sign(message)

    def signer(self, private: bytes) -> Signer:
        return partial(self.sign, private)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> None:
        try:
            ed448.Ed448PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise SignatureInvalidError from error


@dataclass(frozen=True)
class Ecdsa:
    curve: Nist
    algorithm: Any = field(repr=False)

    def generate(self, entropy: Entropy) -> SigningKey:
        pair = self.curve.from_secret(Labels("sha512", b"test"), entropy.random_bytes(64))
        return SigningKey(pair.private, pair.public)

    def sign(self, private: bytes, message: bytes) -> bytes:
        return self.curve.private_key(private).sign(message, ec.ECDSA(self.algorithm))

    def signer(self, private: bytes) -> Signer:
        return partial(self.sign, private)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> None:
        try:
            key = self.curve.public_key(public)
            key.verify(signature, message, ec.ECDSA(self.algorithm))
        except (InvalidSignature, ValueError) as error:
            raise SignatureInvalidError from error


class FurtherSuite(Suite):
    """A suite whose hash may be SHA-384, which no suite of Enigm uses."""

    @property
    def hash_length(self) -> int:
        return HASH_LENGTHS[self.hash_name]

    def extract(self, salt: bytes, secret: bytes) -> bytes:
        return _extract(self.hash_name, salt, secret)

    def expand_with_label(self, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
        info = u16(length) + opaque(LABEL_PREFIX + label) + opaque(context)
        return _expand(self.hash_name, secret, info, length)


def _suite(number: int, hpke: FurtherHpke, signatures: Ed448 | Ecdsa) -> Suite:
    return FurtherSuite(number, cast(Hpke, hpke), cast(Any, hpke.curve.hash_name), 32, signatures)


SHA384_KDF, SHA512_KDF = 2, 3
FURTHER_SUITES = (
    _suite(4, FurtherHpke(X448(), SHA512_KDF, AeadId.AES_256_GCM), Ed448()),
    _suite(5, FurtherHpke(P521, SHA512_KDF, AeadId.AES_256_GCM), Ecdsa(P521, hashes.SHA512())),
    _suite(6, FurtherHpke(X448(), SHA512_KDF, AeadId.CHACHA20_POLY1305), Ed448()),
    _suite(7, FurtherHpke(P384, SHA384_KDF, AeadId.AES_256_GCM), Ecdsa(P384, hashes.SHA384())),
)
