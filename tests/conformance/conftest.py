"""Groups in which somebody will misbehave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.proposals import Add
from tests.support.frankenstein import Forger, OpenedWelcome
from tests.support.mls import Person, agree, follow_all, group_of

IN_THE_CLEAR = Settings(encrypted_handshakes=False)


def person(name: str, **options: Any) -> Person:
    """Somebody whose handshake messages can be read and changed."""
    return Person(name, settings=IN_THE_CLEAR, **options)


@dataclass
class Trio:
    """Three members in a group whose tree has parent nodes. Alice misbehaves, Bob judges."""

    alice: Person
    bob: Person
    carol: Person

    @property
    def forger(self) -> Forger:
        """Alice, saying what she likes in the current epoch."""
        return Forger(self.alice)

    def everybody_agrees(self) -> None:
        """Assert that a proper commit still works for all."""
        follow_all(self.alice.commit(), self.bob, self.carol)
        agree(self.alice, self.bob, self.carol)


@pytest.fixture
def trio() -> Trio:
    people = Trio(person("alice"), person("bob"), person("carol"))
    group_of(people.alice, people.bob, people.carol)
    people.everybody_agrees()
    return people


@pytest.fixture
def opened(trio: Trio) -> OpenedWelcome:
    """Dave's Welcome to a group with parent nodes, one of which does not know Dave yet."""
    follow_all(trio.bob.commit(), trio.alice, trio.carol)
    return welcome(trio, person("dave"))


def welcome(trio: Trio, newcomer: Person, **options: Any) -> OpenedWelcome:
    add = Add.of(newcomer.key_package())
    pending = trio.alice.group.commit([add], CommitOptions(**options))
    trio.alice.group.merge_pending()
    assert pending.welcome is not None
    return OpenedWelcome.of(newcomer, trio.alice, pending.welcome)
