"""Whether what is written on this machine's disks is encrypted."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from enigm.agent.posture.readings import Reading, not_well, unknown, well
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from enigm.agent.posture.machine import Machine

_SIGNAL = Signal.DISK_ENCRYPTION
# Where people's and programs' data lies; each may be a file system of its own.
_DATA_PLACES = ("/", "/home", "/root", "/var")
# dm-crypt's own prefixes (cryptsetup). CRYPT-VERITY and CRYPT-INTEGRITY hide nothing.
_CIPHERS = ("CRYPT-LUKS", "CRYPT-PLAIN", "CRYPT-TCRYPT", "CRYPT-BITLK", "CRYPT-FVAULT2")
# Numbers of mount and parent, device number, root, place, options, a dash, type, source.
_MOUNT = re.compile(
    r"\d+ \d+ (?P<number>\d+:\d+) \S+ (?P<place>\S+) .* - (?P<kind>\S+) (?P<source>\S+)"
)
_VERITY = "CRYPT-VERITY"
_IN_MEMORY = ("tmpfs", "ramfs")
# Layers of one disk: partition, RAID, LVM, cipher, LVM. More is a loop.
_LAYERS_MAX = 8


class _Kind(Enum):
    ENCRYPTED = "encrypted"
    PLAIN = "plain"
    SEALED_IMAGE = "sealed image"
    UNTOLD = "untold"


def disk_encryption(machine: Machine, _now: int) -> Reading:
    """Follow each place with data, and swap, down to a cipher or to a bare disk."""
    mounts = _mounts(machine)
    if "/" not in mounts:
        return unknown(_SIGNAL, "no_mounts")
    kinds = {place: _kind_of_mount(machine, *mounts[place]) for place in mounts}
    kinds |= {f"swap {name}": _kind_of_name(machine, name) for name in _swap_devices(machine)}
    facts = {place: kind.value for place, kind in kinds.items()}
    found = set(kinds.values())
    if _Kind.PLAIN in found:
        return not_well(_SIGNAL, "plain", **facts)
    # A sealed system image is public; only what is encrypted beside it can hold data.
    if _Kind.UNTOLD in found or _Kind.ENCRYPTED not in found:
        return unknown(_SIGNAL, "not_told", **facts)
    return well(_SIGNAL, "encrypted", **facts)


def _mounts(machine: Machine) -> dict[str, tuple[str, str, str]]:
    """Return device number, type and source of each place with data (proc_pid_mountinfo(5))."""
    mounts: dict[str, tuple[str, str, str]] = {}
    for row in (machine.text("/proc/self/mountinfo") or "").splitlines():
        found = _MOUNT.match(row)
        if found and found["place"] in _DATA_PLACES:
            mounts[found["place"]] = (found["number"], found["kind"], found["source"])
    return mounts


def _kind_of_mount(machine: Machine, number: str, file_system: str, source: str) -> _Kind:
    if file_system in _IN_MEMORY:
        return _Kind.ENCRYPTED  # gone with the power; swap is looked at by itself
    if machine.exists(f"/sys/dev/block/{number}"):
        return _kind(machine, f"/sys/dev/block/{number}")
    # btrfs has a number of its own; its source names the device.
    return _kind_of_name(machine, source)


def _kind_of_name(machine: Machine, device: str) -> _Kind:
    if not device.startswith("/dev/"):
        return _Kind.UNTOLD
    path = machine.at(device)
    try:
        name = path.readlink().name if path.is_symlink() else path.name
    except OSError:
        return _Kind.UNTOLD
    return _kind(machine, f"/sys/class/block/{name}")


def _kind(machine: Machine, folder: str, layers: int = 0) -> _Kind:
    if layers == _LAYERS_MAX or not machine.exists(folder):
        return _Kind.UNTOLD
    mapping = machine.line(f"{folder}/dm/uuid") or ""
    if mapping.startswith(_CIPHERS):
        return _Kind.ENCRYPTED
    if mapping.startswith(_VERITY):
        return _Kind.SEALED_IMAGE
    beneath = machine.names(f"{folder}/slaves")
    kinds = {_kind(machine, f"{folder}/slaves/{name}", layers + 1) for name in beneath}
    if not kinds:
        return _Kind.PLAIN
    return kinds.pop() if len(kinds) == 1 else _worst(kinds)


def _worst(kinds: set[_Kind]) -> _Kind:
    return _Kind.PLAIN if _Kind.PLAIN in kinds else _Kind.UNTOLD


def _swap_devices(machine: Machine) -> list[str]:
    """Return swap partitions; swap in memory stays there, a swap file lies on a mount above."""
    rows = [row.split() for row in (machine.text("/proc/swaps") or "").splitlines()[1:]]
    return [
        row[0]
        for row in rows
        if len(row) > 1 and row[1] == "partition" and not row[0].startswith("/dev/zram")
    ]
