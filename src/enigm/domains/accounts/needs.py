"""What accounts need from others, in their own words. Crossings provide it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.domains.accounts.model import AccountId, SignedTokens
    from enigm.wire.request_signature import SignedRequest, UnverifiedSignature


@dataclass(frozen=True, slots=True)
class FirstDevice:
    """What a registration or recovery hands on about its device; nothing of it stays here."""

    root_public: bytes = field(repr=False)
    chain_entry: bytes = field(repr=False)
    card: bytes = field(repr=False)
    lookup_id: bytes = field(repr=False)


class TrustedDevices(Protocol):
    """Keeps the devices that an account trusts."""

    def check_first(self, device: FirstDevice) -> bytes:
        """Return the root key's fingerprint if this entry may begin a chain; else refuse."""
        ...

    def check_recovered(self, device: FirstDevice) -> None:
        """Return if this is an entry by the root that certifies a device; else refuse."""
        ...

    def begin(self, account_id: AccountId, device: FirstDevice) -> None:
        """Begin the account's chain; doing it twice with the same entry changes nothing."""
        ...

    def entries(self, account_id: AccountId) -> list[bytes]:
        """Return the account's chain as it stands; empty where a crash left none."""
        ...

    def device_ids(self, account_id: AccountId) -> list[bytes]:
        """Return every device that the account's chain names; none where there is no chain."""
        ...

    def certify_recovered(self, account_id: AccountId, device: FirstDevice) -> None:
        """Add an entry by the root; adding the same one twice changes nothing."""
        ...


class AccountDecision(Enum):
    """What was decided about an account."""

    RECOVERED = "recovered"
    DELETED = "deleted"
    PIN_SET = "pin set"
    PIN_CHANGED = "pin changed"
    PIN_REMOVED = "pin removed"
    PIN_RESET = "pin reset"
    PIN_LOCKED = "pin locked"
    PIN_GRANTED = "pin granted"
    DURESS = "duress"
    HELD = "held"


class DecisionRecords(Protocol):
    """Keeps decisions where they cannot be taken back."""

    def record(self, decision: AccountDecision, account_id: AccountId) -> None:
        """Return once the decision is durable; raises a Refusal, and then it must not be done."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceVoucher:
    """A device's signature on a sign-in, with what it covers; nothing of it is checked yet."""

    request: SignedRequest
    signature: UnverifiedSignature


class DeviceVouching(Protocol):
    """Knows whether a trusted device of an account made a request."""

    def vouched_by(self, account_id: AccountId, voucher: DeviceVoucher) -> bytes | None:
        """Return the device's id, or None where no trusted device signed."""
        ...


class TokenSigner(Protocol):
    """Signs blinded tokens without seeing them."""

    def public_key(self) -> bytes:
        """Return the published key, 32 bytes."""
        ...

    def evaluate(self, blinded: list[bytes]) -> SignedTokens:
        """Sign up to 64; raises a Refusal for what is no blinded token."""
        ...
