"""People in a group: builders for the engine's tests."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from enigm.crypto.mls.ciphersuite import AES128, CHACHA, HYBRID, Suite
from enigm.crypto.mls.credential import Credential, CredentialCheck, accept_any
from enigm.crypto.mls.extensions import Extension
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.creation import NewGroup
from enigm.crypto.mls.member.group import Group, JoinOptions
from enigm.crypto.mls.member.identity import Identity, KeyPackageBundle, new_key_package
from enigm.crypto.mls.member.needs import Needs, PskStore, Settings
from enigm.crypto.mls.member.outcomes import (
    ApplicationMessage,
    CommitSummary,
    PendingCommit,
    StagedCommit,
)
from enigm.crypto.mls.proposals import Add, Proposal
from enigm.foundation.errors import Refusal
from tests.support.clock import FakeClock
from tests.support.entropy import FakeEntropy

SUITES = (HYBRID, AES128, CHACHA)
GROUP_ID = b"the group"


class KnownKeys:
    """Pre-shared keys under their own names, backwards."""

    def __init__(self) -> None:
        self.resumption_keys: dict[tuple[bytes, int], bytes] = {}

    def external(self, psk_id: bytes) -> bytes | None:
        return None if psk_id == b"unknown" else psk_id[::-1]

    def resumption(self, group_id: bytes, epoch: int) -> bytes | None:
        return self.resumption_keys.get((group_id, epoch))


@dataclass
class Party:
    """One client with a place for its group."""

    name: str
    suite: Suite = AES128
    clock: FakeClock = field(default_factory=FakeClock)
    settings: Settings = field(default_factory=Settings)
    check_credential: CredentialCheck = accept_any
    psks: PskStore = field(default_factory=KnownKeys)

    def __post_init__(self) -> None:
        self.entropy = FakeEntropy(self.name.encode())
        self.needs = Needs(self.clock, self.entropy, self.check_credential, self.psks)
        self.identity = self.new_identity()
        self._group: Group | None = None

    def new_identity(self) -> Identity:
        return Identity.generate(self.entropy, Credential.basic(self.name.encode()), self.suite)

    @property
    def group(self) -> Group:
        assert self._group is not None
        return self._group

    @group.setter
    def group(self, group: Group) -> None:
        self._group = group

    def create(self, *extensions: Extension, group_id: bytes = GROUP_ID) -> Group:
        new = NewGroup(self.suite, group_id, self.identity, extensions)
        self.group = Group.create(self.needs, new, self.settings)
        return self.group

    def bundle(self) -> KeyPackageBundle:
        return new_key_package(self.needs, self.suite, self.identity)

    def add(self) -> tuple[Add, KeyPackageBundle]:
        bundle = self.bundle()
        return Add.of(bundle.message), bundle

    def join(
        self, welcome: bytes | None, bundle: KeyPackageBundle, options: JoinOptions | None = None
    ) -> Group:
        assert welcome is not None
        self.group = Group.join(self.needs, welcome, bundle, options, self.settings)
        return self.group

    def restart(self) -> None:
        """Come back with nothing but the stored state."""
        self.group = Group.restore(self.needs, self.group.serialize(), self.settings)


def meet(
    *names: str,
    suite: Suite = AES128,
    settings: Settings | None = None,
    extensions: tuple[Extension, ...] = (),
) -> list[Party]:
    """Return people who share a group; the first created it and added the others."""
    chosen = settings or Settings()
    people = [Party(name, suite, settings=chosen) for name in names]
    first, *others = people
    first.create(*extensions)
    if others:
        adds = [person.add() for person in others]
        pending = first.group.commit([add for add, _ in adds])
        first.group.merge_pending()
        for person, (_, bundle) in zip(others, adds, strict=True):
            person.join(pending.welcome, bundle)
    return people


def deliver_commit(committer: Party, people: list[Party]) -> CommitSummary:
    """Let everyone take a member's pending commit."""
    pending = committer.group.pending
    assert pending is not None
    for person in people:
        if person is not committer:
            follow(person, pending.message)
    return committer.group.merge_pending()


def follow(person: Party, message: bytes) -> CommitSummary:
    """Process and apply a commit."""
    staged = person.group.process(message)
    assert isinstance(staged, StagedCommit)
    return person.group.apply(staged)


def commit(
    committer: Party,
    people: list[Party],
    *proposals: Proposal,
    options: CommitOptions | None = None,
) -> PendingCommit:
    """Make a commit and let everyone take it."""
    pending = committer.group.commit(proposals, options)
    deliver_commit(committer, people)
    return pending


def read(person: Party, message: bytes) -> bytes:
    """Decrypt an application message."""
    received = person.group.process(message)
    assert isinstance(received, ApplicationMessage)
    return received.plaintext


def assert_agreement(*people: Party) -> None:
    """All are in the same epoch, and all can read what each one says."""
    assert len({person.group.epoch_authenticator for person in people}) == 1
    assert len({person.group.export("label", b"context", 32) for person in people}) == 1
    for sender in people:
        said = f"{sender.name} speaks".encode()
        message = sender.group.encrypt(said)
        for person in people:
            if person is not sender:
                assert read(person, message) == said


@contextmanager
def refused(code: str) -> Generator[None]:
    """Expect a refusal with this very code."""
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code
