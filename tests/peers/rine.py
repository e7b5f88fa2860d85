"""mls-rs through rine-mls: suite 0x0001 and its own X-Wing; no exporter, state in a folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import rine_mls as library

from tests.peers import stopwatch
from tests.peers.mls_peer import CannotError, Committed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

XWING_SUITE = library.CIPHER_SUITE_XWING
CLASSICAL_SUITE = library.CIPHER_SUITE_CLASSICAL
MESSAGE_TAG = b"\x04"
"""rine puts one byte of its own before every application message."""


class Rine:
    """One rine client; its identity is its signature key."""

    def __init__(self, folder: Path, identity: bytes, suite: int = CLASSICAL_SUITE) -> None:
        seed = hashlib.sha256(identity).digest()
        self._client: Any = library.MlsClient(str(folder), seed, suite, epoch_retention_limit=4)
        self._group: Any = None
        self.seconds = 0.0

    @property
    def leaf(self) -> int:
        return self._group.current_member_index()

    @property
    def epoch(self) -> int:
        """The epoch's number, the only thing rine shows of an epoch."""
        return self._group.epoch()

    def key_package(self) -> bytes:
        return self._timed(self._client.generate_key_package)

    def create(self, group_id: bytes) -> None:
        self._group = self._timed(lambda: self._client.create_group(group_id))

    def join(self, welcome: bytes) -> None:
        self._group = self._timed(lambda: self._client.join_from_welcome(welcome))

    def join_external(self, group_info: bytes) -> Committed:
        self._group = self._timed(lambda: self._client.join_by_external_commit(group_info))
        return Committed(self._group.last_commit().commit)

    def group_info(self) -> bytes:
        return self._group.group_info()

    def add(self, key_packages: list[bytes]) -> Committed:
        return self._committed(lambda: self._group.add_members(key_packages))

    def remove(self, leaf: int) -> Committed:
        return self._committed(lambda: self._group.remove_member(leaf))

    def update(self) -> Committed:
        return self._committed(lambda: self._group.add_members([]))

    def process(self, message: bytes) -> None:
        self._timed(lambda: self._group.apply_commit(message))

    def send(self, plaintext: bytes) -> bytes:
        tagged = self._timed(lambda: self._group.encrypt_application_message(plaintext))
        return tagged.removeprefix(MESSAGE_TAG)

    def receive(self, message: bytes, sender: int) -> bytes:
        tagged = MESSAGE_TAG + message
        received = self._timed(lambda: self._group.decrypt_application_message(tagged))
        assert received.sender_index == sender
        return received.envelope

    def exporter(self, label: str, context: bytes, length_bytes: int) -> bytes:
        raise CannotError("rine offers no exporter")

    def save(self) -> None:
        """Write the group to the client's folder."""
        self._timed(self._group.save)

    def _committed(self, make: Callable[[], Any]) -> Committed:
        bundle = self._timed(make)
        return Committed(bundle.commit, tuple(bundle.welcomes))

    def _timed(self, work: Callable[[], Any]) -> Any:
        start = stopwatch.now()
        result = work()
        self.seconds = stopwatch.now() - start
        return result
