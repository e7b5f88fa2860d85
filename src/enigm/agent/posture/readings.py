"""What a look at the machine gives: one reading for each signal, all of them a posture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.wire.posture_report import Signal, State

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact = str | int | bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One signal's state and its evidence: a short code, and facts that stay on the device."""

    signal: Signal
    state: State
    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])


@dataclass(frozen=True, slots=True)
class Posture:
    """Every signal's reading, when they were taken, and how long that took."""

    readings: tuple[Reading, ...]
    taken_at: int
    took_milliseconds: int

    def of(self, signal: Signal) -> Reading:
        """Return one signal's reading."""
        return next(reading for reading in self.readings if reading.signal is signal)


def well(signal: Signal, code: str, **facts: Fact) -> Reading:
    """Return a reading that says: this is well."""
    return Reading(signal, State.TRUE, f"{signal.word}.{code}", facts)


def not_well(signal: Signal, code: str, **facts: Fact) -> Reading:
    """Return a reading that says: this is not well."""
    return Reading(signal, State.FALSE, f"{signal.word}.{code}", facts)


def unknown(signal: Signal, code: str, **facts: Fact) -> Reading:
    """Return a reading that says: this cannot be told here; it never counts as good."""
    return Reading(signal, State.UNKNOWN, f"{signal.word}.{code}", facts)
