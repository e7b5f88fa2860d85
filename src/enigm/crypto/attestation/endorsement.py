"""The endorsement key: which TPM it is, by the certificate its maker gave it.

TCG EK Credential Profile 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from enigm.crypto.attestation.certificates import check_path, load_certificate
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
INTERMEDIATES_MAX = 2

EK_CERTIFICATE_USAGE = x509.ObjectIdentifier("2.23.133.8.1")  # tcg-kp-EKCertificate
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
    if len(claim.intermediates) > INTERMEDIATES_MAX:
        raise AttestationRefusedError(Reason.ENDORSEMENT_CHAIN, "too many certificates")
    chain = [load_certificate(octets) for octets in (claim.certificate, *claim.intermediates)]
    check_path(chain, roots, now_seconds, Reason.ENDORSEMENT_CHAIN)
    leaf = chain[0]
    _check_leaf(leaf)
    certified = leaf.public_key()
    if not isinstance(certified, rsa.RSAPublicKey):
        raise AttestationRefusedError(Reason.ENDORSEMENT_KEY, "not an RSA key")
    _check_public_area(read_public_area(claim.public_area), certified.public_numbers())
    return EndorsementKey(certified)


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
