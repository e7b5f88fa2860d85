"""Key packages: what a client publishes so that others can add it (RFC 9420 §10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.codec import opaque, read_whole, u16
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import (
    NOT_IN_KEY_PACKAGE,
    Extension,
    check_places,
    encode_extensions,
    read_extensions,
)
from enigm.crypto.mls.leaf_node import (
    LeafNode,
    LeafSource,
    check_leaf_form,
)

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.codec import Reader
    from enigm.crypto.mls.leaf_node import LifetimeCheck

_LABEL = b"KeyPackageTBS"
_REFERENCE_LABEL = b"MLS 1.0 KeyPackage Reference"


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """A key package whose signatures, form and lifetime were verified."""

    suite_number: int
    init_key: bytes
    leaf: LeafNode
    extensions: tuple[Extension, ...]
    encoded: bytes = field(repr=False)

    def reference(self, suite: Suite) -> bytes:
        """Return its KeyPackageRef (§5.2)."""
        return suite.ref_hash(_REFERENCE_LABEL, self.encoded)


@dataclass(frozen=True, slots=True)
class UnverifiedKeyPackage:
    """A key package as it came: decoded, and nothing more."""

    version: int
    suite_number: int
    init_key: bytes
    leaf: LeafNode
    extensions: tuple[Extension, ...]
    signature: bytes = field(repr=False)
    encoded: bytes = field(repr=False)
    signed_length: int = field(repr=False)

    @staticmethod
    def read(reader: Reader) -> UnverifiedKeyPackage:
        """Read a key package."""
        start = reader.position
        version = reader.u16()
        suite_number = reader.u16()
        init_key = reader.opaque()
        leaf = LeafNode.read(reader)
        extensions = read_extensions(reader)
        signed_length = reader.position - start
        signature = reader.opaque()
        encoded = reader.since(start)
        return UnverifiedKeyPackage(
            version, suite_number, init_key, leaf, extensions, signature, encoded, signed_length
        )

    @staticmethod
    def decode(encoded: bytes) -> UnverifiedKeyPackage:
        """Decode a bare KeyPackage."""
        return read_whole(encoded, UnverifiedKeyPackage.read)

    def reference(self, suite: Suite) -> bytes:
        """Return its KeyPackageRef (§5.2)."""
        return suite.ref_hash(_REFERENCE_LABEL, self.encoded)

    def verify(self, suite: Suite, lifetimes: LifetimeCheck | None) -> KeyPackage:
        """Check everything that needs no group (§10.1).

        Args:
            suite: the group's.
            lifetimes: judges the lifetime; None where that was done before.
        """
        if self.version != VERSION_MLS10:
            raise refusal(Rule.KEY_PACKAGE_VERSION)
        if self.suite_number != suite.number:
            raise refusal(Rule.KEY_PACKAGE_SUITE)
        if self.leaf.source != LeafSource.KEY_PACKAGE:
            raise refusal(Rule.KEY_PACKAGE_SOURCE)
        if self.init_key == self.leaf.encryption_key:
            raise refusal(Rule.KEY_PACKAGE_INIT_KEY)
        self._check_keys_and_extensions(suite)
        if lifetimes is not None:
            lifetimes.check(self.leaf)
        signed = self.encoded[: self.signed_length]
        if not suite.verifies(self.leaf.signature_key, _LABEL, signed, self.signature):
            raise refusal(Rule.KEY_PACKAGE_SIGNATURE)
        if not self.leaf.signature_holds(suite, b""):
            raise refusal(Rule.LEAF_SIGNATURE)
        return KeyPackage(
            self.suite_number, self.init_key, self.leaf, self.extensions, self.encoded
        )

    def _check_keys_and_extensions(self, suite: Suite) -> None:
        check_leaf_form(self.leaf, suite)
        for extension in self.extensions:
            if not self.leaf.capabilities.supports_extension(extension.kind):
                raise refusal(Rule.KEY_PACKAGE_EXTENSION)
        check_places(self.extensions, NOT_IN_KEY_PACKAGE)
        suite.check_public_key(self.init_key)
        suite.check_public_key(self.leaf.encryption_key)


def sign_key_package(
    suite: Suite,
    signature_private: bytes,
    init_key: bytes,
    leaf: LeafNode,
    extensions: tuple[Extension, ...] = (),
) -> KeyPackage:
    """Make and sign a key package (§10)."""
    signed = b"".join(
        (
            u16(VERSION_MLS10),
            u16(suite.number),
            opaque(init_key),
            leaf.encoded,
            encode_extensions(extensions),
        )
    )
    signature = suite.sign_with_label(signature_private, _LABEL, signed)
    return KeyPackage(suite.number, init_key, leaf, extensions, signed + opaque(signature))
