"""Phones on paper: attestations of the published form, made with keys that a test holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from enigm.crypto.attestation.android import KEY_DESCRIPTION, AndroidEvidence
from enigm.crypto.attestation.app_attest import (
    FORMAT,
    NONCE_EXTENSION,
    PRODUCTION,
    AppAttestEvidence,
    Assertion,
)
from tests.crypto.attestation.paper_tpm import NOW, Maker

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNER = hashlib.sha256(b"our signing certificate").digest()
OWNER_KEY = hashlib.sha256(b"another system's boot key").digest()


def der(tag: int, *contents: bytes) -> bytes:
    """Return one DER value."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def number(value: int, tag: int = 0x02) -> bytes:
    return der(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def explicit(tag: int, content: bytes) -> bytes:
    """Return a value under an EXPLICIT context tag."""
    if tag < 31:
        return der(0xA0 | tag, content)
    septets = [tag & 0x7F]
    while tag := tag >> 7:
        septets.insert(0, 0x80 | tag & 0x7F)
    plain = der(0xBF, content)
    return plain[:1] + bytes(septets) + plain[1:]


@dataclass
class AndroidPhone:
    """A phone whose every claim a test can change."""

    maker: Maker = field(default_factory=Maker)
    levels: tuple[int, int] = (1, 1)
    origin: int = 0
    locked: bytes = b"\xff"
    boot_state: int = 0
    boot_key: bytes = bytes(32)
    patch_level: int = 202611
    signers: tuple[bytes, ...] = (SIGNER,)
    root_of_trust_in: str = "hardware"
    trailing: bytes = b""

    def evidence(self, nonce: bytes) -> AndroidEvidence:
        issuer, between = self.maker.subordinate()
        leaf = certify(
            issuer, ec.generate_private_key(ec.SECP256R1()), KEY_DESCRIPTION, self.described(nonce)
        )
        root = self.maker.root.public_bytes(Encoding.DER)
        return AndroidEvidence((leaf, between, root))

    def described(self, nonce: bytes) -> bytes:
        trust = explicit(
            704,
            der(
                0x30,
                der(0x04, self.boot_key),
                der(0x01, self.locked),
                number(self.boot_state, 0x0A),
                der(0x04, bytes(32)),
            ),
        )
        application = der(
            0x30,
            der(0x31, der(0x30, der(0x04, b"example.enigm"), number(7))),
            der(0x31, *(der(0x04, digest) for digest in self.signers)),
        )
        software = explicit(701, number(NOW * 1000)) + explicit(709, der(0x04, application))
        hardware = explicit(1, der(0x31, number(2))) + explicit(503, der(0x05))
        hardware += explicit(702, number(self.origin))
        patches = explicit(705, number(160000)) + explicit(706, number(self.patch_level))
        if self.root_of_trust_in == "hardware":
            hardware += trust
        else:
            software = trust + software
        return (
            der(
                0x30,
                number(300),
                number(self.levels[0], 0x0A),
                number(300),
                number(self.levels[1], 0x0A),
                der(0x04, nonce),
                der(0x04),
                der(0x30, software),
                der(0x30, hardware + patches),
            )
            + self.trailing
        )


@dataclass
class ApplePhone:
    """A phone with one key of one application."""

    maker: Maker = field(default_factory=Maker)
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    application: str = "TEAM123456.example.enigm"
    counter: int = 0
    kind: bytes = PRODUCTION

    @property
    def key_id(self) -> bytes:
        public = self.key.public_key()
        return hashlib.sha256(
            public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        ).digest()

    def evidence(self, nonce: bytes) -> AppAttestEvidence:
        issuer, between = self.maker.subordinate()
        data = self._head(self.counter) + self.kind + b"\x00\x20" + self.key_id
        data += cbor2.dumps({1: 2, 3: -7})
        attested = hashlib.sha256(data + hashlib.sha256(nonce).digest()).digest()
        extension = der(0x30, explicit(1, der(0x04, attested)))
        leaf = certify(issuer, self.key, NONCE_EXTENSION, extension)
        statement = {"x5c": [leaf, between], "receipt": b"a receipt"}
        octets = cbor2.dumps({"fmt": FORMAT, "attStmt": statement, "authData": data})
        return AppAttestEvidence(octets, self.key_id)

    def assertion(self, client_data: bytes, counter: int) -> Assertion:
        data = self._head(counter)
        nonce = hashlib.sha256(data + hashlib.sha256(client_data).digest()).digest()
        signature = self.key.sign(nonce, ec.ECDSA(SHA256()))
        octets = cbor2.dumps({"signature": signature, "authenticatorData": data})
        return Assertion(octets, client_data)

    def _head(self, counter: int) -> bytes:
        return (
            hashlib.sha256(self.application.encode()).digest()
            + b"\x40"
            + counter.to_bytes(4, "big")
        )


def certify(
    issuer: Maker,
    key: ec.EllipticCurvePrivateKey,
    *extension: x509.ObjectIdentifier | bytes,
    serial: int | None = None,
) -> bytes:
    """Return a leaf certificate with one extension of these bytes."""
    oid, octets = extension
    assert isinstance(oid, x509.ObjectIdentifier)
    assert isinstance(octets, bytes)
    begins = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .serial_number(serial or x509.random_serial_number())
        .issuer_name(issuer.name)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A key")]))
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=3))
        .public_key(key.public_key())
        .add_extension(x509.UnrecognizedExtension(oid, octets), critical=False)
    )
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def flipped(octets: bytes, places: Iterable[int]) -> bytes:
    """Return other bytes."""
    changed = bytearray(octets)
    for place in places:
        changed[place] ^= 1
    return bytes(changed)
