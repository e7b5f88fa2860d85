"""A client's own keys: its identity, and the key packages by which others add it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.ciphersuite import AES128, VERSION_MLS10, Suite, SuiteTable
from enigm.crypto.mls.codec import Reader, opaque, read_whole, u16
from enigm.crypto.mls.credential import BASIC, X509, Credential
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import POLICY, Extension
from enigm.crypto.mls.framing import WireFormat
from enigm.crypto.mls.key_package import UnverifiedKeyPackage, sign_key_package
from enigm.crypto.mls.leaf_node import (
    Capabilities,
    LeafContent,
    LeafOrigin,
    LeafSource,
    Lifetime,
    sign_leaf,
)
from enigm.crypto.mls.messages import encode_message

if TYPE_CHECKING:
    from enigm.crypto.mls.member.needs import Needs
    from enigm.foundation.entropy import Entropy

# Long enough for a device that is rarely online to be added, short enough that a forgotten
# device's packages die within a season.
KEY_PACKAGE_LIFETIME_SECONDS = 90 * 24 * 3600
_BUNDLE_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """A credential with the signature key it vouches for.

    Args:
        credential: who we say we are.
        signature_private: the raw private key (Ed25519: the 32-byte seed).
        signature_public: its public half.
    """

    credential: Credential
    signature_private: bytes = field(repr=False)
    signature_public: bytes

    @staticmethod
    def generate(entropy: Entropy, credential: Credential, suite: Suite = AES128) -> Identity:
        """Make a fresh signature key; all of Enigm's suites sign with Ed25519."""
        key = suite.signatures.generate(entropy)
        return Identity(credential, key.private, key.public)


@dataclass(frozen=True, slots=True)
class LeafOptions:
    """What a client says in its leaf beyond its identity.

    Args:
        lifetime_seconds: of a key package.
        extensions: of the leaf, such as an application id.
        extension_kinds: extension types beyond the RFC's that the client supports.
        proposal_kinds: proposal types beyond the RFC's that the client supports.
        credential_kinds: credential types that the client supports, its own aside.
    """

    lifetime_seconds: int = KEY_PACKAGE_LIFETIME_SECONDS
    extensions: tuple[Extension, ...] = ()
    extension_kinds: tuple[int, ...] = (POLICY,)
    proposal_kinds: tuple[int, ...] = ()
    credential_kinds: tuple[int, ...] = (BASIC, X509)


def leaf_content(identity: Identity, suites: SuiteTable, options: LeafOptions) -> LeafContent:
    """Return what a client's leaf says about it."""
    capabilities = Capabilities(
        (VERSION_MLS10,),
        suites.numbers,
        options.extension_kinds,
        options.proposal_kinds,
        tuple(dict.fromkeys((*options.credential_kinds, identity.credential.kind))),
    )
    return LeafContent(
        identity.signature_public, identity.credential, capabilities, options.extensions
    )


@dataclass(frozen=True, slots=True, eq=False)
class KeyPackageBundle:
    """A key package with its private keys: to be used for one Welcome, then deleted."""

    suite: Suite
    encoded: bytes = field(repr=False)
    init_private: bytes = field(repr=False)
    encryption_private: bytes = field(repr=False)
    signature_private: bytes = field(repr=False)

    @property
    def message(self) -> bytes:
        """The MLSMessage to publish."""
        return encode_message(WireFormat.KEY_PACKAGE, self.encoded)

    @property
    def reference(self) -> bytes:
        """The KeyPackageRef by which a Welcome names it."""
        return self.package.reference(self.suite)

    @property
    def package(self) -> UnverifiedKeyPackage:
        """The key package, decoded."""
        return UnverifiedKeyPackage.decode(self.encoded)

    def serialize(self) -> bytes:
        """Return the bundle, private keys and all, for the client's own encrypted store."""
        parts = (
            self.encoded,
            self.init_private,
            self.encryption_private,
            self.signature_private,
        )
        return u16(_BUNDLE_VERSION) + u16(self.suite.number) + b"".join(map(opaque, parts))

    @staticmethod
    def restore(stored: bytes, suites: SuiteTable) -> KeyPackageBundle:
        """Read a serialized bundle."""

        def read(reader: Reader) -> KeyPackageBundle:
            if reader.u16() != _BUNDLE_VERSION:
                raise refusal(Rule.STATE_FORMAT)
            suite = suites.find(reader.u16())
            return KeyPackageBundle(
                suite, reader.opaque(), reader.opaque(), reader.opaque(), reader.opaque()
            )

        return read_whole(stored, read)


def new_key_package(
    needs: Needs, suite: Suite, identity: Identity, options: LeafOptions | None = None
) -> KeyPackageBundle:
    """Make a fresh key package (§10)."""
    chosen = options or LeafOptions()
    init = suite.hpke.generate_key_pair(needs.entropy)
    encryption = suite.hpke.generate_key_pair(needs.entropy)
    lifetime = Lifetime.starting(needs.clock.now_seconds(), chosen.lifetime_seconds)
    leaf = sign_leaf(
        suite,
        identity.signature_private,
        encryption.public,
        leaf_content(identity, needs.suites, chosen),
        LeafOrigin(LeafSource.KEY_PACKAGE, lifetime),
    )
    package = sign_key_package(suite, identity.signature_private, init.public, leaf)
    return KeyPackageBundle(
        suite,
        package.encoded,
        init.private,
        encryption.private,
        identity.signature_private,
    )
