"""What every part of the service is handed: settings, keys, clock, dice and log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys
    from enigm.foundation.log import EventLog
    from enigm.foundation.settings import Settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One process's own, the same for every part."""

    settings: Settings
    keys: Keys
    clock: Clock
    entropy: Entropy
    log: EventLog
