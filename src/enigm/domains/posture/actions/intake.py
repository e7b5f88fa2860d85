"""Challenge a device, take its signed report in, and say for policy how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.domains.posture import rules, store
from enigm.domains.posture.errors import ChallengeEndedError, UnaskedSignalError
from enigm.domains.posture.model import Challenge, PostureHandle, Standing
from enigm.foundation.recent import Recent
from enigm.foundation.sealing import ColumnSeal
from enigm.wire.posture_report import NONCE_BYTES, State, verify_report

if TYPE_CHECKING:
    from enigm.domains.posture.model import KeptReport, Reporter
    from enigm.domains.posture.needs import Reporters
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys
    from enigm.wire.posture_report import Signal


# What is not good is read anew each time. What was good, and was replaced through another process,
# counts here for this long at most; a revocation counts sooner, for it is the handle's.
LOOK_SECONDS = 5
# Some 100 MB at most: a report, and its signals' words.
SEEN_MAX = 16_384


@dataclass(frozen=True, slots=True)
class _Seen:
    """A report as it was read, and what it amounts to while it is fresh."""

    sealed: bytes | None
    kept: KeptReport | None
    standing: Standing
    words: dict[str, str]


class PostureRecords:
    """The store, with its seals. Safe to share between threads."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the store and derive its keys."""
        self.database = database
        self.clock = clock
        self.entropy = entropy
        self.challenges = ColumnSeal(keys, "posture.challenge.sealed", entropy)
        self.reports = ColumnSeal(keys, "posture.report.sealed", entropy)
        self._seen = Recent[PostureHandle, _Seen](LOOK_SECONDS, SEEN_MAX, clock)

    def latest(self, handle: PostureHandle) -> KeptReport | None:
        """Return a handle's latest report."""
        return self._read(handle, None).kept

    def keep(self, handle: PostureHandle, packed: bytes, ends_at: int) -> None:
        """Write a report in place of an older one."""
        sealed = self.reports.seal(packed, handle)
        with self.database.begin() as connection:
            store.keep(connection, store.report, handle, sealed, ends_at)
        self._seen.drop(handle)

    def forget(self, handle: PostureHandle) -> None:
        """Delete what is kept under a handle."""
        with self.database.begin() as connection:
            store.forget(connection, handle)
        self._seen.drop(handle)

    def standing(self, handle: PostureHandle) -> tuple[Standing, dict[str, str]]:
        """Return how a handle stands now, and each signal's word, for a policy to look at.

        Whether it is stale is asked at every look; ``LOOK_SECONDS`` bounds only what others wrote.
        """
        seen = self._seen.get(
            handle,
            lambda last: self._read(handle, last),
            lambda seen: seen.standing is Standing.GOOD,
        )
        if rules.is_stale(seen.kept, self.clock.now_seconds()):
            return Standing.STALE, rules.words_of(seen.kept, Standing.STALE)
        return seen.standing, seen.words

    def _read(self, handle: PostureHandle, last: _Seen | None) -> _Seen:
        with self.database.read() as connection:
            sealed = store.find_report(connection, handle)
        if last is not None and sealed == last.sealed:
            return last
        kept = None if sealed is None else rules.unpacked(self.reports.open(sealed, handle))
        standing = rules.standing_of(kept, 0 if kept is None else kept.taken_at)
        return _Seen(sealed, kept, standing, rules.words_of(kept, standing))


class PostureIntake:
    """Takes reports in."""

    def __init__(self, records: PostureRecords, reporters: Reporters) -> None:
        """Keep both sides."""
        self._records = records
        self._reporters = reporters

    def asked(self, owner: bytes, device_id: bytes) -> list[Signal]:
        """Return what a report of this device would have to say; empty: it need not report."""
        return sorted(self._reporters.reporter(owner, device_id).asked)

    def challenge(self, owner: bytes, device_id: bytes) -> Challenge | None:
        """Ask the device for one report; none where the policy looks at nothing."""
        reporter = self._reporters.reporter(owner, device_id)
        if not reporter.asked:
            return None
        now = self._records.clock.now_seconds()
        nonce = self._records.entropy.random_bytes(NONCE_BYTES)
        states = dict.fromkeys(reporter.asked, State.UNKNOWN)
        sealed = self._records.challenges.seal(nonce + rules.packed(now, states), reporter.handle)
        with self._records.database.begin() as connection:
            end = rules.challenge_end(now)
            store.keep(connection, store.challenge, reporter.handle, sealed, end)
        return Challenge(reporter.handle, nonce, reporter.asked)

    def take(self, owner: bytes, device_id: bytes, octets: bytes) -> Standing:
        """Verify a report and keep what it says; return how the device stands now.

        Raises:
            ChallengeEndedError: nothing was asked, or it was answered before, or long ago.
            ReportRefusedError: the report does not hold; the challenge is used up.
            UnaskedSignalError: it says more than was asked.
        """
        reporter = self._reporters.reporter(owner, device_id)
        now = self._records.clock.now_seconds()
        nonce, asked = self._answered(reporter, now)
        verified = verify_report(
            octets, reporter.device_public, handle=reporter.handle, nonce=nonce, now_seconds=now
        )
        if verified.states.keys() - asked.states.keys():
            raise UnaskedSignalError
        states = {signal: verified.state_of(signal) for signal in asked.states}
        packed = rules.packed(verified.taken_at, states)
        self._records.keep(reporter.handle, packed, reporter.handle_ends_at)
        return rules.standing_of(rules.unpacked(packed), now)

    def forget(self, owner: bytes, device_id: bytes) -> None:
        """Delete what is kept of a device, because its user reports no more."""
        self._records.forget(self._reporters.reporter(owner, device_id).handle)

    def _answered(self, reporter: Reporter, now: int) -> tuple[bytes, KeptReport]:
        with self._records.database.begin() as connection:
            sealed = store.take_challenge(connection, reporter.handle)
        if sealed is None:
            raise ChallengeEndedError
        opened = self._records.challenges.open(sealed, reporter.handle)
        asked = rules.unpacked(opened[NONCE_BYTES:])
        if now - asked.taken_at > rules.CHALLENGE_SECONDS:
            raise ChallengeEndedError
        return opened[:NONCE_BYTES], asked
