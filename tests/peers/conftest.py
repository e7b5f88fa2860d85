"""One Node process for all ts-mls clients of a test module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.peers import ts_mls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.node_peer import NodePeer


@pytest.fixture(scope="module")
def node() -> Iterator[NodePeer]:
    process = ts_mls.start()
    yield process
    process.close()
