"""What the Handle Authority asks of others, in its own words."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.domains.handles.model import Handle, PersonHandle


class LookupStep(Enum):
    """What happened to a reverse look-up."""

    ASKED = "asked"
    APPROVED = "approved"
    DENIED = "denied"
    RESOLVED = "resolved"


class LookupRecords(Protocol):
    """Keeps each step of a reverse look-up where it cannot be taken back."""

    def record(self, step: LookupStep, person: PersonHandle, handle: Handle) -> None:
        """Return once the step is durable; raises a Refusal, and then nothing must happen."""
        ...
