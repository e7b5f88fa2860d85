"""The store with its seals, and how a handle stands now."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto.signatures import Ed25519
from enigm.domains.attestation import rules, store
from enigm.domains.attestation.errors import ChallengeEndedError
from enigm.domains.attestation.model import AttestationHandle
from enigm.foundation.recent import Recent
from enigm.foundation.sealing import ColumnSeal

if TYPE_CHECKING:
    from collections.abc import Generator

    import sqlalchemy as sa

    from enigm.crypto.attestation.verdict import Verdict
    from enigm.domains.attestation.model import (
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
# What is not good is read anew each time. What was good, and was replaced through another process,
# counts here for this long at most; a revocation counts sooner, for it is the handle's.
LOOK_SECONDS = 5
# Some 100 MB at most: a row of 2 KB, and its verdict.
SEEN_MAX = 16_384


@dataclass(frozen=True, slots=True)
class _Seen:
    """A device as it was read, with its verdict verified."""

    sealed: bytes | None
    kept: KeptDevice | None
    verdict: Verdict | None


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
        self._seen = Recent[AttestationHandle, _Seen](LOOK_SECONDS, SEEN_MAX, clock)

    def standing(self, handle: AttestationHandle) -> Standing:
        """Return how the machine behind a handle stands now.

        Whether its verdict still counts is asked each time; ``LOOK_SECONDS`` bounds only what
        other processes wrote.
        """
        seen = self._seen.get(
            handle, lambda last: self._read(handle, last), lambda seen: seen.verdict is not None
        )
        return rules.standing_of(seen.kept, seen.verdict, self.clock.now_seconds())[0]

    def standing_of(self, kept: KeptDevice | None) -> tuple[Standing, str]:
        """Return how a device stands now, and in which good state."""
        verdict = rules.verdict_in(kept, self.verdict_key.public)
        return rules.standing_of(kept, verdict, self.clock.now_seconds())

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
        with self.changing(handle) as connection:
            store.forget(connection, handle)

    @contextmanager
    def changing(self, *handles: AttestationHandle) -> Generator[sa.Connection]:
        """Open a transaction that changes devices; what was seen of them is then forgotten.

        Without handles, of all: where the caller cannot know yet which.
        """
        try:
            with self.database.begin() as connection:
                yield connection
        finally:
            for handle in handles:
                self._seen.drop(handle)
            if not handles:
                self._seen.clear()

    def _read(self, handle: AttestationHandle, last: _Seen | None) -> _Seen:
        with self.database.read() as connection:
            sealed = store.find_device(connection, handle)
        if last is not None and sealed == last.sealed:
            return last
        kept = None if sealed is None else self.opened(handle, sealed)
        return _Seen(sealed, kept, rules.verdict_in(kept, self.verdict_key.public))

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
