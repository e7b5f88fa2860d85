"""What a test asks of any MLS engine: one client in one group, bytes in and bytes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class CannotError(Exception):
    """The engine's interface does not offer this."""


@dataclass(frozen=True)
class Committed:
    """An MLSMessage with the commit, and the Welcomes for those it adds."""

    commit: bytes
    welcomes: tuple[bytes, ...] = ()

    @property
    def welcome(self) -> bytes:
        """The only Welcome."""
        (welcome,) = self.welcomes
        return welcome


class MlsPeer(Protocol):
    """One client. A committer has moved to the new epoch when its commit is returned.

    Everything on the wire is an MLSMessage. ``seconds`` is the time that the last call
    spent inside the engine. A refusal is an exception of the engine's own kind.
    """

    seconds: float

    @property
    def leaf(self) -> int:
        """The client's leaf index."""
        ...

    def key_package(self) -> bytes:
        """Make a key package; the last one made is the one that joins."""
        ...

    def create(self, group_id: bytes) -> None:
        """Start a group of one."""
        ...

    def join(self, welcome: bytes) -> None:
        """Join by Welcome; the tree comes in its ratchet_tree extension."""
        ...

    def join_external(self, group_info: bytes) -> Committed:
        """Join by external commit."""
        ...

    def group_info(self) -> bytes:
        """Return a GroupInfo with tree and external key."""
        ...

    def add(self, key_packages: list[bytes]) -> Committed:
        """Add and commit."""
        ...

    def remove(self, leaf: int) -> Committed:
        """Remove and commit."""
        ...

    def update(self) -> Committed:
        """Commit with a path and no proposals."""
        ...

    def process(self, message: bytes) -> None:
        """Take a proposal, or a commit of another."""
        ...

    def send(self, plaintext: bytes) -> bytes:
        """Encrypt an application message."""
        ...

    def receive(self, message: bytes, sender: int) -> bytes:
        """Decrypt an application message that the test knows to come from a leaf."""
        ...

    def exporter(self, label: str, context: bytes, length_bytes: int) -> bytes:
        """MLS-Exporter (RFC 9420 §8.5)."""
        ...
