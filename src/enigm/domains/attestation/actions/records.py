"""The store with its seals, and how a handle stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.crypto.signatures import Ed25519
from enigm.domains.attestation import rules, store
from enigm.domains.attestation.errors import ChallengeEndedError
from enigm.foundation.sealing import ColumnSeal

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.attestation.model import (
        AttestationHandle,
        Attester,
        KeptDevice,
        Standing,
        Step,
    )
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

_TIME_BYTES = 8


class AttestationRecords:
    """What is kept, opened and sealed. Safe to share between threads."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the store, derive its keys and the one that signs verdicts."""
        self.database = database
        self.clock = clock
        self.entropy = entropy
        self.verdict_key = Ed25519.from_seed(keys.derive("attestation", "verdicts"))
        self._challenges = ColumnSeal(keys, "attestation.challenge.sealed", entropy)
        self._devices = ColumnSeal(keys, "attestation.device.sealed", entropy)

    def standing(self, handle: AttestationHandle) -> Standing:
        """Return how the machine behind a handle stands now."""
        with self.database.read() as connection:
            kept = self.device(connection, handle)
        return self.standing_of(kept)[0]

    def standing_of(self, kept: KeptDevice | None) -> tuple[Standing, str]:
        """Return how a device stands now, and in which good state."""
        return rules.standing_of(kept, self.verdict_key.public, self.clock.now_seconds())

    def device(
        self, connection: sa.Connection, handle: AttestationHandle, *, to_change: bool = False
    ) -> KeptDevice | None:
        """Return what is kept of a device."""
        sealed = store.find_device(connection, handle, to_change=to_change)
        return None if sealed is None else self.opened(handle, sealed)

    def opened(self, handle: AttestationHandle, sealed: bytes) -> KeptDevice:
        """Open a device's row."""
        return rules.unpacked(self._devices.open(sealed, handle))

    def enrol(self, connection: sa.Connection, attester: Attester, kept: KeptDevice) -> None:
        """Write a device's first row; it ends with its handle."""
        sealed = self._devices.seal(rules.packed(kept), attester.handle)
        store.keep_device(connection, attester.handle, sealed, attester.handle_ends_at)

    def replace(
        self, connection: sa.Connection, handle: AttestationHandle, kept: KeptDevice
    ) -> None:
        """Write a device's row anew."""
        store.replace_device(connection, handle, self._devices.seal(rules.packed(kept), handle))

    def forget(self, handle: AttestationHandle) -> None:
        """Delete what is kept under a handle."""
        with self.database.begin() as connection:
            store.forget(connection, handle)

    def challenge(self, handle: AttestationHandle, step: Step, expected: bytes) -> None:
        """Keep what one answer has to match, for two minutes."""
        now = self.clock.now_seconds()
        body = now.to_bytes(_TIME_BYTES, "big") + expected
        sealed = self._challenges.seal(rules.padded(body, rules.PENDING_BYTES), handle)
        with self.database.begin() as connection:
            store.keep_challenge(connection, handle, step, sealed, rules.challenge_end(now))

    def answered(self, handle: AttestationHandle, step: Step) -> bytes:
        """Return what this answer has to match, once; raises ChallengeEndedError."""
        with self.database.begin() as connection:
            sealed = store.take_challenge(connection, handle, step)
        if sealed is None:
            raise ChallengeEndedError
        body = rules.unpadded(self._challenges.open(sealed, handle))
        asked_at = int.from_bytes(body[:_TIME_BYTES], "big")
        if self.clock.now_seconds() - asked_at > rules.CHALLENGE_SECONDS:
            raise ChallengeEndedError
        return body[_TIME_BYTES:]
