"""Leaf nodes: a member's keys, credential and capabilities, signed (RFC 9420 §7.2, §7.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from enigm.crypto.mls.ciphersuite import VERSION_MLS10
from enigm.crypto.mls.codec import Reader, opaque, read_whole, u8, u16_vector, u32, u64
from enigm.crypto.mls.credential import Credential
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.extensions import (
    DEFAULT_KINDS,
    NOT_IN_LEAF,
    Extension,
    check_places,
    encode_extensions,
    read_extensions,
    required_capabilities,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.crypto.mls.ciphersuite import Suite

# RFC 9420 §12.1: Add to GroupContextExtensions; supported by all and never listed.
DEFAULT_PROPOSAL_KINDS = frozenset(range(1, 8))
# RFC 9420 §7.2: an application caps the lifetime of leaves. Half a year covers a device that
# publishes key packages rarely.
LIFETIME_SECONDS_MAX = 184 * 24 * 3600
LIFETIME_UNLIMITED = 2**64
# Clocks of honest devices differ; the RFC advises to date a lifetime's start back.
CLOCK_MARGIN_SECONDS = 3600

_CAPABILITIES_CACHED = 512
_LEAF_LABEL = b"LeafNodeTBS"


class LeafSource(IntEnum):
    """How a leaf came to be (§7.2)."""

    KEY_PACKAGE = 1
    UPDATE = 2
    COMMIT = 3


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a client supports (§7.2)."""

    versions: tuple[int, ...]
    suites: tuple[int, ...]
    extension_kinds: tuple[int, ...]
    proposal_kinds: tuple[int, ...]
    credential_kinds: tuple[int, ...]

    def encoded(self) -> bytes:
        """Return the wire form."""
        return b"".join(
            u16_vector(numbers)
            for numbers in (
                self.versions,
                self.suites,
                self.extension_kinds,
                self.proposal_kinds,
                self.credential_kinds,
            )
        )

    def supports_extension(self, kind: int) -> bool:
        """Tell whether the client understands an extension type."""
        return kind in DEFAULT_KINDS or kind in self.extension_kinds

    def supports_proposal(self, kind: int) -> bool:
        """Tell whether the client understands a proposal type."""
        return kind in DEFAULT_PROPOSAL_KINDS or kind in self.proposal_kinds


@lru_cache(maxsize=_CAPABILITIES_CACHED)
def _capabilities(encoded: bytes) -> Capabilities:
    """Decode once: most members of a group have the same capabilities, byte for byte."""
    return read_whole(
        encoded,
        lambda reader: Capabilities(
            reader.u16_vector(),
            reader.u16_vector(),
            reader.u16_vector(),
            reader.u16_vector(),
            reader.u16_vector(),
        ),
    )


def read_capabilities(reader: Reader) -> Capabilities:
    """Read capabilities: five vectors of numbers."""
    start = reader.position
    for _ in range(5):
        reader.opaque()
    return _capabilities(reader.since(start))


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a key package's leaf may be used, in Unix seconds."""

    not_before: int
    not_after: int

    @staticmethod
    def starting(now_seconds: int, length_seconds: int) -> Lifetime:
        """Return a lifetime from now, dated back by the clock margin."""
        return Lifetime(now_seconds - CLOCK_MARGIN_SECONDS, now_seconds + length_seconds)


@dataclass(frozen=True, slots=True)
class LeafNode:
    """A leaf as read or as made. Its own bytes are kept: hashes and signatures are over them.

    Args:
        encoded: the whole leaf.
        signed_length: how many of those bytes stand before the signature.
    """

    encryption_key: bytes
    signature_key: bytes
    credential: Credential
    capabilities: Capabilities
    source: LeafSource
    lifetime: Lifetime | None
    parent_hash: bytes
    extensions: tuple[Extension, ...]
    signature: bytes = field(repr=False)
    encoded: bytes = field(repr=False)
    signed_length: int = field(repr=False)

    @staticmethod
    def read(reader: Reader) -> LeafNode:
        """Read a leaf; nothing about it is verified yet."""
        start = reader.position
        encryption_key = reader.opaque()
        signature_key = reader.opaque()
        credential = Credential.read(reader)
        capabilities = read_capabilities(reader)
        source, lifetime, parent_hash = _read_source(reader)
        extensions = read_extensions(reader)
        signed_length = reader.position - start
        signature = reader.opaque()
        return LeafNode(
            encryption_key,
            signature_key,
            credential,
            capabilities,
            source,
            lifetime,
            parent_hash,
            extensions,
            signature,
            reader.since(start),
            signed_length,
        )

    def signature_holds(self, suite: Suite, placement: bytes) -> bool:
        """Verify the signature; ``placement`` as from ``leaf_placement`` (§7.2)."""
        content = self.encoded[: self.signed_length] + placement
        return suite.verifies(self.signature_key, _LEAF_LABEL, content, self.signature)


def _read_source(reader: Reader) -> tuple[LeafSource, Lifetime | None, bytes]:
    source = reader.u8()
    if source == LeafSource.KEY_PACKAGE:
        return LeafSource.KEY_PACKAGE, Lifetime(reader.u64(), reader.u64()), b""
    if source == LeafSource.UPDATE:
        return LeafSource.UPDATE, None, b""
    if source == LeafSource.COMMIT:
        return LeafSource.COMMIT, None, reader.opaque()
    raise refusal(Rule.CODEC_VALUE)


def leaf_placement(source: LeafSource, group_id: bytes, leaf_index: int) -> bytes:
    """Return what a leaf's signature covers beyond the leaf: its group and place (§7.2)."""
    if source == LeafSource.KEY_PACKAGE:
        return b""
    return opaque(group_id) + u32(leaf_index)


@dataclass(frozen=True, slots=True)
class LeafContent:
    """What a client says about itself in its leaf, whatever the leaf's source."""

    signature_key: bytes
    credential: Credential
    capabilities: Capabilities
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class LeafOrigin:
    """What depends on how the leaf comes to be: its source, and what goes with that source."""

    source: LeafSource
    lifetime: Lifetime | None = None
    parent_hash: bytes = b""
    placement: bytes = b""

    def encoded(self) -> bytes:
        """Return the wire form of the source and what belongs to it."""
        if self.lifetime is not None:
            return u8(self.source) + u64(self.lifetime.not_before) + u64(self.lifetime.not_after)
        if self.source == LeafSource.COMMIT:
            return u8(self.source) + opaque(self.parent_hash)
        return u8(self.source)


def sign_leaf(
    suite: Suite,
    signature_private: bytes,
    encryption_key: bytes,
    content: LeafContent,
    origin: LeafOrigin,
) -> LeafNode:
    """Make and sign a leaf (§7.2)."""
    signed = b"".join(
        (
            opaque(encryption_key),
            opaque(content.signature_key),
            content.credential.encoded(),
            content.capabilities.encoded(),
            origin.encoded(),
            encode_extensions(content.extensions),
        )
    )
    signature = suite.sign_with_label(signature_private, _LEAF_LABEL, signed + origin.placement)
    return LeafNode(
        encryption_key,
        content.signature_key,
        content.credential,
        content.capabilities,
        origin.source,
        origin.lifetime,
        origin.parent_hash,
        content.extensions,
        signature,
        signed + opaque(signature),
        len(signed),
    )


def check_leaf_form(leaf: LeafNode, suite: Suite) -> None:
    """Check what a leaf says about itself, apart from its signature (§7.3)."""
    capabilities = leaf.capabilities
    if VERSION_MLS10 not in capabilities.versions:
        raise refusal(Rule.LEAF_VERSION)
    if suite.number not in capabilities.suites:
        raise refusal(Rule.LEAF_SUITE)
    if leaf.credential.kind not in capabilities.credential_kinds:
        raise refusal(Rule.LEAF_CREDENTIAL_UNSUPPORTED)
    for extension in leaf.extensions:
        if not capabilities.supports_extension(extension.kind):
            raise refusal(Rule.LEAF_EXTENSION_UNSUPPORTED)
    check_places(leaf.extensions, NOT_IN_LEAF)


@dataclass(frozen=True, slots=True)
class LifetimeCheck:
    """The time, and the longest lifetime that the application accepts (§7.2)."""

    now_seconds: int
    length_seconds_max: int = LIFETIME_SECONDS_MAX

    def check(self, leaf: LeafNode) -> None:
        """Judge a key package's leaf (§7.3); other leaves have no lifetime."""
        lifetime = leaf.lifetime
        if lifetime is None:
            return
        if not lifetime.not_before <= self.now_seconds <= lifetime.not_after:
            raise refusal(Rule.LEAF_LIFETIME)
        length = lifetime.not_after - lifetime.not_before
        if length > self.length_seconds_max + CLOCK_MARGIN_SECONDS:
            raise refusal(Rule.LEAF_LIFETIME_LENGTH)


def check_leaf_fits_group(leaf: LeafNode, extensions: Iterable[Extension]) -> None:
    """Check that a leaf supports what the group uses and requires (§7.3, §11.1)."""
    capabilities = leaf.capabilities
    for extension in extensions:
        if not capabilities.supports_extension(extension.kind):
            raise refusal(Rule.LEAF_GROUP_EXTENSION)
    required = required_capabilities(extensions)
    if required is None:
        return
    supported = (
        all(capabilities.supports_extension(kind) for kind in required.extension_kinds)
        and all(capabilities.supports_proposal(kind) for kind in required.proposal_kinds)
        and set(required.credential_kinds) <= set(capabilities.credential_kinds)
    )
    if not supported:
        raise refusal(Rule.LEAF_REQUIRED_CAPABILITY)
