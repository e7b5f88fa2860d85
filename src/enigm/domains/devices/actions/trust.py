"""Who may speak for an owner: a trusted device, freshly, once per signed request."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from enigm.domains.devices import rules
from enigm.domains.devices.errors import (
    DeviceNotTrustedError,
    RequestReplayedError,
)
from enigm.domains.devices.model import DeviceId
from enigm.foundation.errors import Refusal
from enigm.wire.request_signature import verify_request

if TYPE_CHECKING:
    from enigm.domains.devices.model import OwnerRef, SignedCall
    from enigm.domains.devices.store import DeviceStore
    from enigm.foundation.clock import Clock


class TrustCheck:
    """Decides about protected requests."""

    def __init__(self, store: DeviceStore, clock: Clock) -> None:
        """Keep what the decision needs."""
        self._store = store
        self._clock = clock

    def check_call(self, owner: OwnerRef, call: SignedCall) -> DeviceId:
        """Return which trusted device made the request.

        Raises DeviceNotTrustedError, DeviceRevokedError, RequestStaleError or
        RequestReplayedError. The signature comes first: only the device itself learns that it
        is revoked, that its clock is wrong, or that its request was used.
        """
        device_id = DeviceId(call.signature.device_id)
        with self._store.read() as records:
            device = records.device(owner, device_id)
        if device is None:
            raise DeviceNotTrustedError("no such device in the owner's chain")
        try:
            verify_request(call.request, call.signature, device.device_public)
        except Refusal as error:
            raise DeviceNotTrustedError(error.trace) from error
        rules.check_speaker(device.trust)
        created = call.signature.created
        rules.check_freshness(created, self._clock.now_seconds())
        nonce_hash = hashlib.sha256(owner + device_id + call.signature.nonce).digest()
        with self._store.begin() as records:
            if not records.use_nonce(nonce_hash, rules.nonce_end(created)):
                raise RequestReplayedError
        return device_id

    def public_key(self, owner: OwnerRef, device_id: DeviceId) -> bytes:
        """Return the key by which a trusted device signs; raises DeviceNotTrustedError."""
        with self._store.read() as records:
            device = records.device(owner, device_id)
        if device is None:
            raise DeviceNotTrustedError("no such device in the owner's chain")
        rules.check_speaker(device.trust)
        return device.device_public
