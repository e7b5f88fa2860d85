"""Builds what devices show of themselves: posture and attestation, for policy and for operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crossings.decision_is_audited_by_handle import (
    AttestationReviewsAudited,
    PostureReviewsAudited,
)
from enigm.crossings.device_gives_evidence_by_handle import DeviceEvidenceByHandle
from enigm.crossings.policy_asks_device_evidence import PolicyAsksDeviceEvidence
from enigm.domains.attestation.actions.proving import Proving
from enigm.domains.attestation.actions.records import AttestationRecords
from enigm.domains.attestation.actions.review import AttestationReview
from enigm.domains.attestation.actions.setup import AttestationSetup
from enigm.domains.attestation.routes import attestation_router
from enigm.domains.posture.actions.intake import PostureIntake, PostureRecords
from enigm.domains.posture.actions.review import PostureReview
from enigm.domains.posture.routes import posture_router

if TYPE_CHECKING:
    from litestar import Router

    from enigm.assembly.surroundings import Surroundings
    from enigm.assembly.trust import TrustParts
    from enigm.domains.devices.actions.trust import TrustCheck
    from enigm.foundation.database import Database


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    """What is known of devices' states, for policy and for administrators."""

    postures: PostureRecords
    attestations: AttestationRecords
    setup: AttestationSetup
    posture_review: PostureReview
    attestation_review: AttestationReview
    for_policy: PolicyAsksDeviceEvidence


@dataclass(frozen=True, slots=True)
class DevicesEvidence:
    """What devices send it to."""

    by_handle: DeviceEvidenceByHandle
    routers: tuple[Router, ...]


def build_evidence(
    around: Surroundings, databases: dict[str, Database], trusting: TrustParts
) -> EvidenceParts:
    """Return the parts over their stores."""
    keys, clock, entropy = around.keys, around.clock, around.entropy
    postures = PostureRecords(databases["posture"], keys, clock, entropy)
    attestations = AttestationRecords(databases["attestation"], keys, clock, entropy)
    return EvidenceParts(
        postures=postures,
        attestations=attestations,
        setup=AttestationSetup(attestations),
        posture_review=PostureReview(postures, PostureReviewsAudited(trusting.audit)),
        attestation_review=AttestationReview(
            attestations, AttestationReviewsAudited(trusting.audit)
        ),
        for_policy=PolicyAsksDeviceEvidence(trusting.handles, postures, attestations),
    )


def take_evidence(parts: EvidenceParts, trust: TrustCheck, trusting: TrustParts) -> DevicesEvidence:
    """Return the routes by which devices report and attest, each under its own handle."""
    by_handle = DeviceEvidenceByHandle(
        trust, trusting.handles, trusting.decider, parts.postures, parts.attestations
    )
    intake = PostureIntake(parts.postures, by_handle)
    proving = Proving(parts.attestations, parts.setup, by_handle)
    return DevicesEvidence(by_handle, (posture_router(intake), attestation_router(proving)))
