"""What attestation needs from others, in its own words. Crossings provide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.domains.attestation.model import Attester


class Attesters(Protocol):
    """Knows under which handle and with which key a device gives evidence."""

    def attester(self, owner: bytes, device_id: bytes) -> Attester:
        """Return it; owner and device are passed through and kept nowhere."""
        ...


class ReviewRecords(Protocol):
    """Keeps every reading by an administrator where it cannot be taken back."""

    def record(self, reader: bytes) -> None:
        """Return once the reading is durable; raises a Refusal, and then nothing is shown."""
        ...
