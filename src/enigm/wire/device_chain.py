"""The device chain: an account's signed, append-only list of which devices it trusts.

Every entry names the one before it by hash, so nobody can drop, reorder or insert one, and
carries the signature of the root or of a device trusted at that point. Reading gives an
``UnverifiedChain``; only ``verify`` makes the ``DeviceChain`` that decisions may rest on.

    version u8 | kind u8 | sequence u32 | previous 32 | fingerprint 32 | device public 32
    | issuer u8 | issuer public 32 | issued_at u64 | signature u16 length || bytes
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, NewType

from enigm.crypto import kdf
from enigm.crypto.signatures import (
    ED25519_SIGNATURE_BYTES,
    HYBRID_PUBLIC_BYTES,
    HYBRID_SIGNATURE_BYTES,
    Ed25519,
    Hybrid,
    SigningKey,
)
from enigm.foundation.errors import Refusal, UnverifiableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Fingerprint = NewType("Fingerprint", bytes)
"""32 bytes that name an account's root key: what people compare."""
DeviceId = NewType("DeviceId", bytes)
"""16 bytes that name a device's signing key."""

VERSION = 1
FINGERPRINT_BYTES = 32
DEVICE_PUBLIC_BYTES = 32
ROOT_PUBLIC_BYTES = HYBRID_PUBLIC_BYTES
# A reader checks every signature of a chain: 256 hybrid ones are still under a second.
ENTRIES_MAX = 256
# Each trusted device is a leaf in every group of its owner.
TRUSTED_DEVICES_MAX = 32
# The chain's last places are kept for revocations: one for every device that may be trusted.
CERTIFY_ENTRIES_MAX = ENTRIES_MAX - TRUSTED_DEVICES_MAX

_CONTEXT = b"enigm device chain v1"
_HEAD = struct.Struct(">BBI32s32s32sB32sQ")
_SIGNATURE_LENGTH = struct.Struct(">H")
_FIRST_PREVIOUS = bytes(32)
_ROOT_ISSUER_PUBLIC = bytes(DEVICE_PUBLIC_BYTES)

ENTRY_BYTES_MAX = _HEAD.size + _SIGNATURE_LENGTH.size + HYBRID_SIGNATURE_BYTES


class Kind(IntEnum):
    """What an entry does to the device it names."""

    CERTIFY = 1
    REVOKE = 2


class Issuer(IntEnum):
    """Who signed an entry."""

    ROOT = 0
    DEVICE = 1


class ChainRefusedError(UnverifiableError):
    """A chain or entry that its account did not make in this order."""

    def __init__(self, detail: str) -> None:
        """Say which rule was broken."""
        super().__init__("wire.device_chain", detail)


def fingerprint_of(root_public: bytes) -> Fingerprint:
    """Return the fingerprint of a root key."""
    return Fingerprint(hashlib.sha256(b"enigm account v1" + root_public).digest())


def device_id_of(device_public: bytes) -> DeviceId:
    """Return the id of a device's signing key."""
    return DeviceId(hashlib.sha256(b"enigm device v1" + device_public).digest()[:16])


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One entry as its bytes state it; whether it holds depends on the chain before it."""

    kind: Kind
    sequence: int
    previous: bytes
    fingerprint: Fingerprint
    device_public: bytes
    issuer: Issuer
    issuer_public: bytes
    issued_at: int
    signature: bytes = field(default=b"", repr=False)

    def signed_bytes(self) -> bytes:
        """Return what the signature covers."""
        return _HEAD.pack(
            VERSION,
            self.kind,
            self.sequence,
            self.previous,
            self.fingerprint,
            self.device_public,
            self.issuer,
            self.issuer_public,
            self.issued_at,
        )

    def encode(self) -> bytes:
        """Return the whole entry."""
        length = _SIGNATURE_LENGTH.pack(len(self.signature))
        return self.signed_bytes() + length + self.signature


def read_entry(octets: bytes) -> ChainEntry:
    """Parse one entry, strictly; raises ChainRefusedError."""
    head_end = _HEAD.size + _SIGNATURE_LENGTH.size
    if not head_end < len(octets) <= ENTRY_BYTES_MAX:
        raise ChainRefusedError("An entry of the device chain has another length.")
    version, kind, sequence, previous, fingerprint, device, issuer, issuer_public, issued_at = (
        _HEAD.unpack_from(octets)
    )
    if version != VERSION or kind not in tuple(Kind) or issuer not in tuple(Issuer):
        raise ChainRefusedError("An entry of the device chain has an unknown version or kind.")
    signature = octets[head_end:]
    expected = HYBRID_SIGNATURE_BYTES if issuer == Issuer.ROOT else ED25519_SIGNATURE_BYTES
    (stated,) = _SIGNATURE_LENGTH.unpack_from(octets, _HEAD.size)
    if stated != len(signature) or stated != expected:
        raise ChainRefusedError("An entry's signature has another length.")
    if (issuer == Issuer.ROOT) != (issuer_public == _ROOT_ISSUER_PUBLIC):
        raise ChainRefusedError("An entry by the root names no issuing device, and others do.")
    return ChainEntry(
        Kind(kind),
        sequence,
        previous,
        Fingerprint(fingerprint),
        device,
        Issuer(issuer),
        issuer_public,
        issued_at,
        signature,
    )


@dataclass(frozen=True, slots=True)
class DeviceChain:
    """A verified chain. ``trusted`` and ``revoked`` map device keys to when, in Unix seconds.

    Frozen: ``append`` returns the longer chain, and the old one stays what it was.
    """

    root_public: bytes = field(repr=False)
    fingerprint: Fingerprint
    entries: tuple[bytes, ...] = field(default=(), repr=False)
    trusted: Mapping[bytes, int] = field(default_factory=dict[bytes, int])
    revoked: Mapping[bytes, int] = field(default_factory=dict[bytes, int])

    @classmethod
    def empty(cls, root_public: bytes) -> DeviceChain:
        """Return the chain of an account that has no device yet."""
        if len(root_public) != ROOT_PUBLIC_BYTES:
            raise ChainRefusedError("A root key is 1984 bytes.")
        return cls(root_public, fingerprint_of(root_public))

    @property
    def head(self) -> bytes:
        """The hash that the next entry must name."""
        return hashlib.sha256(self.entries[-1]).digest() if self.entries else _FIRST_PREVIOUS

    def append(self, octets: bytes) -> DeviceChain:
        """Check one more entry against everything before it; raises ChainRefusedError."""
        entry = read_entry(octets)
        self._check_place(entry)
        self._check_deed(entry)
        self._check_signature(entry)
        return self._with(entry, octets)

    def append_verified(self, octets: bytes) -> DeviceChain:
        """Restore an entry that ``append`` accepted before and one's own store kept since."""
        return self._with(read_entry(octets), octets)

    def by_root(self, kind: Kind, device_public: bytes, root: SigningKey, issued_at: int) -> bytes:
        """Make the next entry, signed by the root (its private half is the 32-byte seed)."""
        entry = self._next(kind, device_public, (Issuer.ROOT, _ROOT_ISSUER_PUBLIC), issued_at)
        signature = Hybrid.sign(root.private, entry.signed_bytes(), _CONTEXT)
        return self._checked(replace(entry, signature=signature))

    def by_device(
        self, kind: Kind, device_public: bytes, issuer: SigningKey, issued_at: int
    ) -> bytes:
        """Make the next entry, signed by a trusted device."""
        entry = self._next(kind, device_public, (Issuer.DEVICE, issuer.public), issued_at)
        signature = Ed25519.sign(issuer.private, _CONTEXT + entry.signed_bytes())
        return self._checked(replace(entry, signature=signature))

    def _with(self, entry: ChainEntry, octets: bytes) -> DeviceChain:
        trusted, revoked = dict(self.trusted), dict(self.revoked)
        if entry.kind is Kind.CERTIFY:
            trusted[entry.device_public] = entry.issued_at
        else:
            del trusted[entry.device_public]
            revoked[entry.device_public] = entry.issued_at
        entries = (*self.entries, octets)
        return replace(self, entries=entries, trusted=trusted, revoked=revoked)

    def _next(
        self, kind: Kind, device_public: bytes, issuer: tuple[Issuer, bytes], issued_at: int
    ) -> ChainEntry:
        return ChainEntry(
            kind,
            len(self.entries),
            self.head,
            self.fingerprint,
            device_public,
            *issuer,
            issued_at=issued_at,
        )

    def _checked(self, entry: ChainEntry) -> bytes:
        octets = entry.encode()
        self.append(octets)
        return octets

    def _check_place(self, entry: ChainEntry) -> None:
        if entry.fingerprint != self.fingerprint:
            raise ChainRefusedError("The entry belongs to another account.")
        if entry.sequence != len(self.entries) or entry.previous != self.head:
            raise ChainRefusedError("The entry does not follow the last one of this chain.")
        allowed = CERTIFY_ENTRIES_MAX if entry.kind is Kind.CERTIFY else ENTRIES_MAX
        if entry.sequence >= allowed:
            raise ChainRefusedError("The chain is full.")

    def _check_deed(self, entry: ChainEntry) -> None:
        is_trusted = entry.device_public in self.trusted
        if entry.kind is Kind.REVOKE:
            if not is_trusted:
                raise ChainRefusedError("Only a trusted device can be revoked.")
            return
        # A revoked key may be in a thief's hands: it never comes back, not even by the root.
        if is_trusted or entry.device_public in self.revoked:
            raise ChainRefusedError("The device is already in the chain.")
        if len(self.trusted) >= TRUSTED_DEVICES_MAX:
            raise ChainRefusedError("The account has as many trusted devices as it may have.")

    def _check_signature(self, entry: ChainEntry) -> None:
        by_root = entry.issuer is Issuer.ROOT
        if not by_root and entry.issuer_public not in self.trusted:
            raise ChainRefusedError("The entry's issuer is not a trusted device.")
        signed = entry.signed_bytes()
        try:
            if by_root:
                Hybrid.verify(self.root_public, signed, entry.signature, _CONTEXT)
            else:
                Ed25519.verify(entry.issuer_public, _CONTEXT + signed, entry.signature)
        except Refusal as error:
            raise ChainRefusedError("The entry's signature does not verify.") from error


@dataclass(frozen=True, slots=True)
class UnverifiedChain:
    """A root key and entries as someone sent them: nothing of it may be relied on yet."""

    root_public: bytes = field(repr=False)
    entries: Sequence[bytes] = field(repr=False)

    def verify(self, fingerprint: bytes | None = None) -> DeviceChain:
        """Check every entry in order, and the root key against the expected fingerprint.

        Raises ChainRefusedError. An empty chain is refused: it would say that an account
        trusts nobody, which no account ever says.
        """
        chain = DeviceChain.empty(self.root_public)
        if fingerprint is not None and not kdf.equal(chain.fingerprint, fingerprint):
            raise ChainRefusedError("The root key is not the one that was expected.")
        if not 0 < len(self.entries) <= ENTRIES_MAX:
            raise ChainRefusedError("A device chain has 1 to 256 entries.")
        for octets in self.entries:
            chain = chain.append(octets)
        return chain
