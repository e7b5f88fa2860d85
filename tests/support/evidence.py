"""A running service's trust and evidence as its operator has them, and devices that report."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enigm.assembly.evidence import EvidenceParts, build_evidence
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import TrustParts, build_trust
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.wire.posture_report import PostureReport, State, sign_report, signal_named
from tests.support.service import settings_of_tests

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.journey import Device, Journey, Person
    from tests.support.service import Running


@dataclass(frozen=True)
class Operator:
    """Who sits at the service's machine, beside the running service."""

    trust: TrustParts
    evidence: EvidenceParts

    def enforce(self, text: str) -> None:
        """Put a policy in force."""
        policies = self.trust.policies
        policies.activate("default", policies.stage("default", text).version)


def operator_of(running: Running, folder: Path) -> Operator:
    settings, entropy = settings_of_tests(folder), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    log = EventLog(io.StringIO(), running.clock, strict=True)
    around = Surroundings(settings, keys, running.clock, entropy, log)
    trust = build_trust(around, running.service.databases)
    return Operator(trust, build_evidence(around, running.service.databases, trust))


async def challenged(journey: Journey, person: Person) -> dict[str, Any]:
    return await journey.as_device(person, "POST", "/posture/v1/challenges")


def signed_report(
    challenge: dict[str, Any],
    device: Device,
    taken_at: int,
    states: dict[str, State],
) -> str:
    """Return a report of these signals, as a device sends it."""
    named = {signal_named(word): state for word, state in states.items()}
    report = PostureReport(
        base64url_decode(challenge["handle"]),
        base64url_decode(challenge["nonce"]),
        taken_at,
        {signal: state for signal, state in named.items() if signal is not None},
    )
    return base64url_encode(sign_report(report, device.signing))


async def send_report(journey: Journey, person: Person, report: str) -> str:
    answer = await journey.as_device(person, "POST", "/posture/v1/reports", {"report": report})
    return answer["standing"]


async def report_posture(journey: Journey, person: Person, **states: State) -> str:
    """Ask for a challenge and answer it; return how the device stands."""
    challenge = await challenged(journey, person)
    now = journey.clock.now_seconds()
    return await send_report(journey, person, signed_report(challenge, person.device, now, states))
