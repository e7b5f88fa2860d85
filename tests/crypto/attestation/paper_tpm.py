"""A TPM on paper: evidence of the right form, made with keys that a test holds.

With it a test can forge what a real TPM would never sign, and runs where there is no TPM.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from enigm.crypto.attestation.attestation_key import AttestationKey, recall_attestation_key
from enigm.crypto.attestation.endorsement import (
    EK_ATTRIBUTES,
    EK_CERTIFICATE_USAGE,
    EK_POLICY,
    UnverifiedEndorsement,
)
from enigm.crypto.attestation.quote import PCRS, UnverifiedQuote
from enigm.crypto.attestation.structures import (
    ALG_ECDSA,
    ALG_SHA256,
    MAGIC_GENERATED,
    STRUCTURE_QUOTE,
    ObjectAttributes,
)

NOW = 1_795_000_000
SIGNING = (
    ObjectAttributes.FIXED_TPM
    | ObjectAttributes.FIXED_PARENT
    | ObjectAttributes.SENSITIVE_DATA_ORIGIN
    | ObjectAttributes.USER_WITH_AUTH
    | ObjectAttributes.RESTRICTED
    | ObjectAttributes.SIGN
)


def sized(octets: bytes) -> bytes:
    """Return a TPM2B."""
    return struct.pack(">H", len(octets)) + octets


def selection(pcrs: tuple[int, ...], algorithm: int = ALG_SHA256) -> bytes:
    """Return a TPML_PCR_SELECTION of one bank."""
    bitmap = sum(1 << index for index in pcrs).to_bytes(3, "little")
    return struct.pack(">IHB", 1, algorithm, 3) + bitmap


@dataclass
class PaperTpm:
    """An attestation key and registers, wholly in a test's hands."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    registers: dict[int, bytes] = field(
        default_factory=lambda: {i: hashlib.sha256(bytes([i])).digest() for i in range(24)}
    )

    def public_area(
        self, attributes: int = SIGNING, *, scheme: int = ALG_ECDSA, curve: int = 3
    ) -> bytes:
        point = self.key.public_key().public_numbers()
        return (
            struct.pack(">HHI", 0x0023, ALG_SHA256, attributes)
            + sized(b"")
            + struct.pack(">HHHHH", 0x0010, scheme, ALG_SHA256, curve, 0x0010)
            + sized(point.x.to_bytes(32, "big"))
            + sized(point.y.to_bytes(32, "big"))
        )

    def accepted_key(self) -> AttestationKey:
        return recall_attestation_key(self.public_area())

    def quote(self, nonce: bytes, pcrs: tuple[int, ...] = PCRS) -> UnverifiedQuote:
        values = {index: self.registers[index] for index in pcrs}
        return self.signed(self.attest(nonce, pcrs), values)

    def attest(
        self, nonce: bytes, pcrs: tuple[int, ...] = PCRS, *, magic: int = MAGIC_GENERATED
    ) -> bytes:
        digest = hashlib.sha256(b"".join(self.registers[index] for index in pcrs)).digest()
        return (
            struct.pack(">IH", magic, STRUCTURE_QUOTE)
            + sized(b"\x00\x0b" + bytes(32))
            + sized(nonce)
            + struct.pack(">QIIBQ", 1000, 7, 2, 1, 99)
            + selection(pcrs)
            + sized(digest)
        )

    def signed(self, attest: bytes, values: dict[int, bytes]) -> UnverifiedQuote:
        return UnverifiedQuote(attest, self.signature(attest), values)

    def signature(self, attest: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.sign(attest, ec.ECDSA(SHA256())))
        numbers = sized(r.to_bytes(32, "big")) + sized(s.to_bytes(32, "big"))
        return struct.pack(">HH", ALG_ECDSA, ALG_SHA256) + numbers


def endorsement_public_area(
    key: rsa.RSAPublicKey, attributes: int = EK_ATTRIBUTES, policy: bytes = EK_POLICY
) -> bytes:
    """Return the standard template around a key."""
    return (
        struct.pack(">HHI", 0x0001, ALG_SHA256, attributes)
        + sized(policy)
        + struct.pack(">HHHHHI", 0x0006, 128, 0x0043, 0x0010, 2048, 0)
        + sized(key.public_numbers().n.to_bytes(256, "big"))
    )


class Maker:
    """One who makes TPMs: a root authority that certifies endorsement keys."""

    def __init__(self, name: str = "A maker") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.root = self._root(self.key, self.name)

    def endorse(
        self,
        key: rsa.RSAPublicKey,
        *,
        usage: x509.ObjectIdentifier | None = EK_CERTIFICATE_USAGE,
        lasts_days: int = 3650,
        extra: x509.ExtensionType | None = None,
    ) -> bytes:
        """Return a DER certificate for an endorsement key."""
        builder = _dated(lasts_days).issuer_name(self.name).subject_name(x509.Name([]))
        builder = builder.public_key(key).add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if extra is not None:
            builder = builder.add_extension(extra, critical=True)
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def subordinate(self, *, may_issue: bool = True) -> tuple[Maker, bytes]:
        """Return another issuer and its certificate by this one."""
        other = Maker("Another of the same maker")
        builder = _dated(3650).issuer_name(self.name).subject_name(other.name)
        builder = builder.public_key(other.key.public_key())
        builder = _as_authority(builder, may_issue=may_issue)
        return other, builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def claim(self, key: rsa.RSAPrivateKey, *intermediates: bytes) -> UnverifiedEndorsement:
        public = key.public_key()
        return UnverifiedEndorsement(
            self.endorse(public), intermediates, endorsement_public_area(public)
        )

    @staticmethod
    def _root(key: ec.EllipticCurvePrivateKey, name: x509.Name) -> x509.Certificate:
        builder = _dated(3650).issuer_name(name).subject_name(name).public_key(key.public_key())
        return _as_authority(builder, may_issue=True).sign(key, SHA256())


def _dated(lasts_days: int) -> x509.CertificateBuilder:
    begins = datetime.fromtimestamp(NOW, UTC) - timedelta(days=30)
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=lasts_days))
    )


def _as_authority(builder: x509.CertificateBuilder, *, may_issue: bool) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=not may_issue,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=may_issue,
        crl_sign=may_issue,
        encipher_only=False,
        decipher_only=False,
    )
    constraints = x509.BasicConstraints(ca=may_issue, path_length=1 if may_issue else None)
    return builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)


def event_log(events: list[tuple[int, int, bytes]]) -> bytes:
    """Return a crypto-agile log of (register, kind, description), each measured as it stands."""
    spec = b"Spec ID Event03\x00" + struct.pack("<IBBBBI", 0, 0, 2, 0, 2, 1)
    spec += struct.pack("<HH", ALG_SHA256, 32) + b"\x00"
    log = struct.pack("<II", 0, 3) + bytes(20) + struct.pack("<I", len(spec)) + spec
    for pcr, kind, description in events:
        log += struct.pack("<IIIH", pcr, kind, 1, ALG_SHA256)
        log += hashlib.sha256(description).digest()
        log += struct.pack("<I", len(description)) + description
    return log
