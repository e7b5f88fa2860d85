"""Reading the fields of official vectors."""

from __future__ import annotations

from typing import Any

from enigm.crypto.mls.ciphersuite import Suite, SuiteTable
from enigm.crypto.mls.codec import u16
from enigm.crypto.mls.member.identity import KeyPackageBundle
from enigm.crypto.signatures import Ed25519
from tests.vectors.further_suites import FURTHER_SUITES

Vector = dict[str, Any]

SUITES = SuiteTable.standard()
for further in FURTHER_SUITES:
    SUITES.register(further)
# A field holds the seed and then the public key.
ED25519_SEED_BYTES = 32
KEY_PACKAGE_MESSAGE = u16(1) + u16(5)


def raw(text: str) -> bytes:
    """Return the bytes of a hexadecimal field."""
    return bytes.fromhex(text)


def suite_of(vector: Vector) -> Suite:
    """Return a vector's cipher suite."""
    return SUITES.find(vector["cipher_suite"])


def signature_private(vector: Vector, text: str) -> bytes:
    """Return a signature private key as the suite's scheme takes it."""
    private = raw(text)
    is_ed25519 = isinstance(suite_of(vector).signatures, Ed25519)
    return private[:ED25519_SEED_BYTES] if is_ed25519 else private


def bundle_of(
    vector: Vector, *, encryption_private: bytes, signing_private: bytes
) -> KeyPackageBundle:
    """Return the joiner's key package with its private keys."""
    return KeyPackageBundle(
        suite_of(vector),
        raw(vector["key_package"]).removeprefix(KEY_PACKAGE_MESSAGE),
        raw(vector["init_priv"]),
        encryption_private,
        signing_private,
    )
