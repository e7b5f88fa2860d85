"""A PIN's entry becomes leave for one deed: counted first, evaluated blind, spent once.

The service never sees a PIN: it answers OPAQUE for two records at places drawn anew each time, the
PIN's and the duress PIN's, which look alike. Where there is no PIN a decoy answers. A right PIN and
a duress PIN take the same path, statement for statement; decisions/0021 says what differs later.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from enigm.crypto import kdf
from enigm.domains.accounts import rules
from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.errors import (
    PinGrantRefusedError,
    PinLockedError,
    PinNeededError,
    PinRefusedError,
    PinSessionSpentError,
    SessionEndedError,
    SignInFailedError,
)
from enigm.domains.accounts.model import (
    Course,
    CriticalDeed,
    PinAttempt,
    PinGrant,
    PinGrantRow,
    PinTries,
    StartedPin,
)
from enigm.domains.accounts.needs import AccountDecision
from enigm.foundation.ids import random_id
from enigm.wire.critical_action import parameters_digest

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.names import Names
    from enigm.domains.accounts.model import (
        CriticalAction,
        OpaqueSecrets,
        Permit,
        PinRow,
        PinState,
    )
    from enigm.domains.accounts.needs import DecisionRecords
    from enigm.domains.accounts.store import AccountRecords, AccountStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

GRANT_BYTES: Final = 32


class PinGrants:
    """Takes PINs and hands out grants; whoever does a critical deed spends one."""

    def __init__(
        self,
        store: AccountStore,
        names: Names,
        secrets: OpaqueSecrets,
        clock: Clock,
        entropy: Entropy,
        decisions: DecisionRecords,
    ) -> None:
        """Keep what every deed needs."""
        self._store = store
        self._names = names
        self._secrets = secrets
        self._clock = clock
        self._entropy = entropy
        self._decisions = decisions

    def state(self, permit: Permit) -> PinState:
        """Return what the owner may see from where they ask."""
        account_id = permit.caller.account_id
        with self._store.read() as records:
            row, share = records.pins.peek(account_id), _share(records, permit)
        return rules.pin_state(row, self._clock.now_seconds(), share)

    def start(
        self, permit: Permit, deed: CriticalDeed, requests: tuple[bytes, bytes]
    ) -> StartedPin:
        """Count a try, and answer OPAQUE's first message for both places.

        Raises PinLockedError, PinSessionSpentError, MalformedOpaqueError. The try is on disk before
        anything is evaluated: a process that is killed gives none back.
        """
        account_id = permit.caller.account_id
        row, share = self._count(permit)
        now = self._clock.now_seconds()
        # Within a hold the PIN itself looks wrong: guessing it, or being made to say it, is idle.
        # The duress PIN opens until it seems to be removed; from then on it looks wrong, too.
        real = None if rules.is_held(row, now) else row.record
        duress = None if rules.is_hidden(row, now) else row.duress_record
        decoy = self._secrets.decoy_record
        duress_place = self._entropy.random_bytes(1)[0] & 1
        placed = [real or decoy, duress or decoy]
        if duress_place == 0:
            placed.reverse()
        credential = self._names.pin_credential(account_id)
        first, second = (
            opaque.answer_login(self._secrets, record, request, credential)
            for record, request in zip(placed, requests, strict=True)
        )
        attempt_id = random_id(self._entropy)
        attempt = PinAttempt(
            permit.caller.session_id,
            self._names.pin_device_ref(permit.device_id),
            rules.pin_binding(deed),
            (first[1], second[1]),
            duress_place,
        )
        with self._store.begin() as records:
            expires_at = now + rules.PIN_ATTEMPT_SECONDS
            records.pins.add_attempt(attempt_id, account_id, attempt, expires_at)
        seen = rules.pin_state(row, now, share)
        responses = (first[0], second[0])
        return StartedPin(attempt_id, responses, seen.tries_left, seen.retry_after_seconds)

    def finish(
        self, permit: Permit, attempt_id: bytes, place: int, finalization: bytes
    ) -> PinGrant:
        """Check the last message and hand out a grant; raises PinRefusedError."""
        account_id = permit.caller.account_id
        now = self._clock.now_seconds()
        with self._store.begin() as records:
            attempt = records.pins.take_attempt(attempt_id, account_id, now)
        if attempt is None or not self._is_from(permit, attempt):
            raise PinRefusedError("no such entry, from elsewhere, or too late")
        try:
            opaque.check_login(finalization, attempt.states[place])
        except SignInFailedError as error:
            raise PinRefusedError(error.trace) from error
        is_duress = place == attempt.duress_place
        grant = self._entropy.random_bytes(GRANT_BYTES)
        row = PinGrantRow(attempt.session_id, attempt.device_ref, attempt.binding, is_duress)
        expires_at = now + rules.PIN_GRANT_SECONDS
        with self._store.begin() as records:
            held_until = records.pins.row(account_id).held_until
            if is_duress:
                held_until = now + rules.PIN_HOLD_SECONDS
            records.pins.take_entry(account_id, permit.caller.session_id, held_until)
            records.pins.add_grant(_hash(grant), account_id, row, expires_at)
            # Last in the transaction: what cannot be recorded is rolled back.
            granted = AccountDecision.DURESS if is_duress else AccountDecision.PIN_GRANTED
            self._decisions.record(granted, account_id)
        return PinGrant(grant, expires_at)

    def stands(self, permit: Permit) -> bool:
        """Say whether a living grant was given to who asks; nothing is spent, or told of it."""
        if permit.grant is None:
            return False
        with self._store.read() as records:
            grant = records.pins.peek_grant(
                _hash(permit.grant), permit.caller.account_id, self._clock.now_seconds()
            )
        return grant is not None and self._is_from(permit, grant)

    def spend(self, permit: Permit, deed: CriticalDeed) -> Course:
        """Spend a grant for a deed of another domain, which does it at once or holds it."""
        with self._store.begin() as records:
            return self.spend_within(records, permit, deed)

    def spend_within(self, records: AccountRecords, permit: Permit, deed: CriticalDeed) -> Course:
        """Spend a grant in the transaction that does the deed: both happen, or neither.

        Raises PinNeededError, PinGrantRefusedError.
        """
        if permit.grant is None:
            raise PinNeededError
        account_id, now = permit.caller.account_id, self._clock.now_seconds()
        grant = records.pins.take_grant(_hash(permit.grant), account_id, now)
        if grant is None or not self._is_from(permit, grant):
            raise PinGrantRefusedError("unknown, spent, too old, or from elsewhere")
        if not kdf.equal(grant.binding, rules.pin_binding(deed)):
            raise PinGrantRefusedError("entered for something else")
        # A grant from just before the hold began is held, too.
        is_held = rules.is_held(records.pins.row(account_id), now)
        return Course.HOLD if is_held or grant.is_duress else Course.DO

    def _count(self, permit: Permit) -> tuple[PinRow, int | None]:
        """Count one try; return the row, and the session's share, as they then are.

        Where no device signs, a session has few tries of its own besides the account's, and the
        account's are counted apart: whoever stole a session never makes the owner's device wait.

        Raises PinLockedError, PinSessionSpentError, SessionEndedError.
        """
        account_id, session_id = permit.caller.account_id, permit.caller.session_id
        is_signed, now = bool(permit.device_id), self._clock.now_seconds()
        with self._store.begin() as records:
            before = records.pins.row(account_id).tries(is_signed=is_signed)
            share = _share(records, permit)
            if share is not None:
                if share >= rules.PIN_SESSION_TRIES:
                    raise PinSessionSpentError
                share += 1
                records.pins.set_share(account_id, session_id, share)
            if now < before.locked_until:
                raise PinLockedError(before.locked_until - now)
            delay_seconds = rules.pin_delay_seconds(before.count + 1)
            locked_until = now + delay_seconds if delay_seconds else 0
            tries = PinTries(before.count + 1, locked_until)
            records.pins.set_tries(account_id, tries, is_signed=is_signed)
            if delay_seconds:
                self._decisions.record(AccountDecision.PIN_LOCKED, account_id)
            return records.pins.row(account_id), share

    def _is_from(self, permit: Permit, bound: PinAttempt | PinGrantRow) -> bool:
        is_session = kdf.equal(bound.session_id, permit.caller.session_id)
        device_ref = self._names.pin_device_ref(permit.device_id)
        return is_session and kdf.equal(bound.device_ref, device_ref)


def _share(records: AccountRecords, permit: Permit) -> int | None:
    """Return how many of its own tries the session used; None where a device signs."""
    if permit.device_id:
        return None
    used = records.pins.share(permit.caller.account_id, permit.caller.session_id)
    if used is None:
        raise SessionEndedError
    return used


def critical_deed(action: CriticalAction, *parameters: bytes) -> CriticalDeed:
    """Return an action with its exact parameters."""
    return CriticalDeed(action, parameters_digest(*parameters))


def _hash(grant: bytes) -> bytes:
    return hashlib.sha256(grant).digest()
