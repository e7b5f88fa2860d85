"""Lets callers at once share one forced write: one of them writes for all who wait meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


@dataclass(slots=True)
class _Caller(Generic[T]):
    """What one caller wants written, whether it is its turn to write, and what came of it."""

    wanted: Sequence[T]
    must_write: Future[bool] = field(default_factory=Future[bool])
    numbers: Future[list[int]] = field(default_factory=Future[list[int]])


class SharedWrite(Generic[T]):
    """Gathers callers into batches. Safe to share between threads."""

    def __init__(self, write: Callable[[list[T]], list[int]]) -> None:
        """Keep what writes a whole batch durably and numbers it, or raises and wrote nothing."""
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Caller[T]] = []
        self._is_writing = False

    def write(self, wanted: Sequence[T]) -> list[int]:
        """Return the numbers of what was wanted, once it is durable; raises what writing raised."""
        mine = _Caller(wanted)
        with self._lock:
            self._waiting.append(mine)
            if not self._is_writing:
                self._is_writing = True
                mine.must_write.set_result(True)
        if mine.must_write.result():
            self._write_waiting(mine)
        return mine.numbers.result()

    def _write_waiting(self, mine: _Caller[T]) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            numbers = self._write([one for caller in batch for one in caller.wanted])
        except BaseException as error:
            for caller in batch:
                caller.numbers.set_exception(error)
            raise
        else:
            for caller in batch:
                count = len(caller.wanted)
                caller.numbers.set_result(numbers[:count])
                numbers = numbers[count:]
        finally:
            for caller in batch:
                if caller is not mine:
                    caller.must_write.set_result(False)
            self._hand_over()

    def _hand_over(self) -> None:
        """Let the first of those who came meanwhile write for all of them."""
        with self._lock:
            self._is_writing = bool(self._waiting)
            if self._waiting:
                self._waiting[0].must_write.set_result(True)
