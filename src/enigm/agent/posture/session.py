"""Whether the screen locks, in the session that is really running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.agent.posture.readings import Reading, not_well, unknown, well
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from enigm.agent.posture.machine import Machine

_SIGNAL = Signal.SCREEN_LOCK
_SESSIONS = "/run/systemd/sessions"
_GRAPHICAL = ("wayland", "x11")
# Desktops that keep their lock under GNOME's settings.
_GNOME_LIKE = ("gnome", "ubuntu", "pop", "budgie")
# A screen that waits longer than this is open to whoever passes.
IDLE_SECONDS_MAX = 15 * 60


def screen_lock(machine: Machine, _now: int) -> Reading:
    """Ask the live session. Without one, settings are only a program's defaults: not evidence."""
    desktop = _live_desktop(machine)
    if desktop is None:
        return unknown(_SIGNAL, "no_session")
    if not machine.exists(f"/run/user/{machine.user_id}/bus"):
        return unknown(_SIGNAL, "no_session_bus")
    if not any(name in desktop for name in _GNOME_LIKE):
        return unknown(_SIGNAL, "other_desktop", desktop=desktop)
    enabled = machine.runner.run(
        "gsettings", "get", "org.gnome.desktop.screensaver", "lock-enabled"
    )
    idle = machine.runner.run("gsettings", "get", "org.gnome.desktop.session", "idle-delay")
    if enabled is None or idle is None:
        return unknown(_SIGNAL, "no_answer", desktop=desktop)
    seconds = _seconds(idle)
    if enabled.strip() != "true" or not 0 < seconds <= IDLE_SECONDS_MAX:
        return not_well(_SIGNAL, "does_not_lock", idle_seconds=seconds)
    return well(_SIGNAL, "locks", idle_seconds=seconds)


def _live_desktop(machine: Machine) -> str | None:
    """Return the desktop of this user's graphical session, as logind keeps it (org.freedesktop)."""
    for name in machine.names(_SESSIONS):
        rows = (machine.text(f"{_SESSIONS}/{name}") or "").splitlines()
        session = dict(row.split("=", 1) for row in rows if "=" in row)
        mine = session.get("UID") == str(machine.user_id) and session.get("CLASS") == "user"
        if mine and session.get("TYPE") in _GRAPHICAL:
            return session.get("DESKTOP", "").lower()
    return None


def _seconds(answer: str) -> int:
    """Read gsettings' ``uint32 300``; zero means never."""
    last = answer.split()[-1:] or ["0"]
    return int(last[0]) if last[0].isdecimal() else 0
