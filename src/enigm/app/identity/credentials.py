"""MLS credentials of Enigm: a leaf belongs to an account because the account's chain says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from enigm.crypto import kdf
from enigm.crypto.mls.credential import Credential, CredentialClaim
from enigm.foundation.errors import UnverifiableError
from enigm.wire.device_chain import (
    DEVICE_PUBLIC_BYTES,
    FINGERPRINT_BYTES,
    DeviceChain,
    Fingerprint,
)

KIND = 0xF1E1
"""The private-range credential type: ``fingerprint 32 || device public 32``."""


class CredentialRefusedError(UnverifiableError):
    """A leaf that names an account which never certified it."""

    def __init__(self, detail: str) -> None:
        """Say what does not fit."""
        super().__init__("app.credential", detail)


class ChainNeededError(UnverifiableError):
    """The account's chain must be looked up (again) before its leaf can be judged."""

    def __init__(self, account: str) -> None:
        """Name the account whose chain is wanted."""
        super().__init__("app.chain_needed", "A member's devices must be looked up first.")
        self.account = account


@dataclass(frozen=True, slots=True)
class DeviceName:
    """Whose device a leaf is: an account's fingerprint and the device's key."""

    fingerprint: Fingerprint
    device_public: bytes

    @property
    def account(self) -> str:
        """The account as the App's listings name it."""
        return account_name(self.fingerprint)


@dataclass(slots=True)
class ChainBook:
    """Every verified chain that this profile holds, by account."""

    chains: dict[str, DeviceChain] = field(default_factory=dict[str, DeviceChain])

    def check(self, claim: CredentialClaim) -> None:
        """Judge a leaf (RFC 9420 §5.3.1); raises CredentialRefusedError, ChainNeededError.

        A device that was certified and later revoked still passes: the tree may hold it until
        somebody commits its removal, which every member that notices does. Refusing it here
        would let one late revocation lock everybody out of a group.
        """
        name = read_credential(claim.credential)
        if not kdf.equal(name.device_public, claim.signature_key):
            raise CredentialRefusedError("A leaf signs with another key than its device's.")
        if claim.previous is not None and claim.previous != claim.credential:
            raise CredentialRefusedError("A leaf may not change whose device it is.")
        chain = self.chains.get(name.account)
        if chain is None:
            raise ChainNeededError(name.account)
        if name.device_public not in chain.trusted and name.device_public not in chain.revoked:
            raise ChainNeededError(name.account)

    def is_revoked(self, name: DeviceName) -> bool:
        """Tell whether the account has withdrawn its trust in this device."""
        chain = self.chains.get(name.account)
        return chain is not None and name.device_public in chain.revoked


def account_name(fingerprint: bytes) -> str:
    """Return the text by which listings name an account: 64 hexadecimal digits."""
    return fingerprint.hex()


def credential_of(fingerprint: bytes, device_public: bytes) -> Credential:
    """Return the credential of a device's leaf."""
    return Credential(KIND, fingerprint + device_public)


def read_credential(credential: Credential) -> DeviceName:
    """Parse one; raises CredentialRefusedError."""
    expected = FINGERPRINT_BYTES + DEVICE_PUBLIC_BYTES
    if credential.kind != KIND or len(credential.body) != expected:
        raise CredentialRefusedError("A leaf's credential is not one of Enigm's.")
    return DeviceName(
        Fingerprint(credential.body[:FINGERPRINT_BYTES]), credential.body[FINGERPRINT_BYTES:]
    )
