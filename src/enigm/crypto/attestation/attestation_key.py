"""The key that signs quotes: what it must be, and how it is shown to live in a known TPM."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from enigm.crypto import kdf
from enigm.crypto.attestation.credential import SECRET_BYTES, make_credential
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.structures import (
    ALG_ECDSA,
    ALG_SHA256,
    CURVE_P256,
    EccPublic,
    ObjectAttributes,
    read_public_area,
)

if TYPE_CHECKING:
    from enigm.crypto.attestation.endorsement import EndorsementKey
    from enigm.foundation.entropy import Entropy

_POINT_BYTES_MAX = 32
_REQUIRED = (
    ObjectAttributes.FIXED_TPM
    | ObjectAttributes.FIXED_PARENT
    | ObjectAttributes.SENSITIVE_DATA_ORIGIN
    | ObjectAttributes.RESTRICTED
    | ObjectAttributes.SIGN
)
# A restricted key that could also decrypt or make X.509 certificates would sign foreign bytes.
_FORBIDDEN = ObjectAttributes.DECRYPT | ObjectAttributes.X509_SIGN


@dataclass(frozen=True, slots=True)
class CheckedKey:
    """A public area of the right form. Nothing yet shows that it lives in any TPM."""

    public_area: bytes = field(repr=False)
    name: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AttestationKey:
    """A key that was shown to live in an endorsed TPM: its quotes can be believed."""

    name: bytes = field(repr=False)
    public_area: bytes = field(repr=False)
    point: ec.EllipticCurvePublicKey = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What to send to the device: TPMS_ID_OBJECT and the encrypted seed, each without length."""

    credential: bytes
    encrypted_seed: bytes


@dataclass(frozen=True, slots=True, eq=False)
class PendingActivation:
    """What the verifier keeps until the device answers the challenge; it is answered once."""

    public_area: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    def finish(self, answer: bytes) -> AttestationKey:
        """Accept the key if the device opened the secret; raises AttestationRefusedError."""
        if not kdf.equal(self.secret, answer):
            raise AttestationRefusedError(Reason.ACTIVATION)
        return recall_attestation_key(self.public_area)


def check_attestation_key(public_area: bytes) -> CheckedKey:
    """Check a claimed key's public area.

    ECDSA with SHA-256 on P-256, made in the TPM, never to leave it, and restricted: such a key
    signs only what the TPM itself made (Part 1 §25.1.2).

    Raises:
        AttestationRefusedError: FORMAT, KEY_ATTRIBUTES.
    """
    area = read_public_area(public_area)
    key = area.key
    if not isinstance(key, EccPublic) or area.name_algorithm != ALG_SHA256:
        raise AttestationRefusedError(Reason.KEY_ATTRIBUTES, "not an ECC key named by SHA-256")
    if (key.scheme, key.scheme_hash, key.curve) != (ALG_ECDSA, ALG_SHA256, CURVE_P256):
        raise AttestationRefusedError(Reason.KEY_ATTRIBUTES, "not ECDSA with SHA-256 on P-256")
    attributes = ObjectAttributes(area.attributes)
    if attributes & _REQUIRED != _REQUIRED or attributes & _FORBIDDEN:
        raise AttestationRefusedError(Reason.KEY_ATTRIBUTES, f"attributes {area.attributes:#010x}")
    _point(key)
    return CheckedKey(public_area, key_name(public_area))


def challenge_key(
    endorsement: EndorsementKey, key: CheckedKey, entropy: Entropy
) -> tuple[Challenge, PendingActivation]:
    """Ask the TPM behind the endorsement key to show that it holds this attestation key."""
    secret = entropy.random_bytes(SECRET_BYTES)
    credential, seed = make_credential(endorsement.key, key.name, secret, entropy)
    return Challenge(credential, seed), PendingActivation(key.public_area, secret)


def recall_attestation_key(public_area: bytes) -> AttestationKey:
    """Load a key that an earlier activation accepted and the caller's own records kept.

    Raises:
        AttestationRefusedError: FORMAT, KEY_ATTRIBUTES.
    """
    checked = check_attestation_key(public_area)
    key = read_public_area(public_area).key
    assert isinstance(key, EccPublic)
    return AttestationKey(checked.name, public_area, _point(key))


def key_name(public_area: bytes) -> bytes:
    """Return the key's name: its hash's identifier, then the hash (Part 1 §16)."""
    return ALG_SHA256.to_bytes(2, "big") + hashlib.sha256(public_area).digest()


def _point(key: EccPublic) -> ec.EllipticCurvePublicKey:
    if max(len(key.x), len(key.y)) > _POINT_BYTES_MAX:
        raise AttestationRefusedError(Reason.FORMAT, "a coordinate is longer than the curve's")
    x, y = int.from_bytes(key.x, "big"), int.from_bytes(key.y, "big")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise AttestationRefusedError(Reason.FORMAT, "not a point of the curve") from error
