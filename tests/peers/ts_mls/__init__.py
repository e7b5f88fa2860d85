"""ts-mls, in a Node process that many clients share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.peers import stopwatch
from tests.peers.mls_peer import Committed
from tests.support.node_peer import NodePeer

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOCKS = {False: "wall", True: "processor"}
XWING_SUITE = 83
"""ts-mls's number for X-Wing, AES-256-GCM, SHA-512, Ed25519."""


def start() -> NodePeer:
    """Start the process; the caller closes it."""
    return NodePeer(Path(__file__).parent / "peer.mjs")


class TsMls:
    """One ts-mls client."""

    def __init__(
        self, node: NodePeer, identity: bytes, suite: int, *, grease: bool = False
    ) -> None:
        self.node = node
        self.name = next(_names)
        self.public = False
        self.seconds = 0.0
        self._ask("client", identity=identity, suite=suite, grease=grease)

    @property
    def leaf(self) -> int:
        return self.state()["leaf"]

    def state(self) -> dict[str, Any]:
        """Epoch, epoch authenticator, own leaf, and whether the client is still a member."""
        return self._ask("state")

    def key_package(self) -> bytes:
        return bytes.fromhex(self._ask("key_package")["message"])

    def create(self, group_id: bytes) -> None:
        self._ask("create", group_id=group_id)

    def join(self, welcome: bytes) -> None:
        self._ask("join", welcome=welcome)

    def join_external(self, group_info: bytes) -> Committed:
        return _committed(self._ask("join_external", group_info=group_info))

    def group_info(self) -> bytes:
        return bytes.fromhex(self._ask("group_info")["message"])

    def add(self, key_packages: list[bytes]) -> Committed:
        return _committed(self._ask("add", key_packages=key_packages, public=self.public))

    def remove(self, leaf: int) -> Committed:
        return _committed(self._ask("remove", leaf=leaf, public=self.public))

    def update(self) -> Committed:
        return _committed(self._ask("commit", public=self.public))

    def process(self, message: bytes) -> None:
        self._ask("process", message=message)

    def send(self, plaintext: bytes) -> bytes:
        return bytes.fromhex(self._ask("send", plaintext=plaintext)["message"])

    def receive(self, message: bytes, sender: int) -> bytes:
        del sender  # ts-mls does not say who sent
        return bytes.fromhex(self._ask("process", message=message)["plaintext"])

    def exporter(self, label: str, context: bytes, length_bytes: int) -> bytes:
        answer = self._ask("exporter", label=label, context=context, length=length_bytes)
        return bytes.fromhex(answer["secret"])

    def propose_add(self, key_package: bytes) -> bytes:
        """Send an Add proposal by itself."""
        return bytes.fromhex(self._ask("propose", add=key_package, public=self.public)["message"])

    def propose_remove(self, leaf: int) -> bytes:
        """Send a Remove proposal by itself."""
        return bytes.fromhex(self._ask("propose", remove=leaf, public=self.public)["message"])

    def know_psk(self, psk_id: bytes, secret: bytes) -> None:
        """Store an external pre-shared key."""
        self._ask("psk", psk_id=psk_id, secret=secret)

    def commit_psk(self, psk_id: bytes) -> Committed:
        """Commit a PreSharedKey proposal for an external key."""
        return _committed(self._ask("commit_psk", psk_id=psk_id, public=self.public))

    def reinit(self, group_id: bytes) -> Committed:
        """Close the group in favour of another of the same suite."""
        return _committed(self._ask("reinit", group_id=group_id))

    def succeed(
        self, group_id: bytes, key_packages: list[bytes], *, branch: bool
    ) -> tuple[bytes, bytes]:
        """Make a successor group and move there; return its Welcome and its tree."""
        answer = self._ask("succeed", group_id=group_id, key_packages=key_packages, branch=branch)
        return bytes.fromhex(answer["welcome"]), bytes.fromhex(answer["tree"])

    def follow_successor(self, welcome: bytes, *, branch: bool) -> None:
        """Join a successor of the group that the client is in."""
        self._ask("follow_successor", welcome=welcome, branch=branch)

    def state_bytes(self) -> int:
        """Return the size of the serialised state in bytes."""
        return self._ask("size")["bytes"]

    def rounds(self, reader: TsMls, count: int, length_bytes: int) -> tuple[float, float]:
        """Encrypt and decrypt many messages; return both times in seconds."""
        answer = self._ask("rounds", reader=reader.name, count=count, length=length_bytes)
        clock = _CLOCKS[stopwatch.counts_processor_time()]
        return answer["encrypt"][clock], answer["decrypt"][clock]

    def _ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        answer = self.node.ask(command, name=self.name, **arguments)
        self.seconds = answer["seconds"][_CLOCKS[stopwatch.counts_processor_time()]]
        return answer


def _committed(answer: dict[str, Any]) -> Committed:
    welcomes = (bytes.fromhex(answer["welcome"]),) if "welcome" in answer else ()
    return Committed(bytes.fromhex(answer["commit"]), welcomes)


def _count() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"client {number}"


_names = _count()
