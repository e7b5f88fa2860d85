"""Credentials: who a member claims to be (RFC 9420 §5.3). The application judges the claim."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from enigm.crypto.mls.codec import opaque, u16, vector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.crypto.mls.codec import Reader

BASIC = 1
X509 = 2
PRIVATE_RANGE_START = 0xF000
"""RFC 9420 §17.5: credential types from here on are for private use."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential type and its content.

    Args:
        kind: BASIC, X509, or an application's own number from PRIVATE_RANGE_START.
        body: the identity (basic), the encoded chain (x509), or the private type's bytes.
    """

    kind: int
    body: bytes

    @staticmethod
    def basic(identity: bytes) -> Credential:
        """Return a bare identity."""
        return Credential(BASIC, identity)

    @staticmethod
    def x509(chain: Iterable[bytes]) -> Credential:
        """Return a chain of DER certificates, the member's own first."""
        return Credential(X509, b"".join(opaque(certificate) for certificate in chain))

    @staticmethod
    def read(reader: Reader) -> Credential:
        """Read a credential; a private type is one vector of bytes, as the known ones are."""
        return Credential(reader.u16(), reader.opaque())

    def encoded(self) -> bytes:
        """Return the wire form."""
        return u16(self.kind) + opaque(self.body)


class Purpose(Enum):
    """Why a credential is being judged (§5.3.1)."""

    KEY_PACKAGE = "key_package"
    MEMBER = "member"
    UPDATE = "update"
    EXTERNAL_SENDER = "external_sender"


@dataclass(frozen=True, slots=True)
class CredentialClaim:
    """A credential that somebody presents with a signature key.

    Args:
        credential: the claim.
        signature_key: the key that must belong to it.
        purpose: where it was met.
        previous: for an update, the credential that it replaces.
    """

    credential: Credential
    signature_key: bytes
    purpose: Purpose
    previous: Credential | None = None


class CredentialCheck(Protocol):
    """The application's authentication service (§5.3.1)."""

    def __call__(self, claim: CredentialClaim) -> None:
        """Return to accept; raise a Refusal to reject."""
        ...


def accept_any(claim: CredentialClaim) -> None:
    """Accept every credential: for tests and for vectors, which name nobody."""
    del claim


def encode_kinds(kinds: Iterable[int]) -> bytes:
    """Encode a list of credential types."""
    return vector(u16(kind) for kind in kinds)
