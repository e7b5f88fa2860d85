"""What every deed of commerce stands on: its store, keys, clock and dice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from enigm.domains.commerce.store.veils import Veils
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy

SECONDS_PER_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Premises:
    """One process's own, the same for every deed."""

    database: Database
    veils: Veils = field(repr=False)
    clock: Clock
    entropy: Entropy

    @property
    def now(self) -> int:
        """Return the present second."""
        return self.clock.now_seconds()

    @property
    def today_at(self) -> int:
        """Return the first second of the present day, which everybody of that day shares."""
        return self.now - self.now % SECONDS_PER_DAY
