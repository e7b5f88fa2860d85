"""The endorsement key: which TPM it is, by the certificate its maker gave it.

TCG EK Credential Profile 2.5 and RFC 5280. Makers' certificates follow the TCG's profile, not
the web's, so the path is checked here by the few rules of RFC 5280 §6 that both share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.structures import (
    ALG_AES,
    ALG_CFB,
    ALG_SHA256,
    ObjectAttributes,
    PublicArea,
    RsaPublic,
    read_public_area,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# A maker's chain is a root, at most two intermediates and the certificate.
CHAIN_CERTIFICATES_MAX = 4
# The largest endorsement certificate seen is under 2 KiB; NV memory holds little more.
CERTIFICATE_BYTES_MAX = 4096

EK_CERTIFICATE_USAGE = x509.ObjectIdentifier("2.23.133.8.1")  # tcg-kp-EKCertificate
_UNDERSTOOD_CRITICAL = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,  # critical by the TCG's profile: it names maker and model
)

# What cryptography raises for bytes that are no certificate; half of these are no ValueError.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

# Template L-1 of the EK Credential Profile (annex B.3.3): RSA-2048, AES-128-CFB, SHA-256.
EK_KEY_BITS = 2048
EK_POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
EK_SYMMETRIC = (ALG_AES, 128, ALG_CFB)
EK_ATTRIBUTES = (
    ObjectAttributes.FIXED_TPM
    | ObjectAttributes.FIXED_PARENT
    | ObjectAttributes.SENSITIVE_DATA_ORIGIN
    | ObjectAttributes.ADMIN_WITH_POLICY
    | ObjectAttributes.RESTRICTED
    | ObjectAttributes.DECRYPT
)


@dataclass(frozen=True, slots=True)
class UnverifiedEndorsement:
    """What a device sends: its certificate, those between it and a root (DER), and TPMT_PUBLIC."""

    certificate: bytes = field(repr=False)
    intermediates: tuple[bytes, ...] = field(repr=False)
    public_area: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndorsementKey:
    """An endorsement key that a trusted maker certified. It identifies one TPM for ever.

    Keep no more of it than the enrolment needs.
    """

    key: rsa.RSAPublicKey = field(repr=False, compare=False)


def verify_endorsement(
    claim: UnverifiedEndorsement, roots: Sequence[x509.Certificate], now_seconds: int
) -> EndorsementKey:
    """Follow the certificate to a pinned root and compare its key with the TPM's public area.

    Raises:
        AttestationRefusedError: FORMAT, ENDORSEMENT_CHAIN, ENDORSEMENT_KEY.
    """
    if len(claim.intermediates) > CHAIN_CERTIFICATES_MAX - 2:
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "too many certificates")
    leaf = _load(claim.certificate)
    between = [_load(octets) for octets in claim.intermediates]
    _check_path([leaf, *between], roots, datetime.fromtimestamp(now_seconds, UTC))
    _check_leaf(leaf)
    certified = leaf.public_key()
    if not isinstance(certified, rsa.RSAPublicKey):
        raise AttestationRefusedError(Reason.ENDORSEMENT_KEY, "not an RSA key")
    _check_public_area(read_public_area(claim.public_area), certified.public_numbers())
    return EndorsementKey(certified)


def _load(octets: bytes) -> x509.Certificate:
    if len(octets) > CERTIFICATE_BYTES_MAX:
        raise AttestationRefusedError(Reason.FORMAT, "a certificate is too long")
    try:
        certificate = x509.load_der_x509_certificate(octets)
        # Parsed lazily: what is malformed inside must say so here.
        _ = (certificate.extensions, certificate.public_key(), certificate.issuer)
        whole = certificate.public_bytes(Encoding.DER) == octets
    except _UNREADABLE as error:
        raise AttestationRefusedError(Reason.FORMAT, "not a certificate") from error
    if not whole:
        raise AttestationRefusedError(Reason.FORMAT, "bytes follow the certificate")
    return certificate


def _check_path(
    chain: list[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> None:
    for depth, certificate in enumerate(chain):
        _check_dates_and_extensions(certificate, now)
        if depth:
            _check_authority(certificate, authorities_beneath=depth - 1)
    for certificate, issuer in pairwise(chain):
        if not _issued(certificate, issuer):
            raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "a link does not hold")
    if not any(_issued(chain[-1], root) and _current(root, now) for root in roots):
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "no pinned root issued it")


def _check_dates_and_extensions(certificate: x509.Certificate, now: datetime) -> None:
    if not _current(certificate, now):
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "a certificate is out of its time")
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, _UNDERSTOOD_CRITICAL):
            trace = f"critical extension {extension.oid.dotted_string}"
            raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, trace)


def _check_authority(certificate: x509.Certificate, authorities_beneath: int) -> None:
    """RFC 5280 §6.1.4 (k) to (n): it may issue, and so many authorities may stand beneath it."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "not an authority") from error
    too_long = constraints.path_length is not None and authorities_beneath > constraints.path_length
    if not constraints.ca or not usage.key_cert_sign or too_long:
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "may not issue this")


def _check_leaf(leaf: x509.Certificate) -> None:
    """Only an endorsement certificate counts; a maker's root also issues others."""
    try:
        usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as error:
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "names no usage") from error
    if EK_CERTIFICATE_USAGE not in usages:
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "not for an endorsement key")


def _check_public_area(area: PublicArea, certified: rsa.RSAPublicNumbers) -> None:
    key = area.key
    standard = (
        isinstance(key, RsaPublic)
        and area.name_algorithm == ALG_SHA256
        and area.attributes == EK_ATTRIBUTES
        and area.policy == EK_POLICY
        and (key.symmetric, key.key_bits) == (EK_SYMMETRIC, EK_KEY_BITS)
    )
    if not standard:
        raise AttestationRefusedError(Reason.ENDORSEMENT_KEY, "not the standard template")
    assert isinstance(key, RsaPublic)
    if (int.from_bytes(key.modulus, "big"), key.exponent) != (certified.n, certified.e):
        raise AttestationRefusedError(Reason.ENDORSEMENT_KEY, "not the certificate's key")


def _current(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
