"""The clock behind the drivers' ``seconds``: the wall's, or the processor's on a busy machine."""

from __future__ import annotations

import time

_counts_processor_time = False


def count_processor_time() -> None:
    """From now on, count the time that the engines' threads spend on processors."""
    global _counts_processor_time  # noqa: PLW0603 - one choice for a whole run
    _counts_processor_time = True


def counts_processor_time() -> bool:
    """Tell which clock is in use."""
    return _counts_processor_time


def now() -> float:
    """Return seconds from an arbitrary start."""
    return time.process_time() if _counts_processor_time else time.perf_counter()
