"""Whether security updates wait, and whether they will come by themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from enigm.agent.posture.readings import Reading, not_well, unknown, well
from enigm.agent.posture.versions import version_key
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.agent.posture.machine import Machine

_LISTS = "/var/lib/apt/lists"
# Lists older than a week say nothing of today's holes.
LISTS_SECONDS_MAX = 7 * 86_400
# Unattended upgrades run daily; a laptop may sleep over a weekend.
AUTOMATIC_SECONDS_MAX = 4 * 86_400

_STANZA = re.compile(r"^Package: (\S+)\n(?:(?!\n).*\n)*?Version: (\S+)$", re.MULTILINE)
_INSTALLED = re.compile(
    r"^Package: (\S+)\nStatus: \S+ ok installed\n(?:(?!\n).*\n)*?Version: (\S+)$", re.MULTILINE
)
_AUTOMATIC = re.compile(r'^\s*APT::Periodic::Unattended-Upgrade\s+"(\d+)"', re.MULTILINE)


def updates_pending(machine: Machine, now: int) -> Reading:
    """Compare installed packages with the security lists apt fetched last; no network is used."""
    signal = Signal.UPDATES_PENDING
    names = [name for name in machine.names(_LISTS) if "security" in name and "_Packages" in name]
    status = machine.text("/var/lib/dpkg/status")
    if status is None or not names:
        return unknown(signal, "no_lists")
    age = now - max(_fetched(machine), default=0)
    if age > LISTS_SECONDS_MAX:
        return unknown(signal, "stale_lists", days=age // 86_400)
    lists = [_list(machine, name) for name in names]
    if None in lists:
        return unknown(signal, "unreadable_lists")
    installed = dict(_INSTALLED.findall(status))
    waiting = {name for text in lists if text for name in _newer(text, installed)}
    if waiting:
        return not_well(signal, "waiting", count=len(waiting), first=min(waiting))
    return well(signal, "none", compared=len(installed))


def update_state(machine: Machine, now: int) -> Reading:
    """Read whether unattended upgrades are on, and when they last ran."""
    signal = Signal.UPDATE_STATE
    if not machine.exists("/etc/apt/apt.conf.d"):
        return unknown(signal, "other_system")
    texts = (
        machine.text(f"/etc/apt/apt.conf.d/{name}") or ""
        for name in machine.names("/etc/apt/apt.conf.d")
    )
    # Later files win, as they do for apt.
    settings = [value for text in texts for value in _AUTOMATIC.findall(text)]
    if not settings or settings[-1] == "0" or not machine.has_command("unattended-upgrade"):
        return not_well(signal, "not_automatic")
    ran_at = machine.changed_at("/var/lib/apt/periodic/unattended-upgrades-stamp")
    if ran_at is None:
        return unknown(signal, "never_ran")
    days = (now - ran_at) // 86_400
    if now - ran_at > AUTOMATIC_SECONDS_MAX:
        return not_well(signal, "stuck", days=days)
    return well(signal, "automatic", days=days)


def _fetched(machine: Machine) -> Iterator[int]:
    # A list that did not change keeps its own date; the folder of half-fetched ones does not.
    for path in (f"{_LISTS}/partial", _LISTS, "/var/lib/apt/periodic/update-success-stamp"):
        changed_at = machine.changed_at(path)
        if changed_at is not None:
            yield changed_at


def _list(machine: Machine, name: str) -> str | None:
    if name.endswith("_Packages"):
        return machine.text(f"{_LISTS}/{name}")
    return machine.runner.run(
        "/usr/lib/apt/apt-helper", "cat-file", str(machine.at(f"{_LISTS}/{name}"))
    )


def _newer(packages: str, installed: dict[str, str]) -> Iterator[str]:
    for name, version in _STANZA.findall(packages):
        mine = installed.get(name)
        if mine is not None and mine != version and version_key(version) > version_key(mine):
            yield name
