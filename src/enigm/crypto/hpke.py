"""Hybrid public key encryption (RFC 9180), base mode: seal to a key, and export secrets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke as library
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from enigm.crypto import kdf
from enigm.crypto.errors import DecryptionFailedError, InvalidKeyError
from enigm.crypto.kem import KEMS, Kem, KemId, KeyPair, labeled_expand, labeled_extract

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy

__all__ = ["AeadId", "Hpke", "KdfId", "KemId", "KeyPair"]

MODE_BASE = b"\x00"
NONCE_BYTES = 12


class KdfId(IntEnum):
    """Registered numbers (RFC 9180 §7.2)."""

    HKDF_SHA256 = 0x0001
    HKDF_SHA512 = 0x0003


class AeadId(IntEnum):
    """Registered numbers (RFC 9180 §7.3)."""

    AES_128_GCM = 0x0001
    AES_256_GCM = 0x0002
    CHACHA20_POLY1305 = 0x0003


_HASHES: dict[int, kdf.HashName] = {KdfId.HKDF_SHA256: "sha256", KdfId.HKDF_SHA512: "sha512"}
_LIBRARY_KDFS = {
    KdfId.HKDF_SHA256: library.KDF.HKDF_SHA256,
    KdfId.HKDF_SHA512: library.KDF.HKDF_SHA512,
}
_LIBRARY_AEADS = {
    AeadId.AES_128_GCM: library.AEAD.AES_128_GCM,
    AeadId.AES_256_GCM: library.AEAD.AES_256_GCM,
    AeadId.CHACHA20_POLY1305: library.AEAD.CHACHA20_POLY1305,
}
_KEY_LENGTHS = {AeadId.AES_128_GCM: 16, AeadId.AES_256_GCM: 32, AeadId.CHACHA20_POLY1305: 32}


@dataclass(frozen=True)
class Hpke:
    """One HPKE suite. Every message is single-shot: sequence number 0, no PSK, no auth mode.

    Args:
        kem_id: see ``KemId``.
        kdf_id: see ``KdfId``.
        aead_id: see ``AeadId``.
    """

    kem_id: int
    kdf_id: int
    aead_id: int

    def __post_init__(self) -> None:
        """Refuse a suite that is not one of ours; the choice is code's, never a stranger's."""
        known = self.kem_id in KEMS and self.kdf_id in _HASHES and self.aead_id in _KEY_LENGTHS
        if not known:
            raise RuntimeError("no such HPKE suite")

    @cached_property
    def _kem(self) -> Kem:
        return KEMS[self.kem_id]

    @cached_property
    def _suite(self) -> library.Suite:
        return library.Suite(
            self._kem.library_kem,
            _LIBRARY_KDFS[KdfId(self.kdf_id)],
            _LIBRARY_AEADS[AeadId(self.aead_id)],
        )

    @cached_property
    def _suite_id(self) -> bytes:
        numbers = (self.kem_id, self.kdf_id, self.aead_id)
        return b"HPKE" + b"".join(number.to_bytes(2, "big") for number in numbers)

    @property
    def enc_length(self) -> int:
        """Length in bytes of an encapsulated key."""
        return self._kem.enc_length

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """DeriveKeyPair (RFC 9180 §7.1.3; for X-Wing SHAKE256(ikm, 32), see ``kem``)."""
        return self._kem.derive_key_pair(ikm)

    def generate_key_pair(self, entropy: Entropy) -> KeyPair:
        """Make a fresh key pair."""
        return self._kem.generate_key_pair(entropy)

    def check_public_key(self, public: bytes) -> None:
        """Raise InvalidKeyError unless the bytes are a public key of this suite's KEM."""
        self._kem.load_public(public)

    def seal(self, public: bytes, info: bytes, aad: bytes, plaintext: bytes) -> tuple[bytes, bytes]:
        """Return (enc, ciphertext); raises InvalidKeyError."""
        if aad:
            return self.seal_under(public, self._schedule_context(info), aad, plaintext)
        recipient = self._kem.load_public(public)
        try:
            sealed = self._suite.encrypt(plaintext, recipient, info=info)
        except ValueError as error:
            raise InvalidKeyError("The public key cannot be sealed to.") from error
        return sealed[: self.enc_length], sealed[self.enc_length :]

    def sealer(self, info: bytes) -> Sealer:
        """Return what seals to many keys under one long ``info``, which is hashed once."""
        return Sealer(self, self._schedule_context(info))

    def open(self, private: bytes, enc: bytes, info: bytes, aad: bytes, ciphertext: bytes) -> bytes:
        """Return the plaintext; raises DecryptionFailedError, InvalidKeyError."""
        if len(enc) != self.enc_length:
            raise DecryptionFailedError
        try:
            if aad:
                shared = self._kem.decapsulate(private, enc)
                key, nonce = self._message_key(shared, self._schedule_context(info))
                return self._cipher(key).decrypt(nonce, ciphertext, aad)
            reader = self._kem.load_private(private)
            return self._suite.decrypt(enc + ciphertext, reader, info=info)
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailedError from error

    def send_export(
        self, public: bytes, info: bytes, exporter_context: bytes, length_bytes: int
    ) -> tuple[bytes, bytes]:
        """SendExport (RFC 9180 §6.2): return (enc, secret)."""
        shared, enc = self._kem.encapsulate(public)
        return enc, self._export(shared, info, exporter_context, length_bytes)

    def receive_export(
        self, private: bytes, enc: bytes, info: bytes, exporter_context: bytes, length_bytes: int
    ) -> bytes:
        """ReceiveExport (RFC 9180 §6.2): return the secret the sender exported."""
        shared = self._kem.decapsulate(private, enc)
        return self._export(shared, info, exporter_context, length_bytes)

    def _schedule_context(self, info: bytes) -> bytes:
        """KeySchedule's context in base mode (RFC 9180 §5.1): it depends on ``info`` alone."""
        hash_name, suite_id = _HASHES[self.kdf_id], self._suite_id
        psk_id_hash = labeled_extract(hash_name, suite_id, b"", b"psk_id_hash", b"")
        info_hash = labeled_extract(hash_name, suite_id, b"", b"info_hash", info)
        return MODE_BASE + psk_id_hash + info_hash

    def _schedule_secret(self, shared: bytes) -> bytes:
        """KeySchedule's secret in base mode (RFC 9180 §5.1)."""
        return labeled_extract(_HASHES[self.kdf_id], self._suite_id, shared, b"secret", b"")

    def _message_key(self, shared: bytes, context: bytes) -> tuple[bytes, bytes]:
        hash_name, suite_id = _HASHES[self.kdf_id], self._suite_id
        secret = self._schedule_secret(shared)
        key_length = _KEY_LENGTHS[AeadId(self.aead_id)]
        key = labeled_expand(hash_name, suite_id, secret, b"key", context, key_length)
        nonce = labeled_expand(hash_name, suite_id, secret, b"base_nonce", context, NONCE_BYTES)
        return key, nonce

    def seal_under(
        self, public: bytes, context: bytes, aad: bytes, plaintext: bytes
    ) -> tuple[bytes, bytes]:
        """Seal under an already hashed ``info``; for ``Sealer``."""
        shared, enc = self._kem.encapsulate(public)
        key, nonce = self._message_key(shared, context)
        return enc, self._cipher(key).encrypt(nonce, plaintext, aad)

    def _export(
        self, shared: bytes, info: bytes, exporter_context: bytes, length_bytes: int
    ) -> bytes:
        hash_name, suite_id = _HASHES[self.kdf_id], self._suite_id
        secret, context = self._schedule_secret(shared), self._schedule_context(info)
        length = kdf.HASH_LENGTHS[hash_name]
        exporter = labeled_expand(hash_name, suite_id, secret, b"exp", context, length)
        return labeled_expand(hash_name, suite_id, exporter, b"sec", exporter_context, length_bytes)

    def _cipher(self, key: bytes) -> AESGCM | ChaCha20Poly1305:
        if self.aead_id == AeadId.CHACHA20_POLY1305:
            return ChaCha20Poly1305(key)
        return AESGCM(key)


@dataclass(frozen=True)
class Sealer:
    """Seals to many keys under one ``info``."""

    hpke: Hpke
    context: bytes

    def seal(self, public: bytes, plaintext: bytes) -> tuple[bytes, bytes]:
        """Return (enc, ciphertext); raises InvalidKeyError."""
        return self.hpke.seal_under(public, self.context, b"", plaintext)
