"""An answer stands for a moment and no longer, and what is dropped is gone at once."""

from __future__ import annotations

import pytest

from enigm.foundation.recent import LIFETIMES_MAX, Recent
from tests.support.clock import FakeClock

pytestmark = pytest.mark.requirement("POL-01")


def always(_found: int) -> bool:
    return True


class Source:
    """A store that counts how often it is asked."""

    def __init__(self) -> None:
        self.value = 1
        self.asked = 0
        self.told: list[int | None] = []

    def find(self, last: int | None) -> int:
        self.asked += 1
        self.told.append(last)
        return self.value


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def recent(clock: FakeClock) -> Recent[str, int]:
    return Recent[str, int](1, 3, clock)


def test_an_answer_is_found_once_in_its_lifetime_and_again_after_it(recent, clock) -> None:
    source = Source()
    assert [recent.get("a", source.find, always) for _ in range(5)] == [1] * 5
    clock.advance(0.99)
    source.value = 2
    assert recent.get("a", source.find, always) == 1
    clock.advance(0.01)
    assert recent.get("a", source.find, always) == 2
    assert (source.asked, source.told) == (2, [None, 1])


def test_what_is_dropped_or_cleared_is_found_anew_at_once(recent) -> None:
    source = Source()
    recent.get("a", source.find, always)
    recent.get("b", source.find, always)
    source.value = 2
    recent.drop("a")
    assert (recent.get("a", source.find, always), recent.get("b", source.find, always)) == (2, 1)
    recent.clear()
    assert recent.get("b", source.find, always) == 2


def test_an_answer_that_was_found_before_a_change_is_not_kept_after_it(recent) -> None:
    source = Source()

    def overtaken(last: int | None) -> int:
        found = source.find(last)
        source.value = 2
        recent.drop("a")
        return found

    assert recent.get("a", overtaken, always) == 1, "whoever asked before the change may get it"
    assert recent.get("a", source.find, always) == 2


def test_a_failure_is_not_an_answer_and_hides_none(recent, clock) -> None:
    source = Source()
    recent.get("a", source.find, always)
    clock.advance(1)

    def away(_last: int | None) -> int:
        raise OSError("away")

    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            recent.get("a", away, always)
    assert recent.get("a", source.find, always) == 1


def test_an_answer_that_may_not_stand_is_found_anew_each_time(recent) -> None:
    source = Source()

    def found() -> int:
        return recent.get("a", source.find, lambda answer: answer > 1)

    assert [found() for _ in range(3)] == [1] * 3
    assert (source.asked, len(recent)) == (3, 0)
    source.value = 2
    assert [found() for _ in range(3)] == [2] * 3
    assert (source.asked, len(recent)) == (4, 1)


def test_there_are_never_more_answers_than_the_bound_and_old_ones_go(recent, clock) -> None:
    source = Source()
    for key in "abcdefgh":
        recent.get(key, source.find, always)
        assert len(recent) <= 3
    clock.advance(LIFETIMES_MAX)
    recent.get("z", source.find, always)
    assert len(recent) == 1
