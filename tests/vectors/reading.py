"""Reading the fields of official vectors."""

from __future__ import annotations

from typing import Any

from enigm.crypto.mls.ciphersuite import Suite, SuiteTable
from enigm.crypto.mls.codec import u16
from enigm.crypto.mls.member.identity import KeyPackageBundle

Vector = dict[str, Any]

SUITES = SuiteTable.standard()
ED25519_SEED_BYTES = 32
KEY_PACKAGE_MESSAGE = u16(1) + u16(5)


def raw(text: str) -> bytes:
    """Return the bytes of a hexadecimal field."""
    return bytes.fromhex(text)


def is_offered(vector: Vector) -> bool:
    """Tell whether a vector's cipher suite is one of ours; some kinds name none."""
    number = vector.get("cipher_suite")
    return number is None or number in SUITES.numbers


def suite_of(vector: Vector) -> Suite:
    """Return a vector's cipher suite."""
    return SUITES.find(vector["cipher_suite"])


def ed25519_seed(text: str) -> bytes:
    """Return a signature private key: Ed25519 fields hold the seed and then the public key."""
    return raw(text)[:ED25519_SEED_BYTES]


def bundle_of(
    vector: Vector, *, encryption_private: bytes, signature_private: bytes
) -> KeyPackageBundle:
    """Return the joiner's key package with its private keys."""
    return KeyPackageBundle(
        suite_of(vector),
        raw(vector["key_package"]).removeprefix(KEY_PACKAGE_MESSAGE),
        raw(vector["init_priv"]),
        encryption_private,
        signature_private,
    )
