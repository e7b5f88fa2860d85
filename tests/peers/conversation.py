"""A group of members of different engines, in which every step is checked by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.peers.mls_peer import CannotError

if TYPE_CHECKING:
    from tests.peers.mls_peer import Committed, MlsPeer


class Conversation:
    """Who sits on which leaf, and what all of them must agree on after each step."""

    def __init__(self, founder: MlsPeer, group_id: bytes = b"a mixed group") -> None:
        founder.create(group_id)
        self.members: dict[int, MlsPeer] = {0: founder}

    def add(self, by: int, *newcomers: MlsPeer) -> None:
        """One member adds others in one commit; they join by Welcome."""
        committed = self.members[by].add([peer.key_package() for peer in newcomers])
        self._spread(committed, by)
        welcomes = committed.welcomes
        if len(welcomes) == 1:
            welcomes *= len(newcomers)
        for peer, welcome in zip(newcomers, welcomes, strict=True):
            peer.join(welcome)
            self.members[self._free_leaf()] = peer
        self.check()

    def join_external(self, helper: int, newcomer: MlsPeer) -> None:
        """A newcomer joins by external commit with a member's GroupInfo."""
        committed = newcomer.join_external(self.members[helper].group_info())
        self._spread(committed, None)
        self.members[self._free_leaf()] = newcomer
        self.check()

    def update(self, by: int) -> None:
        """One member commits nothing but new keys."""
        self._spread(self.members[by].update(), by)
        self.check()

    def remove(self, by: int, leaf: int) -> None:
        """One member removes another, who can read nothing that is sent afterwards."""
        committed = self.members[by].remove(leaf)
        removed = self.members.pop(leaf)
        self._spread(committed, by)
        message = self.members[by].send(b"without the removed one")
        with pytest.raises(Exception):  # noqa: B017, PT011 - every engine has its own refusals
            removed.receive(message, by)
        for other, peer in self.members.items():
            if other != by:
                assert peer.receive(message, by) == b"without the removed one"
        self.check()

    def check(self) -> None:
        """Everyone exports the same secret and reads everyone."""
        exports = {self._export(peer) for peer in self.members.values()} - {None}
        assert len(exports) <= 1
        for sender, peer in self.members.items():
            plaintext = f"from leaf {sender}".encode()
            message = peer.send(plaintext)
            for leaf, reader in self.members.items():
                if leaf != sender:
                    assert reader.receive(message, sender) == plaintext

    def _spread(self, committed: Committed, by: int | None) -> None:
        for leaf, peer in self.members.items():
            if leaf != by:
                peer.process(committed.commit)

    def _free_leaf(self) -> int:
        return next(leaf for leaf in range(len(self.members) + 1) if leaf not in self.members)

    @staticmethod
    def _export(peer: MlsPeer) -> bytes | None:
        try:
            return peer.exporter("tests", b"context", 37)
        except CannotError:
            return None
