"""Posture, attestation → policy. How the asking device stands, where a policy wants to know.

Carries:    one word for each state, from a closed list.
Withholds:  the handles, the times, the measured values, and everything no policy names.
Dies:       with the answer; the decision's facts stay a month, without a handle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.attestation.model import AttestationHandle
from enigm.domains.handles.model import Purpose
from enigm.domains.policy.model import Evidence, FactState
from enigm.domains.posture.model import PostureHandle

if TYPE_CHECKING:
    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
    from enigm.domains.attestation.actions.records import AttestationRecords
    from enigm.domains.posture.actions.intake import PostureRecords

_REVOKED = Evidence(FactState.BAD)


class PolicyAsksDeviceEvidence:
    """Establishes the facts ``posture`` and ``attestation`` of one device."""

    def __init__(
        self,
        handles: SubjectHandles,
        postures: PostureRecords,
        attestations: AttestationRecords,
    ) -> None:
        """Keep who names devices, and what is known under those names."""
        self._handles = handles
        self._postures = postures
        self._attestations = attestations

    def posture(self, device_id: bytes) -> Evidence:
        """Return how the latest report stands, and each signal's word."""
        handle = self._handles.handle(device_id, Purpose.POSTURE)
        if self._handles.is_revoked(handle, Purpose.POSTURE):
            return _REVOKED
        standing, words = self._postures.standing(PostureHandle(handle))
        return Evidence(FactState(standing.value), words)

    def attestation(self, device_id: bytes) -> Evidence:
        """Return how the machine was last shown to be."""
        handle = self._handles.handle(device_id, Purpose.ATTESTATION)
        if self._handles.is_revoked(handle, Purpose.ATTESTATION):
            return _REVOKED
        return Evidence(FactState(self._attestations.standing(AttestationHandle(handle)).value))
