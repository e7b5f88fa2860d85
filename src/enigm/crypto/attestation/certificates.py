"""Certificate chains of devices' makers, checked to pinned roots.

Makers follow profiles of their own (TCG, Android, Apple), not the web's, so the path is checked
here by the few rules of RFC 5280 §6 that all of them share.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from enigm.crypto.attestation.errors import AttestationRefusedError, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

# The largest certificate of a device seen is under 2 KiB; a TPM's NV memory holds little more.
CERTIFICATE_BYTES_MAX = 4096

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


def load_certificate(octets: bytes) -> x509.Certificate:
    """Read one DER certificate, wholly; raises AttestationRefusedError FORMAT."""
    if len(octets) > CERTIFICATE_BYTES_MAX:
        raise AttestationRefusedError(Reason.FORMAT, "a certificate is too long")
    try:
        certificate = x509.load_der_x509_certificate(octets)
        # Parsed lazily: what is malformed inside must say so here.
        _ = (certificate.extensions, certificate.public_key(), certificate.issuer)
        whole = certificate.public_bytes(Encoding.DER) == octets
        # The certificate ends with its signature, a BIT STRING whose first octet counts unused
        # bits. A signature is whole octets: another count would be a second form of the same.
        unused_bits = octets[-len(certificate.signature) - 1]
    except _UNREADABLE as error:
        raise AttestationRefusedError(Reason.FORMAT, "not a certificate") from error
    if not whole or unused_bits:
        raise AttestationRefusedError(Reason.FORMAT, "another form of the certificate")
    return certificate


def check_path(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now_seconds: int,
    reason: Reason,
) -> None:
    """Return if the chain, leaf first and without the root, leads to one of the pinned roots.

    A pinned root counts by its key and name (RFC 5280 §6.1.1 (d)): who pins it decides how long.

    Raises:
        AttestationRefusedError: with the reason given, and a trace of what did not hold.
    """
    now = datetime.fromtimestamp(now_seconds, UTC)
    for depth, certificate in enumerate(chain):
        trace = _fault(certificate, now) or (_authority_fault(certificate, depth) if depth else "")
        if trace:
            raise AttestationRefusedError(reason, trace)
    if not all(_issued(certificate, issuer) for certificate, issuer in pairwise(chain)):
        raise AttestationRefusedError(reason, "a link does not hold")
    if not chain or not any(_issued(chain[-1], root) for root in roots):
        raise AttestationRefusedError(reason, "no pinned root issued it")


def without_root(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """Return the chain without a root that its sender put at the end; the pinned one counts."""
    pinned = {_key(root) for root in roots}
    return list(chain[:-1] if chain and _key(chain[-1]) in pinned else chain)


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _fault(certificate: x509.Certificate, now: datetime) -> str:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return "a certificate is out of its time"
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, _UNDERSTOOD_CRITICAL):
            return f"critical extension {extension.oid.dotted_string}"
    return ""


def _authority_fault(certificate: x509.Certificate, depth: int) -> str:
    """RFC 5280 §6.1.4 (k) to (n): it may issue, and so many authorities may stand beneath it."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return "not an authority"
    beneath = depth - 1
    too_long = constraints.path_length is not None and beneath > constraints.path_length
    if not constraints.ca or not usage.key_cert_sign or too_long:
        return "may not issue this"
    return ""


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
