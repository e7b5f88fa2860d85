"""Our engine as one of the peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from enigm.crypto.mls.ciphersuite import AES128, Suite
from enigm.crypto.mls.member.external import ExternalJoinOptions
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.member.outcomes import ApplicationMessage, StagedCommit
from enigm.crypto.mls.proposals import Add, Remove
from enigm.foundation.clock import SystemClock
from tests.peers import stopwatch
from tests.peers.mls_peer import Committed
from tests.support.mls import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from enigm.crypto.mls.proposals import Proposal

Result = TypeVar("Result")


class Ours:
    """One client of our engine, on the machine's clock as the peers are."""

    def __init__(
        self, identity: bytes, suite: Suite = AES128, *, encrypted_handshakes: bool = True
    ) -> None:
        self.person = Person(
            identity.hex(),
            suite,
            clock=SystemClock(),
            settings=Settings(encrypted_handshakes=encrypted_handshakes),
        )
        self.seconds = 0.0

    @property
    def group(self) -> Group:
        return self.person.group

    @property
    def leaf(self) -> int:
        return self.group.leaf_index

    def key_package(self) -> bytes:
        return self._timed(self.person.key_package)

    def create(self, group_id: bytes) -> None:
        self._timed(lambda: self.person.create(group_id))

    def join(self, welcome: bytes) -> None:
        self._timed(lambda: self.person.join(welcome))

    def join_external(self, group_info: bytes) -> Committed:
        person = self.person
        person.group = self._timed(
            lambda: Group.join_externally(
                person.needs,
                group_info,
                person.identity,
                ExternalJoinOptions(),
                settings=person.settings,
            )
        )
        pending = self.group.pending
        assert pending is not None
        self.group.merge_pending()
        return Committed(pending.message)

    def group_info(self) -> bytes:
        return self.group.group_info(with_ratchet_tree=True)

    def add(self, key_packages: list[bytes]) -> Committed:
        return self._commit([Add.of(item) for item in key_packages])

    def remove(self, leaf: int) -> Committed:
        return self._commit([Remove(leaf)])

    def update(self) -> Committed:
        return self._commit([])

    def process(self, message: bytes) -> None:
        def work() -> None:
            result = self.group.process(message)
            if isinstance(result, StagedCommit):
                self.group.apply(result)

        self._timed(work)

    def send(self, plaintext: bytes) -> bytes:
        return self._timed(lambda: self.group.encrypt(plaintext))

    def receive(self, message: bytes, sender: int) -> bytes:
        result = self._timed(lambda: self.group.process(message))
        assert isinstance(result, ApplicationMessage)
        assert result.sender_leaf == sender
        return result.plaintext

    def exporter(self, label: str, context: bytes, length_bytes: int) -> bytes:
        return self.group.export(label, context, length_bytes)

    def _commit(self, proposals: Sequence[Proposal]) -> Committed:
        def work() -> Committed:
            pending = self.group.commit(proposals)
            self.group.merge_pending()
            welcomes = () if pending.welcome is None else (pending.welcome,)
            return Committed(pending.message, welcomes)

        return self._timed(work)

    def _timed(self, work: Callable[[], Result]) -> Result:
        start = stopwatch.now()
        result = work()
        self.seconds = stopwatch.now() - start
        return result
