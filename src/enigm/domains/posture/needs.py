"""What posture needs from others, in its own words. Crossings provide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.domains.posture.model import PostureHandle, Reporter


class Reporters(Protocol):
    """Knows under which handle, with which key and about what a device reports."""

    def reporter(self, owner: bytes, device_id: bytes) -> Reporter:
        """Return it; owner and device are passed through and kept nowhere."""
        ...


class ReviewRecords(Protocol):
    """Keeps every reading by an administrator where it cannot be taken back."""

    def record(self, reader: bytes, handle: PostureHandle | None) -> None:
        """Return once the reading is durable; raises a Refusal, and then nothing is shown."""
        ...
