"""How this machine started, and which kernel it runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from enigm.agent.posture.readings import Reading, not_well, unknown, well
from enigm.agent.posture.versions import version_key
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from enigm.agent.posture.machine import Machine

# UEFI's own namespace for its variables (UEFI Specification 2.10 §3.3).
_GLOBAL_VARIABLE = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
# Linux puts four bytes of attributes before a variable's value.
_VARIABLE_BYTES = 5
_RELEASE_WORD = 2
_LOCKDOWN = re.compile(r"\[(\w+)\]")


def secure_boot(machine: Machine, _now: int) -> Reading:
    """Read the firmware's own variables: enforcing, and not in the mode where keys are set."""
    signal = Signal.SECURE_BOOT
    if not machine.exists("/sys/firmware/efi"):
        # Boards with a device tree may verify their start in another way that we cannot see.
        if machine.exists("/proc/device-tree") or not machine.exists("/sys/firmware"):
            return unknown(signal, "no_efi")
        return not_well(signal, "no_efi")
    enforcing = _variable(machine, "SecureBoot")
    setup_mode = _variable(machine, "SetupMode")
    if enforcing is None:
        return unknown(signal, "no_variable")
    if not enforcing or setup_mode:
        return not_well(signal, "off", setup_mode=bool(setup_mode))
    return well(signal, "enforcing")


def kernel_lockdown(machine: Machine, _now: int) -> Reading:
    """Read whether the kernel refuses to be changed, even by root (kernel_lockdown(7))."""
    signal = Signal.KERNEL_LOCKDOWN
    text = machine.text("/sys/kernel/security/lockdown")
    if text is None:
        if machine.names("/sys/kernel/security"):
            return not_well(signal, "not_built_in")
        return unknown(signal, "not_shown")
    found = _LOCKDOWN.search(text)
    if found is None:
        return unknown(signal, "not_shown")
    mode = found.group(1)
    return (not_well if mode == "none" else well)(signal, mode)


def kernel_current(machine: Machine, _now: int) -> Reading:
    """Compare the running kernel with the newest installed one; a newer one waits for a restart."""
    signal = Signal.KERNEL_CURRENT
    running = _running(machine)
    installed = [
        name.removeprefix("vmlinuz-")
        for name in machine.names("/boot")
        if name.startswith("vmlinuz-")
    ] or machine.names("/lib/modules")
    if running not in installed:
        return unknown(signal, "not_installed_here", running=running)
    newest = max(installed, key=version_key)
    if newest != running:
        return not_well(signal, "restart_needed", running=running, newest=newest)
    return well(signal, "newest", running=running)


def _running(machine: Machine) -> str:
    """Return the running kernel's release, from ``Linux version 6.1.0-40-amd64 (…``."""
    words = (machine.text("/proc/version") or "").split()
    return words[_RELEASE_WORD] if len(words) > _RELEASE_WORD else ""


def _variable(machine: Machine, name: str) -> int | None:
    path = machine.at(f"/sys/firmware/efi/efivars/{name}-{_GLOBAL_VARIABLE}")
    try:
        octets = path.read_bytes()
    except OSError:
        return None
    return octets[-1] if len(octets) == _VARIABLE_BYTES else None
