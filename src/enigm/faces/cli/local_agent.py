"""Hands the agent's look at this machine to the App, which does not know the agent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.agent.mode import ManagedMode
from enigm.agent.posture.collect import collect
from enigm.agent.posture.machine import this_machine
from enigm.agent.posture.telling import told
from enigm.app.security.needs import MachineSeen, SignalSeen
from enigm.foundation.clock import SystemClock

if TYPE_CHECKING:
    from enigm.agent.posture.machine import Machine
    from enigm.agent.posture.readings import Reading
    from enigm.foundation.clock import Clock


@dataclass(frozen=True, slots=True)
class MachineAgent:
    """Provides ``app.security.needs.LocalAgent`` for one profile."""

    machine: Machine
    mode: ManagedMode
    clock: Clock

    def look(self) -> MachineSeen:
        """Read every signal; takes up to a fifth of a second."""
        posture = collect(self.machine, self.clock)
        signals = tuple(_seen(reading) for reading in posture.readings)
        return MachineSeen(signals, posture.taken_at, posture.took_milliseconds)

    def is_on(self) -> bool:
        """Say whether managed mode is on."""
        return self.mode.since() is not None

    def turn_on(self) -> None:
        """Remember that the user wants it."""
        self.mode.turn_on(self.clock)

    def turn_off(self) -> None:
        """Forget it, and all that was kept for it."""
        self.mode.turn_off()


def agent_of(profile: str) -> MachineAgent:
    """Return the agent of this machine for one profile."""
    return MachineAgent(this_machine(), ManagedMode.of(os.environ, profile), SystemClock())


def _seen(reading: Reading) -> SignalSeen:
    words = told(reading)
    return SignalSeen(
        signal=reading.signal,
        state=reading.state,
        title=words.title,
        found=words.found,
        promise=words.promise,
        why=words.why,
        to_do=words.to_do,
    )
