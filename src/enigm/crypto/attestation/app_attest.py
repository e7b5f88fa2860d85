"""Apple's App Attest: a key of one application on a genuine device, and what that key asserts.

Apple, "Validating apps that connect to your server". Unverified on hardware: checked with
objects made by our own tests, which follow the published steps.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from enigm.crypto import kdf
from enigm.crypto.attestation import cbor, der
from enigm.crypto.attestation.certificates import check_path, load_certificate
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.evidence import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "apple-appattest"
NONCE_EXTENSION = x509.ObjectIdentifier("1.2.840.113635.100.8.2")
# Which environment made the key; a development key says nothing about a released application.
PRODUCTION = b"appattest".ljust(16, b"\x00")
OBJECT_BYTES_MAX = 16_384  # real objects are about 6 KiB, most of it the receipt

_NONCE_TAG = 1
_CHAIN_CERTIFICATES = 2
_HASH_BYTES = 32
# Hash of the application's name, flags, counter (W3C Web Authentication §6.1).
_HEAD_BYTES = _HASH_BYTES + 1 + 4
_KIND_BYTES = 16


@dataclass(frozen=True, slots=True)
class AppAttestEvidence:
    """An attestation object and the key's identifier, as the application got them."""

    attestation: bytes = field(repr=False)
    key_id: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an attested key signs later: the object, and the client data it is about."""

    octets: bytes = field(repr=False)
    client_data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppAttestVerifier:
    """What is accepted: Apple's App Attest root, pinned, and our application's full name."""

    roots: Sequence[x509.Certificate] = field(repr=False)
    application: str

    def verify(self, evidence: AppAttestEvidence, nonce: bytes, now_seconds: int) -> Finding:
        """Check a new key; ``nonce`` is the challenge whose SHA-256 the application attested.

        Raises:
            AttestationRefusedError: FORMAT, DEVICE_CHAIN, NONCE, SIGNATURE, APPLICATION, COUNTER,
                SECURITY_LEVEL.
        """
        self.accept_key(evidence, nonce, now_seconds)
        return Finding("app-attest", "genuine application")

    def accept_key(
        self, evidence: AppAttestEvidence, nonce: bytes, now_seconds: int
    ) -> ec.EllipticCurvePublicKey:
        """Check as ``verify`` does and return the key, for the assertions to come."""
        chain, authenticator = _attestation(evidence.attestation)
        certificates = [load_certificate(octets) for octets in chain]
        check_path(certificates, self.roots, now_seconds, Reason.DEVICE_CHAIN)
        expected = hashlib.sha256(authenticator + hashlib.sha256(nonce).digest()).digest()
        if not kdf.equal(_attested_nonce(certificates[0]), expected):
            raise AttestationRefusedError(Reason.NONCE)
        key = _p256(certificates[0])
        self._check_authenticator(_read_authenticator(authenticator), evidence.key_id, key)
        return key

    def check_assertion(
        self, assertion: Assertion, key: ec.EllipticCurvePublicKey, counter_before: int
    ) -> int:
        """Check what an accepted key asserts and return its counter, to be kept for the next.

        Raises:
            AttestationRefusedError: FORMAT, SIGNATURE, APPLICATION, COUNTER.
        """
        fields = cbor.read_map(_bounded(assertion.octets))
        signature, authenticator = fields.get("signature"), fields.get("authenticatorData")
        if not isinstance(signature, bytes) or not isinstance(authenticator, bytes):
            raise AttestationRefusedError(Reason.FORMAT, "not an assertion")
        nonce = hashlib.sha256(authenticator + hashlib.sha256(assertion.client_data).digest())
        try:
            key.verify(signature, nonce.digest(), ec.ECDSA(SHA256()))
        except InvalidSignature as error:
            raise AttestationRefusedError(Reason.SIGNATURE) from error
        counter = self._counter(authenticator)
        if counter <= counter_before:
            raise AttestationRefusedError(Reason.COUNTER)
        return counter

    def _check_authenticator(
        self, read: _Authenticator, key_id: bytes, key: ec.EllipticCurvePublicKey
    ) -> None:
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        identifier = hashlib.sha256(point).digest()
        if not kdf.equal(identifier, key_id) or not kdf.equal(identifier, read.credential_id):
            raise AttestationRefusedError(Reason.SIGNATURE, "another key")
        if self._counter(read.head) != 0:
            raise AttestationRefusedError(Reason.COUNTER)
        if read.kind != PRODUCTION:
            raise AttestationRefusedError(Reason.SECURITY_LEVEL, "a development key")

    def _counter(self, authenticator: bytes) -> int:
        """Return the counter of authenticator data that belongs to our application."""
        if len(authenticator) < _HEAD_BYTES:
            raise AttestationRefusedError(Reason.FORMAT, "authenticator data is too short")
        ours = hashlib.sha256(self.application.encode()).digest()
        if not kdf.equal(authenticator[:_HASH_BYTES], ours):
            raise AttestationRefusedError(Reason.APPLICATION)
        return int.from_bytes(authenticator[_HASH_BYTES + 1 : _HEAD_BYTES], "big")


class _Authenticator(NamedTuple):
    head: bytes
    kind: bytes
    credential_id: bytes


def _bounded(octets: bytes) -> bytes:
    if len(octets) > OBJECT_BYTES_MAX:
        raise AttestationRefusedError(Reason.FORMAT, "the object is too long")
    return octets


def _attestation(octets: bytes) -> tuple[list[bytes], bytes]:
    """Return the chain, leaf first, and the authenticator data."""
    match cbor.read_map(_bounded(octets)):
        case {"fmt": str(name), "attStmt": {"x5c": list(chain)}, "authData": bytes(data)}:
            certificates = [octets for octets in chain if isinstance(octets, bytes)]
            if name == FORMAT and len(certificates) == len(chain) == _CHAIN_CERTIFICATES:
                return certificates, data
        case _:
            pass
    raise AttestationRefusedError(Reason.FORMAT, "not an App Attest object")


def _read_authenticator(octets: bytes) -> _Authenticator:
    """Read head, kind and credential. The key follows; the credential is already its hash."""
    begins = _HEAD_BYTES + _KIND_BYTES + 2
    length = int.from_bytes(octets[begins - 2 : begins], "big")
    if length != _HASH_BYTES or len(octets) < begins + length:
        raise AttestationRefusedError(Reason.FORMAT, "not an attested credential")
    kind = octets[_HEAD_BYTES : _HEAD_BYTES + _KIND_BYTES]
    return _Authenticator(octets[:_HEAD_BYTES], kind, octets[begins : begins + length])


def _attested_nonce(leaf: x509.Certificate) -> bytes:
    """Read Apple's extension: a SEQUENCE of one OCTET STRING tagged 1."""
    found = [e.value for e in leaf.extensions if e.oid == NONCE_EXTENSION]
    if len(found) != 1 or not isinstance(found[0], x509.UnrecognizedExtension):
        raise AttestationRefusedError(Reason.FORMAT, "no nonce in the certificate")
    sequence = der.only(der.read_elements(found[0].value))
    fields = der.tagged(der.contents(sequence, der.SEQUENCE))
    if fields.keys() != {_NONCE_TAG}:
        raise AttestationRefusedError(Reason.FORMAT, "another extension")
    return der.octets_of(fields[_NONCE_TAG])


def _p256(leaf: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise AttestationRefusedError(Reason.FORMAT, "not a P-256 key")
    return key
