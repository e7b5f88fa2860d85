"""Notices signed statements that were put back: each has a number, and numbers only grow."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class NewestNumber:
    """The newest number of a row of statements. Safe to share between threads.

    A signature alone does not say that a statement still holds: whoever writes in a store can put
    an older one back with its signature. So what is in force is signed together with a number. A
    process remembers the newest that it saw, and another store the newest of all: a statement
    below either was put back, and decides nothing.
    """

    def __init__(self, recorded: Callable[[], int]) -> None:
        """Keep what reads the newest number from the other store; 0 where there is none."""
        self._recorded = recorded
        self._seen = 0
        self._lock = Lock()

    def known(self) -> int:
        """Return what no statement that is read after this may fall below.

        The other store is asked until a statement was seen; then the process itself remembers.
        """
        return self._seen or self._recorded()

    def saw(self, number: int) -> None:
        """Remember the number of a statement that holds."""
        with self._lock:
            self._seen = max(self._seen, number)

    def after(self, number: int) -> int:
        """Return the number of a change that follows a statement, whatever else was recorded."""
        return max(number, self._seen, self._recorded()) + 1
