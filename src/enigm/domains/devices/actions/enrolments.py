"""Devices that wait: whoever signed in may ask, and only the chain answers yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.devices import rules
from enigm.domains.devices.errors import EnrolmentUnknownError
from enigm.domains.devices.model import Enrolment, Trust
from enigm.domains.devices.needs import DeviceDecision
from enigm.wire.device_chain import device_id_of

if TYPE_CHECKING:
    from enigm.domains.devices.model import DeviceId, OwnerRef
    from enigm.domains.devices.needs import DecisionRecords
    from enigm.domains.devices.store import DeviceRecords, DeviceStore
    from enigm.foundation.clock import Clock


class Enrolments:
    """Lets devices wait, and turns them away."""

    def __init__(self, store: DeviceStore, clock: Clock, decisions: DecisionRecords) -> None:
        """Keep what every deed needs."""
        self._decisions = decisions
        self._store = store
        self._clock = clock

    def request_enrolment(self, owner: OwnerRef, device_public: bytes, card: bytes) -> Enrolment:
        """Let a device wait for a day.

        Raises DeviceKnownError, DeviceRevokedError, TooManyPendingError.
        """
        now = self._clock.now_seconds()
        device_id = device_id_of(device_public)
        with self._store.begin() as records:
            waiting = records.enrolments(owner, now)
            rules.check_enrolment(self._trust(records, owner, device_id, now), len(waiting))
            enrolment = Enrolment(device_public, now, card)
            records.enrol(owner, device_id, enrolment, now + rules.ENROLMENT_SECONDS)
        return enrolment

    def refuse_enrolment(self, owner: OwnerRef, device_id: DeviceId) -> None:
        """Turn a waiting device away; raises EnrolmentUnknownError."""
        with self._store.begin() as records:
            if not records.end_enrolment(owner, device_id):
                raise EnrolmentUnknownError
            self._decisions.record(DeviceDecision.REFUSED, owner, device_id)

    def _trust(
        self, records: DeviceRecords, owner: OwnerRef, device_id: DeviceId, now: int
    ) -> Trust:
        device = records.device(owner, device_id)
        if device is not None:
            return device.trust
        is_waiting = records.enrolment(owner, device_id, now) is not None
        return Trust.PENDING if is_waiting else Trust.UNKNOWN
