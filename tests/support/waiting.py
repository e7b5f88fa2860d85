"""Waits for something to become so, and says what did not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

import pytest

from enigm.foundation.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

_Found = TypeVar("_Found")
_LOOK_AGAIN_SECONDS = 0.02


def wait_until(look: Callable[[], _Found], seconds_max: float = 60) -> _Found:
    """Return what the look finds, as soon as it is true; fail the test after a while."""
    clock, pause = SystemClock(), threading.Event()
    ends_at = clock.monotonic_seconds() + seconds_max
    while not (found := look()):
        if clock.monotonic_seconds() > ends_at:
            pytest.fail(f"this did not become so in {seconds_max:.0f} s")
        pause.wait(_LOOK_AGAIN_SECONDS)
    return found
