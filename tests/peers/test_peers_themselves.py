"""The drivers are right if the other engines understand each other through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.peers.agentvault import AgentVault
from tests.peers.rine import Rine
from tests.peers.ts_mls import TsMls
from tests.support.node_peer import PeerRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.node_peer import NodePeer

ROSTER = b"a group of other people's engines"


@pytest.mark.parametrize("grease", [False, True])
def test_ts_mls_and_agentvault_understand_each_other(node: NodePeer, *, grease: bool) -> None:
    alice, bob = TsMls(node, b"alice", 1, grease=grease), AgentVault(b"bob")
    alice.create(ROSTER)
    bob.join(alice.add([bob.key_package()]).welcome)
    for _ in range(2):
        alice.process(bob.update().commit)
        bob.process(alice.update().commit)
        assert alice.exporter("label", b"context", 24) == bob.exporter("label", b"context", 24)
    assert bob.receive(alice.send(b"to bob"), alice.leaf) == b"to bob"
    assert alice.receive(bob.send(b"to alice"), 1) == b"to alice"


def test_agentvault_removes_a_ts_mls_member_it_has_heard(node: NodePeer) -> None:
    alice, bob = AgentVault(b"alice"), TsMls(node, b"bob", 1)
    alice.create(ROSTER)
    bob.join(alice.add([bob.key_package()]).welcome)
    alice.receive(bob.send(b"hello"), 1)
    bob.process(alice.remove(1).commit)
    assert bob.state()["active"] == "removedFromGroup"


def test_ts_mls_and_rine_understand_each_other(node: NodePeer, tmp_path: Path) -> None:
    alice, bob = TsMls(node, b"a" * 32, 1), Rine(tmp_path, b"bob")
    alice.public = True
    alice.create(ROSTER)
    bob.join(alice.add([bob.key_package()]).welcome)
    alice.process(bob.update().commit)
    bob.process(alice.update().commit)
    assert alice.state()["epoch"] == bob.epoch
    assert bob.receive(alice.send(b"to bob"), 0) == b"to bob"
    assert alice.receive(bob.send(b"to alice"), 1) == b"to alice"


def test_a_replay_is_refused_through_the_drivers(node: NodePeer) -> None:
    alice, bob = TsMls(node, b"alice", 1), TsMls(node, b"bob", 1)
    alice.create(ROSTER)
    bob.join(alice.add([bob.key_package()]).welcome)
    message = alice.send(b"once")
    assert bob.receive(message, 0) == b"once"
    with pytest.raises(PeerRefusedError):
        bob.receive(message, 0)
