"""Whether the installed agent is the one that was released, and whether the machine reports."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from enigm.agent.posture.readings import Reading, not_well, unknown, well
from enigm.foundation.encoding import base64url_encode
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.agent.posture.machine import Machine

_PACKAGE = "enigm/"
_RECORDED = re.compile(r"(?P<path>[^,\n]+),sha256=(?P<digest>[A-Za-z0-9_-]{43}),\d+")

# Services that send reports about this machine to others, and the setting that turns each on.
_REPORTERS = {
    "/etc/popularity-contest.conf": re.compile(r'^\s*PARTICIPATE="?yes', re.MULTILINE),
    "/etc/default/apport": re.compile(r"^\s*enabled=1", re.MULTILINE),
    "/etc/default/whoopsie": re.compile(r"^\s*report_crashes=true", re.MULTILINE),
    "/etc/abrt/abrt.conf": re.compile(r"^\s*AutoreportingEnabled\s*=\s*yes", re.MULTILINE),
}


def agent_integrity(machine: Machine, _now: int) -> Reading:
    """Compare each installed file with the hash that the installation recorded.

    This finds damage and careless edits. Who can write the files can write the record too:
    against that stands attestation of the whole system, not this signal.
    """
    signal = Signal.AGENT_INTEGRITY
    record = _record(machine.installation)
    recorded = {
        found["path"]: found["digest"]
        for found in _RECORDED.finditer(record or "")
        if found["path"].startswith(_PACKAGE)
    }
    if not recorded:
        return unknown(signal, "no_record")
    changed = [path for path, digest in recorded.items() if _digest(machine, path) != digest]
    added = [
        path
        for path in _present(machine.installation)
        if path not in recorded and not path.endswith(".pyc")
    ]
    if changed or added:
        return not_well(
            signal, "changed", count=len(changed) + len(added), first=min(changed + added)
        )
    return well(signal, "as_installed", files=len(recorded))


def privacy_mode(machine: Machine, _now: int) -> Reading:
    """Look for services that report about this machine or its user by themselves."""
    signal = Signal.PRIVACY_MODE
    if not machine.exists("/etc"):
        return unknown(signal, "no_settings")
    reporting = [
        path.rsplit("/", 1)[-1]
        for path, switched_on in _REPORTERS.items()
        if switched_on.search(machine.text(path) or "")
    ]
    if reporting:
        return not_well(signal, "reports", by=", ".join(reporting))
    return well(signal, "quiet", looked_for=len(_REPORTERS))


def _record(installation: Path) -> str | None:
    try:
        folder = next(iter(sorted(installation.glob("enigm-*.dist-info"))), None)
        return None if folder is None else (folder / "RECORD").read_text(encoding="utf-8")
    except OSError:
        return None


def _digest(machine: Machine, path: str) -> str:
    try:
        octets = (machine.installation / path).read_bytes()
    except OSError:
        return ""
    return base64url_encode(hashlib.sha256(octets).digest())


def _present(installation: Path) -> list[str]:
    return [
        str(path.relative_to(installation))
        for path in (installation / _PACKAGE).rglob("*")
        if path.is_file()
    ]
