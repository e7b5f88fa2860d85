"""Any history of a PIN: tries, restarts and time agree with what a person would write down."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from enigm.domains.accounts.actions.pin_grants import critical_deed
from enigm.domains.accounts.errors import PinGrantRefusedError, PinLockedError
from enigm.domains.accounts.model import Course, CriticalAction, PinState
from tests.support.clock import FakeClock
from tests.support.pin_store import ACCOUNT, DURESS, REAL, WRONG, PinStore

# Written out again on purpose: the oracle rests on no constant of the code.
WAITS = {5: 60, 6: 300, 7: 900, 8: 3600, 9: 14_400}
DAY, HOLD = 86_400, 3 * 86_400

actions = st.sampled_from(list(CriticalAction))
# Wrong ones cost no Argon2id, and guessing is what happens most.
pins = st.sampled_from([WRONG, WRONG, WRONG, WRONG, REAL, DURESS])


@dataclass
class Leave:
    """A grant, as its owner remembers it."""

    grant: bytes
    action: CriticalAction
    ends_at: int
    is_duress: bool


class PinHistory(RuleBasedStateMachine):
    """Enters PINs, waits, restarts, spends."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.tries = self.locked_until = self.held_until = 0
        self.leaves: list[Leave] = []
        self.open()

    def open(self) -> None:
        self.kept = PinStore(Path(self.folder.name) / "a.db", self.clock)

    def teardown(self) -> None:
        self.kept.database.close()
        self.folder.cleanup()

    @property
    def now(self) -> int:
        return self.clock.now_seconds()

    @rule(pin=pins, action=actions)
    def enter(self, pin: str, action: CriticalAction) -> None:
        if self.now < self.locked_until:
            with pytest.raises(PinLockedError) as locked:
                self.kept.enter(pin, action)
            assert locked.value.retry_after_seconds == self.locked_until - self.now
            return
        is_held = self.now < self.held_until
        granted = self.kept.enter(pin, action)
        opens = pin == DURESS or (pin == REAL and not is_held)
        assert (granted is not None) == opens
        if granted is None:
            self.tries += 1
            wait = WAITS.get(self.tries, DAY) if self.tries >= 5 else 0
            self.locked_until = self.now + wait if wait else 0
            return
        self.tries = self.locked_until = 0
        if pin == DURESS:
            self.held_until = self.now + HOLD
        self.leaves.append(Leave(granted.grant, action, self.now + 60, pin == DURESS))

    @rule(seconds=st.sampled_from([1, 59, 60, 301, 3600, DAY, HOLD]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def restart(self) -> None:
        self.kept.database.close()
        self.open()

    @rule()
    def lift(self) -> None:
        with self.kept.store.begin() as records:
            records.pins.lift_hold(ACCOUNT)
        self.held_until = 0

    @rule(pick=st.integers(0, 5), action=actions)
    def spend(self, pick: int, action: CriticalAction) -> None:
        if not self.leaves:
            return
        leave = self.leaves[pick % len(self.leaves)]
        permit, deed = self.kept.permit(leave.grant), critical_deed(action)
        if self.now >= leave.ends_at or action is not leave.action:
            with pytest.raises(PinGrantRefusedError):
                self.kept.grants.spend(permit, deed)
            return
        course = self.kept.grants.spend(permit, deed)
        is_held = leave.is_duress or self.now < self.held_until
        assert course is (Course.HOLD if is_held else Course.DO)
        # Once: from now on it is as if it had ended.
        leave.ends_at = 0

    @invariant()
    def the_owner_sees_what_was_counted(self) -> None:
        assert self.kept.grants.state(self.kept.permit()) == PinState(
            True, max(0, 5 - self.tries), max(0, self.locked_until - self.now)
        )


@pytest.mark.requirement("CMD-03")
def test_any_history_of_a_pin_agrees_with_a_plain_count() -> None:
    run_state_machine_as_test(
        PinHistory,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
