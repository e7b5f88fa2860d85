"""What exists for devices: owners, trust states, enrolments, key packages, listings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NewType

from enigm.foundation.pseudonyms import PSEUDONYM_BYTES
from enigm.wire.contact_card import CARD_BYTES
from enigm.wire.device_chain import DEVICE_PUBLIC_BYTES, DeviceId

if TYPE_CHECKING:
    from enigm.wire.device_chain import DeviceChain
    from enigm.wire.request_signature import SignedRequest, UnverifiedSignature

OwnerRef = NewType("OwnerRef", bytes)
"""What an account is called here, and nowhere else."""
DirectoryName = NewType("DirectoryName", bytes)
"""What a user name's look-up id is called here, and nowhere else."""

OWNER_REF_BYTES = PSEUDONYM_BYTES
# With the X-Wing suite a key package is about 4 KiB; four times that leaves room to grow.
KEY_PACKAGE_BYTES_MAX = 16 * 1024
KEY_PACKAGES_PER_REQUEST = 100

__all__ = [
    "CARD_BYTES",
    "DEVICE_PUBLIC_BYTES",
    "KEY_PACKAGES_PER_REQUEST",
    "KEY_PACKAGE_BYTES_MAX",
    "OWNER_REF_BYTES",
    "DeviceId",
    "DeviceOfOwner",
    "DirectoryName",
    "Enrolment",
    "ListedDevice",
    "Listing",
    "OwnChain",
    "OwnerRef",
    "SignedCall",
    "Trust",
]


class Trust(Enum):
    """How far a device is trusted. Nothing but the chain moves it; revoked is the last state."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    TRUSTED = "trusted"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class DeviceOfOwner:
    """A device as its owner's chain has it."""

    device_id: DeviceId
    device_public: bytes
    trust: Trust


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A device that asks to be trusted."""

    device_public: bytes
    requested_at: int
    card: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnChain:
    """An owner's chain and who waits, as the owner's devices review it."""

    chain: DeviceChain
    pending: list[Enrolment]


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A request with the signature it came with; nothing of it is checked yet."""

    request: SignedRequest
    signature: UnverifiedSignature


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A trusted device, as the directory shows it to who asks."""

    device_public: bytes
    card: bytes = field(repr=False)
    key_package: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """An owner's devices, with the chain that proves them."""

    chain: DeviceChain
    devices: list[ListedDevice]
