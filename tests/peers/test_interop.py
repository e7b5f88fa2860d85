"""Our engine in groups with ts-mls and both mls-rs wheels, in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from enigm.crypto.mls.ciphersuite import AES128, CHACHA, Suite
from tests.peers.agentvault import AgentVault
from tests.peers.conversation import Conversation
from tests.peers.ours import Ours
from tests.peers.rine import Rine
from tests.peers.ts_mls import TsMls
from tests.support.mls import TS_MLS_XWING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.mls_peer import MlsPeer
    from tests.support.node_peer import NodePeer


@dataclass(frozen=True)
class Pairing:
    """How to make a client of ours and one of theirs that can be in one group."""

    ours: Callable[[bytes], Ours]
    theirs: Callable[[bytes], MlsPeer]
    has_external_commit: bool


KINDS = [
    "ts-mls 0x0001",
    "ts-mls 0x0001 greased",
    "ts-mls 0x0001 public",
    "ts-mls 0x0003",
    "ts-mls X-Wing",
    "agentvault",
    "rine",
]
TS_SUITES: dict[str, Suite] = {"0x0001": AES128, "0x0003": CHACHA, "X-Wing": TS_MLS_XWING}


@pytest.fixture(params=KINDS)
def pairing(request: pytest.FixtureRequest, node: NodePeer, tmp_path: Path) -> Pairing:
    kind, *words = request.param.split()
    if kind == "agentvault":
        return Pairing(Ours, AgentVault, has_external_commit=False)
    if kind == "rine":
        return Pairing(
            lambda identity: Ours(identity, encrypted_handshakes=False),
            lambda identity: Rine(tmp_path / identity.hex(), identity),
            has_external_commit=True,
        )
    suite, public, grease = TS_SUITES[words[0]], "public" in words, "greased" in words

    def ts_mls(identity: bytes) -> TsMls:
        peer = TsMls(node, identity, suite.number, grease=grease)
        peer.public = public
        return peer

    return Pairing(
        lambda identity: Ours(identity, suite, encrypted_handshakes=not public),
        ts_mls,
        has_external_commit=True,
    )


def test_a_group_that_we_create_lives_with_their_members(pairing: Pairing) -> None:
    talk = Conversation(pairing.ours(b"0"))
    talk.add(0, pairing.theirs(b"1"))
    talk.update(0)
    talk.update(1)
    talk.add(1, pairing.theirs(b"2"), pairing.ours(b"3"))
    talk.add(0, pairing.ours(b"4"))
    talk.update(2)
    talk.remove(0, 2)
    talk.remove(1, 3)
    talk.update(4)
    talk.add(1, pairing.theirs(b"5"))


def test_a_group_that_they_create_lives_with_our_members(pairing: Pairing) -> None:
    talk = Conversation(pairing.theirs(b"0"))
    talk.add(0, pairing.ours(b"1"))
    talk.update(0)
    talk.update(1)
    talk.add(1, pairing.ours(b"2"), pairing.theirs(b"3"))
    talk.add(0, pairing.theirs(b"4"))
    talk.update(2)
    talk.remove(1, 0)
    talk.remove(4, 2)
    talk.update(3)
    talk.add(3, pairing.ours(b"5"))


def test_each_side_joins_the_other_by_external_commit(pairing: Pairing) -> None:
    if not pairing.has_external_commit:
        pytest.skip("the peer's interface offers no external commit")
    talk = Conversation(pairing.ours(b"0"))
    talk.join_external(0, pairing.theirs(b"1"))
    talk.join_external(1, pairing.ours(b"2"))
    talk.update(2)
    talk.update(1)
    talk.remove(1, 0)
    talk.join_external(2, pairing.theirs(b"3"))
