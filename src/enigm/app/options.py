"""Which profile an App serves, from where, and what tests replace."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from enigm.foundation.clock import Clock, SystemClock
from enigm.foundation.entropy import Entropy, SystemEntropy

if TYPE_CHECKING:
    from enigm.app.security.needs import LocalAgent

PROFILES_FOLDER = Path("~/.local/share/enigm/app")
PROFILE_DEFAULT = "default"
# Where `enigm up` serves on this machine: a second person there need not know of addresses.
SERVICE_DEFAULT = "http://127.0.0.1:8460"


@dataclass(frozen=True, slots=True)
class Options:
    """Which profile, which service, and what tests replace.

    Args:
        profile: a folder name under ``folder``; one person, one vault.
        service: the address of the service, ``http://127.0.0.1:8080``; None takes the one that
            the profile already uses, else the one on this machine.
        folder: where the profiles lie.
        agent: who looks at this machine for the page "Security".
    """

    profile: str = PROFILE_DEFAULT
    service: str | None = None
    folder: Path = PROFILES_FOLDER
    clock: Clock = field(default_factory=SystemClock)
    entropy: Entropy = field(default_factory=SystemEntropy)
    agent: LocalAgent | None = None
