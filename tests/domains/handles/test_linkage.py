"""An adversary who holds any two purposes' stores joins them no better than by chance.

The adversary may use the handles' bytes, their order in the stores, and the side columns that
are kept beside them: the day, and a coarse posture. The control gives it two stores made under
one shared key, and shows that the same adversary then wins.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from enigm.domains.handles import rules, store
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.handles.model import Handle, Purpose, SubjectId
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Callable

# So many that chance alone stays within 0.02 of one half (standard error 0.005), for any of the
# pairs of purposes and kinds of hint.
FLEET = 8000
DAYS = 5
POSTURES = 3
AUC_MAX = 0.52


@dataclass(frozen=True)
class Row:
    """What one purpose keeps of one device."""

    handle: Handle
    place: float
    day: int
    posture: int


def same_bits(one: Row, two: Row) -> float:
    different = int.from_bytes(one.handle, "big") ^ int.from_bytes(two.handle, "big")
    return -different.bit_count()


def same_place(one: Row, two: Row) -> float:
    return -abs(one.place - two.place)


def same_side_columns(one: Row, two: Row) -> float:
    return (one.day == two.day) + (one.posture == two.posture)


def auc(
    score: Callable[[Row, Row], float],
    same: list[tuple[Row, Row]],
    different: list[tuple[Row, Row]],
) -> float:
    """Return the chance that a true pair scores above a false one; ties count half."""
    ranked = sorted(
        [(score(*pair), True) for pair in same] + [(score(*pair), False) for pair in different],
        key=lambda scored: scored[0],
    )
    rank, ranks_of_same = 1, 0.0
    for _, group in itertools.groupby(ranked, key=lambda scored: scored[0]):
        members = [is_same for _, is_same in group]
        middle = rank + (len(members) - 1) / 2
        ranks_of_same += middle * sum(members)
        rank += len(members)
    count = len(same)
    return (ranks_of_same - count * (count + 1) / 2) / (count * len(different))


def rows_of(handles: dict[SubjectId, Handle], dice: FakeEntropy) -> dict[SubjectId, Row]:
    """Lay one purpose's store out: sorted by handle, with the side columns it may keep.

    Purposes see a device on days of their own, and each keeps a coarse posture of its own time.
    """
    ordered = sorted(handles, key=lambda subject: handles[subject])
    return {
        subject: Row(
            handles[subject],
            place / FLEET,
            dice.random_bytes(1)[0] % DAYS,
            dice.random_bytes(1)[0] % POSTURES,
        )
        for place, subject in enumerate(ordered)
    }


def best_auc(one: dict[SubjectId, Row], two: dict[SubjectId, Row]) -> float:
    subjects = sorted(one)
    same = [(one[subject], two[subject]) for subject in subjects]
    shifted = subjects[1:] + subjects[:1]
    different = [(one[a], two[b]) for a, b in zip(subjects, shifted, strict=True)]
    scores = [same_bits, same_place, same_side_columns]
    found = [auc(score, same, different) for score in scores]
    return max(max(value, 1 - value) for value in found)


@pytest.fixture
def authority(open_sqlcipher_database) -> HandleAuthority:
    database = open_sqlcipher_database("handles", store.metadata)
    return HandleAuthority(database, keys_of_tests(), FakeClock(), FakeEntropy(b"linkage 5"))


@pytest.fixture
def fleet() -> list[SubjectId]:
    entropy = FakeEntropy(b"fleet")
    return [SubjectId(entropy.random_bytes(32)) for _ in range(FLEET)]


def handles_of(
    authority: HandleAuthority, fleet: list[SubjectId], purpose: Purpose
) -> dict[SubjectId, Handle]:
    """Name the whole fleet under one key, as ``handle`` names each device."""
    scope = authority.scope(purpose)
    first = authority.handle(fleet[0], purpose)
    with authority.database.read() as connection:
        key = authority.key(connection, scope)
    named = {each: rules.handle_for(key, scope, each) for each in fleet}
    assert named[fleet[0]] == first
    return named


@pytest.mark.requirement("TRU-02")
def test_two_purposes_cannot_be_joined(authority, fleet) -> None:
    dice = FakeEntropy(b"side columns")
    stores = {purpose: rows_of(handles_of(authority, fleet, purpose), dice) for purpose in Purpose}
    chances = {
        (one.value, two.value): best_auc(stores[one], stores[two])
        for one, two in itertools.combinations(Purpose, 2)
    }
    assert len(chances) == len(Purpose) * (len(Purpose) - 1) // 2
    assert max(chances.values()) <= AUC_MAX, chances


@pytest.mark.requirement("TRU-02")
def test_control_with_one_shared_key_the_adversary_wins(authority, fleet) -> None:
    dice = FakeEntropy(b"side columns")
    shared = handles_of(authority, fleet, Purpose.AUDIT)
    assert best_auc(rows_of(shared, dice), rows_of(shared, dice)) > 0.99
