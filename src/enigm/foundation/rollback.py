"""Notices signed statements that were put back: each has a number, and numbers only grow."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from enigm.foundation.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable


# A change is recorded a moment before it is written. Whoever looks once a second meets that moment
# once; a change that is still not there so many looks later was put back, or never made.
LOOKS_MAX: Final = 10


class NewestNumber:
    """The newest number of a row of statements. Safe to share between threads.

    A signature alone does not say that a statement still holds: whoever writes in a store can put
    an older one back with its signature. So what is in force is signed together with a number. A
    process remembers the newest that it saw, and another store the newest of all: a statement
    below either was put back, and decides nothing. What a running process never saw, because it was
    put back at once, is noticed within ``LOOKS_MAX`` looks.
    """

    def __init__(self, recorded: Callable[[], int]) -> None:
        """Keep what reads the newest number from the other store; 0 where there is none."""
        self._recorded = recorded
        self._seen = 0
        self._looks_behind = 0
        self._lock = Lock()

    def known(self) -> int:
        """Return what no statement that is read after this may fall below.

        Raises:
            UnavailableError: the other store does not answer, and no statement was seen yet.
        """
        try:
            recorded = self._recorded()
        except UnavailableError:
            if not self._seen:
                raise
            return self._seen
        with self._lock:
            self._looks_behind = self._looks_behind + 1 if recorded > self._seen else 0
            is_patient = self._seen > 0 and self._looks_behind <= LOOKS_MAX
            return self._seen if is_patient else max(self._seen, recorded)

    def saw(self, number: int) -> None:
        """Remember the number of a statement that holds."""
        with self._lock:
            if number > self._seen:
                self._seen, self._looks_behind = number, 0

    def after(self, number: int) -> int:
        """Return the number of a change that follows a statement, whatever else was recorded."""
        return max(number, self._seen, self._recorded()) + 1
