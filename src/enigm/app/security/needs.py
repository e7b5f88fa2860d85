"""What the App asks of whoever can look at the machine. The App works the same without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.wire.posture_report import Signal, State


@dataclass(frozen=True, slots=True)
class SignalSeen:
    """One signal in words: what was found, why it matters and what to do."""

    signal: Signal
    state: State
    title: str
    found: str
    promise: str
    why: str
    to_do: str


@dataclass(frozen=True, slots=True)
class MachineSeen:
    """Every signal, when it was read, and how long that took."""

    signals: tuple[SignalSeen, ...]
    taken_at: int
    took_milliseconds: int


class LocalAgent(Protocol):
    """Looks at the machine; remembers whether its user wants reports to leave it."""

    def look(self) -> MachineSeen:
        """Read every signal; takes up to a fifth of a second."""
        ...

    def is_on(self) -> bool:
        """Say whether managed mode is on."""
        ...

    def turn_on(self) -> None:
        """Remember that the user wants it."""
        ...

    def turn_off(self) -> None:
        """Forget it, and all that was kept for it."""
        ...
