"""How devices decide: who may speak for an owner, and how many may wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.devices.errors import (
    ChainMovedError,
    DeviceKnownError,
    DeviceNotTrustedError,
    DeviceRevokedError,
    RequestStaleError,
    TooManyKeyPackagesError,
    TooManyPendingError,
)
from enigm.domains.devices.model import Trust
from enigm.wire.request_signature import WINDOW_SECONDS

if TYPE_CHECKING:
    from enigm.wire.device_chain import ChainEntry, DeviceChain

# A person approves within minutes; a device left over from yesterday is asked for again.
ENROLMENT_SECONDS = 86_400
# More than anyone sets up at once; whoever knows only the password fills no store.
PENDING_MAX = 5
# Two full uploads: a device that counts wrongly cannot fill the store.
KEY_PACKAGES_MAX = 200


def check_speaker(trust: Trust) -> None:
    """Return if a device of this state may make a protected request; else refuse."""
    if trust is Trust.REVOKED:
        raise DeviceRevokedError
    if trust is not Trust.TRUSTED:
        raise DeviceNotTrustedError(f"the device is {trust.value}")


def check_freshness(created: int, now: int) -> None:
    """Return if a request signed then may count now; raises RequestStaleError."""
    if abs(now - created) > WINDOW_SECONDS:
        raise RequestStaleError


def nonce_end(created: int) -> int:
    """Return when a nonce may be forgotten: when its request is stale by every count."""
    return created + WINDOW_SECONDS + 1


def check_follows(chain: DeviceChain, entry: ChainEntry) -> None:
    """Return if the entry names the chain's head; raises ChainMovedError."""
    if entry.sequence != len(chain.entries) or entry.previous != chain.head:
        raise ChainMovedError


def check_enrolment(trust: Trust, waiting: int) -> None:
    """Return if a device may begin to wait; else refuse."""
    if trust is Trust.REVOKED:
        raise DeviceRevokedError
    if trust is Trust.TRUSTED:
        raise DeviceKnownError
    if trust is Trust.UNKNOWN and waiting >= PENDING_MAX:
        raise TooManyPendingError(ENROLMENT_SECONDS)


def check_room(held: int, added: int) -> None:
    """Return if so many more key packages may be left; raises TooManyKeyPackagesError."""
    if held + added > KEY_PACKAGES_MAX:
        raise TooManyKeyPackagesError
