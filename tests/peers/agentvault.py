"""mls-rs through agentvault-mls-rs-uniffi: suite 0x0001 only, senders and roster opaque."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mls_rs_uniffi as library

from tests.peers import stopwatch
from tests.peers.mls_peer import CannotError, Committed

if TYPE_CHECKING:
    from collections.abc import Callable


class AgentVault:
    """One mls-rs client. Its own commits are fed back to it, which is how it applies them."""

    def __init__(self, identity: bytes, storage: library.GroupStateStorage | None = None) -> None:
        key = library.generate_signature_keypair(library.CipherSuite.CURVE25519_AES128)
        config: Any = library.client_config_default()
        if storage is not None:
            config.group_state_storage = storage
        self._client: Any = library.Client(identity, key, config)
        self._group: Any = None
        self._identities: dict[int, Any] = {}
        self.seconds = 0.0

    @property
    def leaf(self) -> int:
        raise CannotError("agentvault shows no leaf index")

    def key_package(self) -> bytes:
        return self._timed(self._client.generate_key_package_message).to_bytes()

    def create(self, group_id: bytes) -> None:
        self._group = self._timed(lambda: self._client.create_group(group_id))

    def join(self, welcome: bytes) -> None:
        message = library.Message.from_bytes(welcome)
        self._group = self._timed(lambda: self._client.join_group(None, message)).group

    def join_external(self, group_info: bytes) -> Committed:
        raise CannotError("agentvault offers no external commit")

    def group_info(self) -> bytes:
        raise CannotError("agentvault offers no GroupInfo")

    def add(self, key_packages: list[bytes]) -> Committed:
        messages = [library.Message.from_bytes(item) for item in key_packages]
        return self._commit(lambda: self._group.add_members(messages))

    def remove(self, leaf: int) -> Committed:
        if leaf not in self._identities:
            raise CannotError("agentvault removes only members whose message it has received")
        identity = self._identities[leaf]
        return self._commit(lambda: self._group.remove_members([identity]))

    def update(self) -> Committed:
        return self._commit(self._group.commit)

    def process(self, message: bytes) -> None:
        decoded = library.Message.from_bytes(message)
        self._timed(lambda: self._group.process_incoming_message(decoded))

    def send(self, plaintext: bytes) -> bytes:
        return self._timed(lambda: self._group.encrypt_application_message(plaintext)).to_bytes()

    def receive(self, message: bytes, sender: int) -> bytes:
        decoded = library.Message.from_bytes(message)
        received = self._timed(lambda: self._group.process_incoming_message(decoded))
        self._identities[sender] = received.sender
        return received.data

    def exporter(self, label: str, context: bytes, length_bytes: int) -> bytes:
        return self._group.export_secret(label.encode(), context, length_bytes)

    def save(self) -> None:
        """Write the group to the client's storage, which lies in memory."""
        self._timed(self._group.write_to_storage)

    def _commit(self, make: Callable[[], Any]) -> Committed:
        output = self._timed(make)
        spent = self.seconds
        self._timed(lambda: self._group.process_incoming_message(output.commit_message))
        self.seconds += spent
        welcome = output.welcome_message
        welcomes = () if welcome is None else (welcome.to_bytes(),)
        return Committed(output.commit_message.to_bytes(), welcomes)

    def _timed(self, work: Callable[[], Any]) -> Any:
        start = stopwatch.now()
        result = work()
        self.seconds = stopwatch.now() - start
        return result
