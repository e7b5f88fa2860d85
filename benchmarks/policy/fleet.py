"""A service's own stores with devices that reported and attested, for decisions that ask it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.assembly.evidence import build_evidence
from enigm.assembly.stores import open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import build_trust
from enigm.crypto.attestation.verdict import Verdict, sign_verdict
from enigm.domains.attestation.model import AttestationHandle, Attester, KeptDevice
from enigm.domains.handles.model import Purpose
from enigm.domains.policy.model import Evidence, Fact, FactState
from enigm.domains.policy.rules import SESSION_AGE
from enigm.domains.posture import rules as posture_rules
from enigm.domains.posture.model import PostureHandle
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.settings import Settings
from enigm.wire.posture_report import Signal, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from enigm.assembly.evidence import EvidenceParts
    from enigm.assembly.trust import TrustParts
    from enigm.foundation.database import Database

STORES = ("attestation", "audit", "handles", "policy", "posture")
DEVICES_PER_OWNER = 2
_PUBLIC_AREA_BYTES = 120


@dataclass(frozen=True, slots=True)
class Process:
    """What one process of the service decides with; nothing is remembered when it starts."""

    around: Surroundings
    trust: TrustParts
    evidence: EvidenceParts

    def facts(self, number: int) -> dict[Fact, Callable[[], Evidence]]:
        """Return who establishes the facts of a request by a device, as the service does."""
        owner, device = owner_of(number), device_of(number)
        handles, evidence = self.trust.handles, self.evidence.for_policy
        return {
            Fact.SESSION: lambda: Evidence(FactState.GOOD, {SESSION_AGE: number}),
            Fact.DEVICE: lambda: Evidence(FactState.GOOD),
            Fact.HANDLE: lambda: Evidence(
                FactState.GOOD, handles=handles.policy_handles(owner, device)
            ),
            Fact.POSTURE: lambda: evidence.posture(device),
            Fact.ATTESTATION: lambda: evidence.attestation(device),
        }


class Fleet:
    """One service's stores, under its settings."""

    def __init__(self, folder: Path) -> None:
        """Open them as a service does."""
        self._clock, self._entropy = SystemClock(), SystemEntropy()
        self._settings = Settings(data_folder=folder, environment="benchmark")
        self._keys = load_or_create_keys(self._settings.key_file, self._entropy)
        self.databases: dict[str, Database] = open_stores(self._settings, self._keys, [*STORES])

    def process(self) -> Process:
        """Return what a process that just started decides with."""
        log = EventLog(sys.stderr, self._clock, strict=False)
        around = Surroundings(self._settings, self._keys, self._clock, self._entropy, log)
        trust = build_trust(around, self.databases)
        return Process(around, trust, build_evidence(around, self.databases, trust))

    def report(self, process: Process, number: int) -> None:
        """Let a device have reported that all is well, and have proved it."""
        now, device = self._clock.now_seconds(), device_of(number)
        handles, evidence = process.trust.handles, process.evidence
        handles.policy_handles(owner_of(number), device)
        posture = PostureHandle(handles.handle(device, Purpose.POSTURE))
        all_well = posture_rules.packed(now, dict.fromkeys(Signal, State.TRUE))
        evidence.postures.keep(posture, all_well, handles.ends_at(Purpose.POSTURE))
        handle = AttestationHandle(handles.handle(device, Purpose.ATTESTATION))
        verdict = Verdict(handle, bytes(32), "tpm", "benchmark", now, now + 3600)
        token = sign_verdict(verdict, evidence.attestations.verdict_key)
        kept = KeptDevice(bytes(_PUBLIC_AREA_BYTES), verdict=token)
        attester = Attester(handle, handles.ends_at(Purpose.ATTESTATION), bytes(32))
        with evidence.attestations.changing(handle) as connection:
            evidence.attestations.enrol(connection, attester, kept)

    def close(self) -> None:
        """Close the stores."""
        for database in self.databases.values():
            database.close()


def owner_of(number: int) -> bytes:
    """Return the owner of a device."""
    return b"owner" + (number // DEVICES_PER_OWNER).to_bytes(8, "big")


def device_of(number: int) -> bytes:
    """Return a device's name."""
    return b"device" + number.to_bytes(8, "big")
