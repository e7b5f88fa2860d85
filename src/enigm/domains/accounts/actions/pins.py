"""An account's PIN: set with the password, changed with itself, reset with the recovery phrase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts import rules
from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.actions.pin_grants import critical_deed
from enigm.domains.accounts.errors import (
    FreshSessionNeededError,
    PinIsSetError,
    PinUnsetError,
)
from enigm.domains.accounts.model import NOBODY, Course, CriticalAction
from enigm.domains.accounts.needs import AccountDecision

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.answers import Answers
    from enigm.domains.accounts.actions.names import Names
    from enigm.domains.accounts.actions.pin_grants import PinGrants
    from enigm.domains.accounts.actions.recover import PinReset, Recovery
    from enigm.domains.accounts.model import AccountId, Caller, OpaqueSecrets, Permit
    from enigm.domains.accounts.needs import DecisionRecords
    from enigm.domains.accounts.store import AccountStore
    from enigm.foundation.clock import Clock


class Pins:
    """What an owner does with the PIN itself. Routes see to it that a trusted device asks."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts it works with
        self,
        store: AccountStore,
        names: Names,
        secrets: OpaqueSecrets,
        clock: Clock,
        decisions: DecisionRecords,
        grants: PinGrants,
        recovery: Recovery,
        answers: Answers,
    ) -> None:
        """Keep what every deed needs."""
        self.grants = grants
        self._store = store
        self._names = names
        self._secrets = secrets
        self._clock = clock
        self._decisions = decisions
        self._recovery = recovery
        self._answers = answers

    def answer_opaque(self, caller: Caller, request: bytes) -> bytes:
        """Answer a registration's first message, for either of the two PINs.

        Raises AnswersSpentError, MalformedOpaqueError. With one counted try's answer at home, each
        of these would test one more guess uncounted: so few are given.
        """
        account_id = caller.account_id
        with self._store.begin() as records:
            self._answers.take(records, self._names.answers_ref(account_id), account_id)
        credential = self._names.pin_credential(account_id)
        return opaque.answer_registration(self._secrets, request, credential)

    def set_pin(self, caller: Caller, upload: bytes, duress_upload: bytes) -> None:
        """Set a first PIN; the duress record is one of noise where its owner chose none.

        Raises FreshSessionNeededError, PinIsSetError, MalformedOpaqueError.
        """
        if caller.session_age_seconds > rules.PIN_SESSION_SECONDS:
            raise FreshSessionNeededError
        record, duress_record = opaque.read_record(upload), opaque.read_record(duress_upload)
        account_id, now = caller.account_id, self._clock.now_seconds()
        with self._store.begin() as records:
            row = records.pins.row(account_id)
            if rules.pin_state(row, now).is_set:
                raise PinIsSetError
            is_held = rules.is_held(row, now)
            records.pins.set_record(NOBODY if is_held else account_id, record)
            records.pins.set_duress_record(account_id, record if is_held else duress_record)
            records.pins.show(account_id, is_hidden=False)
            records.pins.forget_tries(account_id, caller.session_id)
            self._decisions.record(AccountDecision.PIN_SET, account_id)

    def change_pin(self, permit: Permit, upload: bytes) -> None:
        """Replace the PIN that was entered: the duress PIN where it was that one."""
        record = opaque.read_record(upload)
        deed = critical_deed(CriticalAction.PIN_CHANGE, upload)
        account_id = permit.caller.account_id
        with self._store.begin() as records:
            course = self.grants.spend_within(records, permit, deed)
            target, decision = _target(permit, course, AccountDecision.PIN_CHANGED)
            records.pins.set_record(target, record)
            records.pins.set_duress_record(account_id if target == NOBODY else NOBODY, record)
            self._decisions.record(decision, account_id)

    def change_duress_pin(self, permit: Permit, upload: bytes) -> None:
        """Replace the duress PIN; a record of noise leaves none, and looks like any other."""
        duress_record = opaque.read_record(upload)
        deed = critical_deed(CriticalAction.DURESS_PIN_CHANGE, upload)
        with self._store.begin() as records:
            course = self.grants.spend_within(records, permit, deed)
            target, decision = _target(permit, course, AccountDecision.PIN_CHANGED)
            records.pins.set_duress_record(target, duress_record)
            self._decisions.record(decision, permit.caller.account_id)

    def remove_pin(self, permit: Permit) -> None:
        """Remove both PINs; within a hold they are shown as removed."""
        deed = critical_deed(CriticalAction.PIN_REMOVE)
        with self._store.begin() as records:
            course = self.grants.spend_within(records, permit, deed)
            target, decision = _target(permit, course, AccountDecision.PIN_REMOVED)
            records.pins.set_record(target, None)
            records.pins.set_duress_record(target, None)
            records.pins.show(permit.caller.account_id, is_hidden=course is Course.HOLD)
            self._decisions.record(decision, permit.caller.account_id)

    def reset_pin(self, caller: Caller, reset: PinReset) -> None:
        """Set a new PIN by the root's word, and end a hold; nothing else changes.

        Raises RecoveryRefusedError, PinUnsetError, MalformedOpaqueError.
        """
        record = opaque.read_record(reset.opaque_record)
        with self._store.begin() as records:
            self._recovery.spend_word(records, reset, caller.account_id)
            if records.pins.row(caller.account_id).record is None:
                raise PinUnsetError
            records.pins.set_record(caller.account_id, record)
            records.pins.forget_tries(caller.account_id, caller.session_id)
            records.pins.lift_hold(caller.account_id)
            self._decisions.record(AccountDecision.PIN_RESET, caller.account_id)


def _target(
    permit: Permit, course: Course, decision: AccountDecision
) -> tuple[AccountId, AccountDecision]:
    """Return whom to work on: nobody where the deed is held, so that the work is the same."""
    if course is Course.HOLD:
        return NOBODY, AccountDecision.HELD
    return permit.caller.account_id, decision
