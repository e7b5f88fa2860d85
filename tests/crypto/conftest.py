"""Independent implementations that the primitives are held against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.node_peer import NodePeer

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = Path(__file__).parent / "peers"


@pytest.fixture(scope="module")
def hpke_peer() -> Iterator[NodePeer]:
    peer = NodePeer(PEERS / "hpke.mjs")
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def voprf_peer() -> Iterator[NodePeer]:
    peer = NodePeer(PEERS / "voprf.mjs")
    yield peer
    peer.close()
