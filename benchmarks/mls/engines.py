"""The engines that the MLS benchmark compares, each as a maker of clients."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import mls_rs_uniffi

from benchmarks.mls.storage import VaultStore
from enigm.crypto.mls.ciphersuite import AES128, HYBRID, Suite
from tests.peers import ts_mls
from tests.peers.agentvault import AgentVault
from tests.peers.ours import Ours
from tests.peers.rine import CLASSICAL_SUITE, XWING_SUITE, Rine

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.node_peer import NodePeer


@dataclass(frozen=True)
class Engine:
    """How to make clients of one engine for one suite.

    Args:
        name: as the table shows it.
        suite: "0x0001" or "X-Wing".
        make: a client from its identity.
        state_bytes: how much a client keeps on disk for its group.
        persist: what a client does after each message so that its process may die at any time.
        force: the same, so that the power may fail.
        is_slow: whether 1,000 members leave time for only the shortest measurements.
    """

    name: str
    suite: str
    make: Callable[[bytes], Any]
    state_bytes: Callable[[Any], int]
    persist: Callable[[Any], None] | None
    force: Callable[[Any], None] | None = None
    is_slow: bool = False


@contextmanager
def engines() -> Generator[list[Engine]]:
    """Start what has to be started, and clear it all away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        node = ts_mls.start()
        try:
            yield _all(node, Path(folder))
        finally:
            node.close()


def _all(node: NodePeer, folder: Path) -> list[Engine]:
    return [
        _ours("0x0001", AES128, folder),
        _agentvault(),
        _rine("0x0001", CLASSICAL_SUITE, folder),
        _ts_mls("0x0001", 1, node),
        _ours("X-Wing", HYBRID, folder),
        _rine("X-Wing", XWING_SUITE, folder),
        _ts_mls("X-Wing", ts_mls.XWING_SUITE, node),
    ]


def _ours(suite_name: str, suite: Suite, folder: Path) -> Engine:
    stores: WeakKeyDictionary[Ours, VaultStore] = WeakKeyDictionary()

    def store(client: Ours) -> VaultStore:
        if client not in stores:
            stores[client] = VaultStore(Path(tempfile.mkdtemp(dir=folder)) / "state.db")
        return stores[client]

    def persist(client: Ours) -> None:
        store(client).write(client.group.take_changes(), is_forced=False)

    def force(client: Ours) -> None:
        store(client).write(client.group.take_changes(), is_forced=True)

    def state_bytes(client: Ours) -> int:
        persist(client)
        return store(client).content_bytes()

    return Engine(
        "ours",
        suite_name,
        lambda identity: Ours(identity, suite, encrypted_handshakes=False),
        state_bytes,
        persist,
        force,
    )


class _Memory(mls_rs_uniffi.GroupStateStorage):
    """agentvault's storage callbacks, in memory: its best case."""

    def __init__(self) -> None:
        self.states: dict[bytes, bytes] = {}
        self.epochs: dict[tuple[bytes, int], bytes] = {}

    def state(self, group_id: bytes) -> bytes | None:
        return self.states.get(group_id)

    def epoch(self, group_id: bytes, epoch_id: int) -> bytes | None:
        return self.epochs.get((group_id, epoch_id))

    def write(
        self,
        group_id: bytes,
        group_state: bytes,
        epoch_inserts: list[Any],
        epoch_updates: list[Any],
    ) -> None:
        self.states[group_id] = group_state
        for record in (*epoch_inserts, *epoch_updates):
            self.epochs[group_id, record.id] = record.data

    def max_epoch_id(self, group_id: bytes) -> int | None:
        return max((epoch for group, epoch in self.epochs if group == group_id), default=None)


def _agentvault() -> Engine:
    memories: WeakKeyDictionary[AgentVault, _Memory] = WeakKeyDictionary()

    def make(identity: bytes) -> AgentVault:
        memory = _Memory()
        client = AgentVault(identity, memory)
        memories[client] = memory
        return client

    def state_bytes(client: AgentVault) -> int:
        client.save()
        memory = memories[client]
        return sum(map(len, (*memory.states.values(), *memory.epochs.values())))

    return Engine("mls-rs (agentvault)", "0x0001", make, state_bytes, AgentVault.save)


def _rine(suite_name: str, suite: int, folder: Path) -> Engine:
    folders: WeakKeyDictionary[Rine, Path] = WeakKeyDictionary()

    def make(identity: bytes) -> Rine:
        place = Path(tempfile.mkdtemp(dir=folder))
        client = Rine(place, identity, suite)
        folders[client] = place
        return client

    def state_bytes(client: Rine) -> int:
        client.save()
        files = folders[client].rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())

    return Engine("mls-rs (rine)", suite_name, make, state_bytes, Rine.save, Rine.save)


def _ts_mls(suite_name: str, suite: int, node: NodePeer) -> Engine:
    def make(identity: bytes) -> ts_mls.TsMls:
        client = ts_mls.TsMls(node, identity, suite)
        client.public = True
        return client

    return Engine("ts-mls", suite_name, make, ts_mls.TsMls.state_bytes, None, is_slow=True)
