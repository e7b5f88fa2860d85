"""One look at the whole machine: every signal, at once, within a fixed time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from enigm.agent.posture.installation import agent_integrity, privacy_mode
from enigm.agent.posture.kernel import kernel_current, kernel_lockdown, secure_boot
from enigm.agent.posture.network import firewall, listening_services, network_policy
from enigm.agent.posture.readings import Posture, Reading, unknown
from enigm.agent.posture.session import screen_lock
from enigm.agent.posture.storage import disk_encryption
from enigm.agent.posture.updates import update_state, updates_pending
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from enigm.agent.posture.machine import Machine
    from enigm.foundation.clock import Clock

COLLECTORS: dict[Signal, Callable[[Machine, int], Reading]] = {
    Signal.DISK_ENCRYPTION: disk_encryption,
    Signal.SECURE_BOOT: secure_boot,
    Signal.KERNEL_LOCKDOWN: kernel_lockdown,
    Signal.KERNEL_CURRENT: kernel_current,
    Signal.UPDATES_PENDING: updates_pending,
    Signal.FIREWALL: firewall,
    Signal.SCREEN_LOCK: screen_lock,
    Signal.LISTENING_SERVICES: listening_services,
    Signal.AGENT_INTEGRITY: agent_integrity,
    Signal.UPDATE_STATE: update_state,
    Signal.NETWORK_POLICY: network_policy,
    Signal.PRIVACY_MODE: privacy_mode,
}

# A person waits for the answer, so the whole look has an end; what is late is unknown.
COLLECT_SECONDS_MAX = 0.18
# Most collectors read a few files; three may wait for a command at the same time.
_WORKERS = 4
# Those that may wait for a command begin first.
_SLOW_FIRST = (Signal.UPDATES_PENDING, Signal.SCREEN_LOCK, Signal.FIREWALL)


def collect(machine: Machine, clock: Clock, seconds_max: float = COLLECT_SECONDS_MAX) -> Posture:
    """Read every signal. Never raises for what the machine holds: that signal is unknown."""
    began = clock.monotonic_seconds()
    now = clock.now_seconds()
    order = sorted(Signal, key=lambda signal: signal not in _SLOW_FIRST)
    executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="posture")
    pending = {s: executor.submit(_read, s, machine, now) for s in order}
    wait(pending.values(), timeout=seconds_max)
    executor.shutdown(wait=False, cancel_futures=True)
    readings = tuple(_reading(signal, pending[signal]) for signal in Signal)
    took = clock.monotonic_seconds() - began
    return Posture(readings, now, round(took * 1000))


def _read(signal: Signal, machine: Machine, now: int) -> Reading:
    try:
        return COLLECTORS[signal](machine, now)
    except (OSError, ValueError, LookupError, TypeError):
        # A file of a form we did not foresee; it must not take the other signals with it.
        return unknown(signal, "unreadable")


def _reading(signal: Signal, pending: Future[Reading]) -> Reading:
    if pending.done() and not pending.cancelled():
        return pending.result()
    return unknown(signal, "too_slow")
