"""A process that is killed while it looks at a PIN gives no try back."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.errors import PinLockedError
from enigm.domains.accounts.model import CriticalAction
from tests.support.clock import FakeClock
from tests.support.pin_store import REAL, WRONG, PinStore

if TYPE_CHECKING:
    from pathlib import Path

TRIES = 5


def _die_at_the_evaluation(path: Path) -> None:
    """Begin an entry in a process of its own; SIGKILL comes as OPAQUE is asked."""

    def die(*_arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    kept = PinStore(path, FakeClock())
    opaque.answer_login = die  # type: ignore[assignment]
    kept.start(WRONG, CriticalAction.ACCOUNT_DELETE)


@pytest.mark.requirement("CMD-03")
def test_a_kill_between_counting_and_looking_gives_no_try_back(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    clock = FakeClock()
    PinStore(path, clock).database.close()
    fresh = multiprocessing.get_context("spawn")
    for tries in range(1, TRIES + 1):
        killed = fresh.Process(target=_die_at_the_evaluation, args=(path,))
        killed.start()
        killed.join(timeout=60)
        assert killed.exitcode == -signal.SIGKILL
        kept = PinStore(path, clock)
        assert kept.grants.state(kept.permit()).tries_left == TRIES - tries
        kept.database.close()
    kept = PinStore(path, clock)
    with pytest.raises(PinLockedError):
        kept.enter(REAL, CriticalAction.ACCOUNT_DELETE)
    clock.advance(60)
    assert kept.enter(REAL, CriticalAction.ACCOUNT_DELETE) is not None
    kept.database.close()
