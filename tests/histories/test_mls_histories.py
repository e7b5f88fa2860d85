"""MLS groups under loss, reordering, replays, forks, restarts, joins and removals.

Whatever happens, everyone at an epoch has the same secrets, whoever should read reads exactly
once, nobody else reads at all, and what is refused leaves no trace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from enigm.crypto.mls.ciphersuite import AES128, HYBRID
from enigm.crypto.mls.member.outcomes import ApplicationMessage
from enigm.crypto.mls.proposals import Add, Remove
from enigm.foundation.errors import Refusal
from tests.support.entropy import FakeEntropy
from tests.support.mls import Person

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE_MAX = 8
# A long walk keeps between these many members, so that something goes on.
SEATS_MIN = 4
SEATS_MAX = 11
ANY = st.integers(0, 10_000)


@dataclass
class Entry:
    """A handshake message in the order that the service gave it."""

    message: bytes
    epoch: int
    sender: str


@dataclass
class Letter:
    """An application message, and who may read it."""

    message: bytes
    plaintext: bytes
    epoch: int
    sender: str
    unread_by: set[str]


@dataclass
class Seat:
    """One device: its member object, how far it has read, and whom it is about to add."""

    person: Person
    position: int
    joined_epoch: int
    newcomer: Person | None = None
    refused: dict[str, int] = field(default_factory=dict)


class Histories(RuleBasedStateMachine):
    """The service keeps one order of commits; everything else is chance."""

    suite = AES128

    @initialize()
    def found(self) -> None:
        founder = Person("0", self.suite)
        founder.create()
        self.log: list[Entry] = []
        self.letters: list[Letter] = []
        self.seats: dict[str, Seat] = {"0": Seat(founder, 0, 0)}
        self.removed: dict[str, tuple[Person, int]] = {}
        self.epoch = 0
        self.authenticators = {0: founder.group.epoch_authenticator}
        self.count = 1

    def seat(self, pick: int) -> tuple[str, Seat]:
        names = sorted(self.seats)
        name = names[pick % len(names)]
        return name, self.seats[name]

    def is_current(self, seat: Seat) -> bool:
        return seat.person.group.epoch == self.epoch

    # Commits: prepared at one time, offered to the service at another.

    @precondition(lambda self: self.count < PEOPLE_MAX)
    @rule(by=ANY)
    def prepare_to_add(self, by: int) -> None:
        _, seat = self.seat(by)
        if seat.person.group.pending is not None:
            return
        seat.newcomer = Person(str(self.count), self.suite)
        self.count += 1
        seat.person.group.commit([Add.of(seat.newcomer.key_package())])

    @rule(by=ANY, other=ANY)
    def prepare_to_remove(self, by: int, other: int) -> None:
        _, seat = self.seat(by)
        group = seat.person.group
        others = [m.leaf_index for m in group.members() if m.leaf_index != group.leaf_index]
        if group.pending is None and others:
            group.commit([Remove(others[other % len(others)])])

    @rule(by=ANY)
    def prepare_to_refresh(self, by: int) -> None:
        _, seat = self.seat(by)
        if seat.person.group.pending is None:
            seat.person.group.commit()

    @rule(by=ANY)
    def offer(self, by: int) -> None:
        """The service takes a commit for its current epoch, and refuses any other."""
        name, seat = self.seat(by)
        group, newcomer = seat.person.group, seat.newcomer
        pending, seat.newcomer = group.pending, None
        if pending is None:
            return
        if pending.epoch != self.epoch:
            group.discard_pending()
            return
        self.log.append(Entry(pending.message, self.epoch, name))
        group.merge_pending()
        self.epoch += 1
        seat.position = len(self.log)
        self.authenticators[self.epoch] = group.epoch_authenticator
        if newcomer is not None:
            assert pending.welcome is not None
            newcomer.join(pending.welcome)
            self.seats[newcomer.name] = Seat(newcomer, len(self.log), self.epoch)

    @rule(by=ANY, other=ANY, is_update=st.booleans())
    def propose(self, by: int, other: int, *, is_update: bool) -> None:
        name, seat = self.seat(by)
        group = seat.person.group
        others = [m.leaf_index for m in group.members() if m.leaf_index != group.leaf_index]
        if not self.is_current(seat) or (not is_update and not others):
            return
        if is_update:
            message = group.propose_update()
        else:
            message = group.propose(Remove(others[other % len(others)]))
        self.log.append(Entry(message, self.epoch, name))

    # Following the log.

    @rule(by=ANY, steps=st.integers(1, 8))
    def catch_up(self, by: int, steps: int) -> None:
        name, seat = self.seat(by)
        for _ in range(steps):
            if name in self.seats and seat.position < len(self.log):
                self.follow_one(name, seat)

    def follow_one(self, name: str, seat: Seat) -> None:
        entry = self.log[seat.position]
        seat.position += 1
        if entry.sender == name or entry.epoch < seat.person.group.epoch:
            return
        before = seat.person.group.epoch
        seat.person.follow(entry.message)
        if seat.person.group.epoch != before:
            seat.newcomer = None
        if not seat.person.group.is_active:
            self.removed[name] = (seat.person, entry.epoch)
            del self.seats[name]

    @rule(by=ANY, skip=st.integers(1, 5))
    def meet_a_commit_too_early(self, by: int, skip: int) -> None:
        _, seat = self.seat(by)
        ahead = seat.position + skip
        if ahead < len(self.log) and self.log[ahead].epoch > seat.person.group.epoch:
            self.refuses(seat.person, self.log[ahead].message)

    @rule(by=ANY, pick=ANY)
    def meet_a_commit_again(self, by: int, pick: int) -> None:
        _, seat = self.seat(by)
        passed = [e for e in self.log if e.epoch < seat.person.group.epoch]
        if passed:
            self.refuses(seat.person, passed[pick % len(passed)].message)

    # Letters: lost, late, in any order, twice, altered.

    @rule(by=ANY)
    def write(self, by: int) -> None:
        name, seat = self.seat(by)
        group = seat.person.group
        if group.received_proposals and group.pending is None:
            return  # RFC 9420 §12.4: what was proposed is committed before anything is sent
        plaintext = f"letter {len(self.letters)} from {name}".encode()
        message = group.encrypt(plaintext)
        at_epoch = {
            other
            for other, its in self.seats.items()
            if other != name and its.joined_epoch <= group.epoch
        }
        self.letters.append(Letter(message, plaintext, group.epoch, name, at_epoch))

    @precondition(lambda self: self.letters)
    @rule(by=ANY, pick=ANY)
    def read(self, by: int, pick: int) -> None:
        name, seat = self.seat(by)
        letter = self.letters[pick % len(self.letters)]
        age = seat.person.group.epoch - letter.epoch
        if name not in letter.unread_by or age < 0:
            self.refuses(seat.person, letter.message)
        elif age <= seat.person.settings.past_epochs_max:
            opened = seat.person.group.process(letter.message)
            assert isinstance(opened, ApplicationMessage)
            assert opened.plaintext == letter.plaintext
            assert opened.credential.body == letter.sender.encode()
            letter.unread_by.discard(name)

    @precondition(lambda self: self.letters)
    @rule(by=ANY, pick=ANY, place=ANY, mask=st.integers(1, 255))
    def meet_an_altered_letter(self, by: int, pick: int, place: int, mask: int) -> None:
        _, seat = self.seat(by)
        altered = bytearray(self.letters[pick % len(self.letters)].message)
        altered[place % len(altered)] ^= mask
        self.refuses(seat.person, bytes(altered))

    @precondition(lambda self: self.log)
    @rule(by=ANY, place=ANY, mask=st.integers(1, 255))
    def meet_an_altered_commit(self, by: int, place: int, mask: int) -> None:
        _, seat = self.seat(by)
        altered = bytearray(self.log[min(seat.position, len(self.log) - 1)].message)
        altered[place % len(altered)] ^= mask
        self.refuses(seat.person, bytes(altered))

    @precondition(lambda self: self.removed and self.letters)
    @rule(by=ANY, pick=ANY)
    def a_removed_member_tries_to_read(self, by: int, pick: int) -> None:
        names = sorted(self.removed)
        person, last_epoch = self.removed[names[by % len(names)]]
        later = [letter for letter in self.letters if letter.epoch > last_epoch]
        if later:
            self.refuses(person, later[pick % len(later)].message)

    @rule(by=ANY)
    def restart(self, by: int) -> None:
        _, seat = self.seat(by)
        seat.newcomer = seat.newcomer if seat.person.group.pending else None
        seat.person.restart()

    def refuses(self, person: Person, message: bytes) -> None:
        before = person.group.serialize()
        with pytest.raises(Refusal):
            person.group.process(message)
        assert person.group.serialize() == before

    @invariant()
    def everyone_at_an_epoch_has_the_same_secrets(self) -> None:
        for seat in getattr(self, "seats", {}).values():
            group = seat.person.group
            assert self.authenticators[group.epoch] == group.epoch_authenticator

    def teardown(self) -> None:
        """In the end everybody catches up, and one letter reaches all who should have it."""
        for name, seat in list(getattr(self, "seats", {}).items()):
            while name in self.seats and seat.position < len(self.log):
                self.follow_one(name, seat)
        seats = list(getattr(self, "seats", {}).values())
        if not seats:
            return
        assert {seat.person.group.epoch for seat in seats} == {self.epoch}
        writer = seats[0].person
        writer.group.discard_pending()
        commit = writer.commit()
        for seat in seats[1:]:
            seat.person.follow(commit)
        seats = [seat for seat in seats if seat.person.group.is_active]
        last = writer.group.encrypt(b"the last letter")
        for seat in seats[1:]:
            assert seat.person.group.process(last).plaintext == b"the last letter"
        for person, _ in self.removed.values():
            self.refuses(person, last)


class HybridHistories(Histories):
    """The same with the default suite."""

    suite = HYBRID


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=40, stateful_step_count=60, deadline=None, suppress_health_check=SLOW
)

# How often each thing happens in a long walk, where hypothesis would stay shallow.
WEIGHTS = {
    "prepare_to_add": 4,
    "prepare_to_remove": 1,
    "prepare_to_refresh": 4,
    "offer": 12,
    "propose": 3,
    "catch_up": 24,
    "write": 9,
    "read": 24,
    "restart": 3,
    "meet_a_commit_too_early": 3,
    "meet_a_commit_again": 2,
    "meet_an_altered_letter": 3,
    "meet_an_altered_commit": 3,
    "a_removed_member_tries_to_read": 2,
}
DECK = [name for name, weight in WEIGHTS.items() for _ in range(weight)]


def walk(machine: Histories, seed: int, steps: int) -> None:
    """Do things at random, the same things for the same seed."""
    dice = FakeEntropy(b"walk %d" % seed)

    def roll() -> int:
        return int.from_bytes(dice.random_bytes(4), "big")

    machine.found()
    for _ in range(steps):
        step(machine, DECK[roll() % len(DECK)], roll)
        machine.everyone_at_an_epoch_has_the_same_secrets()
    machine.teardown()


def step(machine: Histories, name: str, roll: Callable[[], int]) -> None:
    is_crowded = len(machine.seats) > SEATS_MIN
    if name == "prepare_to_add" and len(machine.seats) < SEATS_MAX:
        machine.prepare_to_add(by=roll())
    elif name == "prepare_to_remove" and is_crowded:
        machine.prepare_to_remove(by=roll(), other=roll())
    elif name == "propose":
        machine.propose(by=roll(), other=roll(), is_update=not is_crowded or roll() % 3 > 0)
    elif name == "catch_up":
        machine.catch_up(by=roll(), steps=1 + roll() % 8)
    elif name == "meet_a_commit_too_early":
        machine.meet_a_commit_too_early(by=roll(), skip=1 + roll() % 5)
    elif name == "meet_a_commit_again":
        machine.meet_a_commit_again(by=roll(), pick=roll())
    elif name == "meet_an_altered_commit" and machine.log:
        machine.meet_an_altered_commit(by=roll(), place=roll(), mask=1 + roll() % 255)
    elif name in ("prepare_to_refresh", "offer", "write", "restart"):
        getattr(machine, name)(by=roll())
    elif machine.letters:
        step_with_letters(machine, name, roll)


def step_with_letters(machine: Histories, name: str, roll: Callable[[], int]) -> None:
    # Recent letters are the interesting ones: those of the last epochs can still be read.
    recent = max(len(machine.letters) - 1 - roll() % 12, 0)
    if name == "read":
        machine.read(by=roll(), pick=recent)
    elif name == "meet_an_altered_letter":
        machine.meet_an_altered_letter(by=roll(), pick=recent, place=roll(), mask=1 + roll() % 255)
    elif name == "a_removed_member_tries_to_read" and machine.removed:
        machine.a_removed_member_tries_to_read(by=roll(), pick=roll())


@pytest.mark.parametrize("seed", range(8))
def test_a_long_history_keeps_every_promise(seed: int) -> None:
    walk(Histories(), seed, steps=2000)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_history_of_the_default_suite_keeps_every_promise(seed: int) -> None:
    walk(HybridHistories(), seed, steps=1000)
