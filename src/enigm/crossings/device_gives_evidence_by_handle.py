"""Devices, handles, policy → posture, attestation. A device's evidence stands under a handle.

Carries:    a handle made for one purpose, when it ends, the key that signs, what policy asks.
Withholds:  the account, the owner's and the device's names, and one purpose's handle from another.
Dies:       the key with the answer; the handle with its epoch, at most a month.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.attestation.model import AttestationHandle, Attester
from enigm.domains.devices.model import DeviceId, OwnerRef
from enigm.domains.handles.model import Purpose
from enigm.domains.posture.model import PostureHandle, Reporter
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
    from enigm.domains.attestation.actions.records import AttestationRecords
    from enigm.domains.devices.actions.trust import TrustCheck
    from enigm.domains.policy.actions.deciding import Decider
    from enigm.domains.posture.actions.intake import PostureRecords


class DeviceEvidenceByHandle:
    """Provides ``posture.needs.Reporters`` and ``attestation.needs.Attesters``."""

    def __init__(
        self,
        trust: TrustCheck,
        handles: SubjectHandles,
        decider: Decider,
        postures: PostureRecords,
        attestations: AttestationRecords,
    ) -> None:
        """Keep every side."""
        self._trust = trust
        self._handles = handles
        self._decider = decider
        self._postures = postures
        self._attestations = attestations

    def reporter(self, owner: bytes, device_id: bytes) -> Reporter:
        """Return under which handle a device reports, and what its policy looks at."""
        return Reporter(
            PostureHandle(self._handles.handle(device_id, Purpose.POSTURE)),
            self._handles.ends_at(Purpose.POSTURE),
            self._trust.public_key(OwnerRef(owner), DeviceId(device_id)),
            self._asked(owner, device_id),
        )

    def attester(self, owner: bytes, device_id: bytes) -> Attester:
        """Return under which handle a device proves its state."""
        return Attester(
            AttestationHandle(self._handles.handle(device_id, Purpose.ATTESTATION)),
            self._handles.ends_at(Purpose.ATTESTATION),
            self._trust.public_key(OwnerRef(owner), DeviceId(device_id)),
        )

    def forget(self, device_ids: Iterable[bytes]) -> None:
        """Delete what is kept of devices whose account is erased."""
        for device_id in device_ids:
            posture = self._handles.handle(device_id, Purpose.POSTURE)
            self._postures.forget(PostureHandle(posture))
            attestation = self._handles.handle(device_id, Purpose.ATTESTATION)
            self._attestations.forget(AttestationHandle(attestation))

    def _asked(self, owner: bytes, device_id: bytes) -> frozenset[Signal]:
        """Return the signals that policies name; all where they name posture alone."""
        words = self._decider.asked_under(self._handles.policy_handles(owner, device_id))
        named = frozenset(signal for signal in Signal if signal.word in words)
        return named or frozenset(Signal if "posture" in words else ())
