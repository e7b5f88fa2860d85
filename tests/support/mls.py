"""Members of our own engine for tests: needs, identities, and groups of a few people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from enigm.crypto.mls.ciphersuite import AES128, CHACHA, HYBRID, Suite, SuiteTable
from enigm.crypto.mls.credential import Credential, accept_any
from enigm.crypto.mls.member.creation import NewGroup
from enigm.crypto.mls.member.group import Group, JoinOptions
from enigm.crypto.mls.member.identity import Identity, LeafOptions, new_key_package
from enigm.crypto.mls.member.needs import Needs, Settings
from enigm.crypto.mls.member.outcomes import StagedCommit
from enigm.crypto.mls.proposals import Add
from tests.support.clock import FakeClock
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.crypto.mls.member.identity import KeyPackageBundle
    from enigm.foundation.clock import Clock

GROUP_ID = b"a group of ours"
TS_MLS_XWING = HYBRID.renumbered(0x0053)
"""Our hybrid suite under ts-mls's number."""
PEER_LIFETIME_SECONDS_MAX = 400 * 24 * 3600
"""mls-rs dates its key packages for a year, longer than our own limit."""
SUITES = (AES128, CHACHA, HYBRID)


class Psks:
    """Pre-shared keys that a test lays down."""

    def __init__(self) -> None:
        self.externals: dict[bytes, bytes] = {}
        self.resumptions: dict[tuple[bytes, int], bytes] = {}

    def external(self, psk_id: bytes) -> bytes | None:
        return self.externals.get(psk_id)

    def resumption(self, group_id: bytes, epoch: int) -> bytes | None:
        return self.resumptions.get((group_id, epoch))


def make_needs(seed: bytes = b"mls tests", clock: Clock | None = None) -> Needs:
    """Needs with fake clock and dice, and every credential accepted."""
    suites = SuiteTable.standard()
    suites.register(TS_MLS_XWING)
    return Needs(
        clock=clock or FakeClock(),
        entropy=FakeEntropy(seed),
        check_credential=accept_any,
        psks=Psks(),
        suites=suites,
        lifetime_seconds_max=PEER_LIFETIME_SECONDS_MAX,
    )


class Person:
    """Somebody with an identity, who may be in one group."""

    def __init__(
        self,
        name: str,
        suite: Suite = AES128,
        *,
        clock: Clock | None = None,
        settings: Settings | None = None,
        leaf: LeafOptions | None = None,
    ) -> None:
        self.name = name
        self.suite = suite
        self.needs = make_needs(name.encode(), clock)
        self.settings = settings or Settings()
        self.leaf = leaf or LeafOptions()
        self.identity = Identity.generate(
            self.needs.entropy, Credential.basic(name.encode()), suite
        )
        self.bundle: KeyPackageBundle | None = None
        self._group: Group | None = None

    @property
    def group(self) -> Group:
        """The group; asking before joining is a mistake of the test."""
        assert self._group is not None
        return self._group

    @group.setter
    def group(self, group: Group) -> None:
        self._group = group

    def key_package(self) -> bytes:
        """Publish a key package and keep its keys."""
        self.bundle = new_key_package(self.needs, self.suite, self.identity, self.leaf)
        return self.bundle.message

    def create(self, group_id: bytes = GROUP_ID, **options: Any) -> None:
        """Start a group of one."""
        new_group = NewGroup(self.suite, group_id, self.identity, leaf=self.leaf, **options)
        self.group = Group.create(self.needs, new_group, settings=self.settings)

    def join(self, welcome: bytes, options: JoinOptions | None = None) -> None:
        """Join with the last key package."""
        assert self.bundle is not None
        self.group = Group.join(
            self.needs, welcome, self.bundle, options or JoinOptions(), settings=self.settings
        )

    def commit(self, *proposals: Any, **options: Any) -> bytes:
        """Commit and merge at once; return the message for the others."""
        pending = self.group.commit(proposals, **options)
        self.group.merge_pending()
        return pending.message

    def follow(self, message: bytes) -> None:
        """Take another's proposal, or apply another's commit."""
        received = self.group.process(message)
        if isinstance(received, StagedCommit):
            self.group.apply(received)

    def restart(self) -> None:
        """Forget the objects and load what was stored."""
        self.group = Group.restore(self.needs, self.group.serialize(), self.settings)


def group_of(*people: Person) -> Sequence[Person]:
    """The first creates, adds all others in one commit, and they join."""
    first, *others = people
    first.create()
    if others:
        pending = first.group.commit([Add.of(person.key_package()) for person in others])
        assert pending.welcome is not None
        first.group.merge_pending()
        for person in others:
            person.join(pending.welcome)
    return people


def follow_all(message: bytes, *people: Person) -> None:
    """Give one message to several members."""
    for person in people:
        person.follow(message)


def agree(*people: Person) -> None:
    """Assert that these members hold the same epoch with the same secrets."""
    states = {(p.group.epoch, p.group.epoch_authenticator) for p in people}
    assert len(states) == 1
