"""Callers at once share a write, each gets its own answer, and a failure leaves nobody waiting."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from enigm.domains.audit.actions.sharing import SharedWrite

CALLERS = 16


def test_those_who_come_while_one_writes_are_written_together() -> None:
    batches: list[list[int]] = []
    first_writes, all_wait = threading.Event(), threading.Event()

    def write(wanted: list[int]) -> list[int]:
        batches.append(wanted)
        if len(batches) == 1:
            first_writes.set()
            assert all_wait.wait(10)
        return [one * 10 for one in wanted]

    shared = SharedWrite(write)
    with ThreadPoolExecutor(CALLERS + 1) as pool:
        first = pool.submit(shared.write, [0])
        assert first_writes.wait(10)
        others = [pool.submit(shared.write, [number, -number]) for number in range(1, CALLERS)]
        while len(shared._waiting) < len(others):
            pass
        all_wait.set()
        assert first.result(10) == [0]
        for number, other in enumerate(others, 1):
            assert other.result(10) == [number * 10, -number * 10]
    assert len(batches) == 2


def test_a_write_that_fails_tells_everybody_and_the_next_goes_on() -> None:
    is_broken = True

    def write(wanted: list[int]) -> list[int]:
        if is_broken:
            raise OSError("the disk is full")
        return wanted

    shared = SharedWrite(write)
    with ThreadPoolExecutor(CALLERS) as pool:
        failed = [pool.submit(shared.write, [number]) for number in range(CALLERS)]
        for each in failed:
            with pytest.raises(OSError, match="full"):
                each.result(10)
    is_broken = False
    assert shared.write([7]) == [7]
