"""The secret tree and its ratchets: one key for each message, used once (RFC 9420 §9).

A key is staged, and consumed only when its message proved true: a forged message costs nothing.
What is consumed is gone from memory here, and from disk with the next written rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from enigm.crypto.mls import tree_math
from enigm.crypto.mls.ciphersuite import NONCE_LENGTH
from enigm.crypto.mls.errors import MlsInvalidError, Rule, refusal

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import Suite

Place = TypeVar("Place")
Secret = TypeVar("Secret")

# A member can make every other derive this many keys with one message: 1,000 take 5 ms. More
# lost messages in a row than this are not waited for.
FORWARD_GENERATIONS_MAX = 1000
# Keys kept for messages that were passed over; the oldest go first.
SKIPPED_KEYS_MAX = 1000


class RatchetKind(IntEnum):
    """The two ratchets of each leaf (§9.1)."""

    HANDSHAKE = 1
    APPLICATION = 2


_LABELS = {RatchetKind.HANDSHAKE: b"handshake", RatchetKind.APPLICATION: b"application"}


@dataclass(frozen=True, slots=True, eq=False)
class MessageKey:
    """The key and nonce of one generation."""

    key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Ratchet:
    """Where a ratchet stands: the secret of the next generation to be derived."""

    generation: int
    secret: bytes = field(repr=False)


RatchetPlace: TypeAlias = tuple[int, RatchetKind]
"""A leaf index and one of its two ratchets."""
SkippedPlace: TypeAlias = tuple[int, RatchetKind, int]
"""The same, and a generation."""


@dataclass(eq=False)
class SecretTreeChange:
    """What one use changes; None as a value means that the entry goes."""

    nodes: dict[int, bytes | None] = field(default_factory=dict[int, bytes | None])
    ratchets: dict[RatchetPlace, Ratchet | None] = field(
        default_factory=dict[RatchetPlace, Ratchet | None]
    )
    skipped: dict[SkippedPlace, MessageKey | None] = field(
        default_factory=dict[SkippedPlace, MessageKey | None]
    )


@dataclass(frozen=True, slots=True, eq=False)
class StagedKey:
    """A message's key and what consuming it will change."""

    generation: int
    key: MessageKey = field(repr=False)
    change: SecretTreeChange = field(repr=False)


@dataclass(eq=False)
class SecretTree:
    """The unused secrets of one epoch.

    Args:
        suite: the group's.
        leaf_count: of the epoch's tree.
        nodes: secrets of subtrees in which no leaf was used, by node place.
        ratchets: those of the leaves that were used.
        skipped: keys of generations that were passed over.
        changes: what changed since the state was last written.
    """

    suite: Suite
    leaf_count: int
    nodes: dict[int, bytes] = field(repr=False)
    ratchets: dict[RatchetPlace, Ratchet] = field(
        default_factory=dict[RatchetPlace, Ratchet], repr=False
    )
    skipped: dict[SkippedPlace, MessageKey] = field(
        default_factory=dict[SkippedPlace, MessageKey], repr=False
    )
    changes: SecretTreeChange = field(default_factory=SecretTreeChange, repr=False)
    forward_generations_max: int = FORWARD_GENERATIONS_MAX
    skipped_keys_max: int = SKIPPED_KEYS_MAX

    @staticmethod
    def of(suite: Suite, leaf_count: int, encryption_secret: bytes) -> SecretTree:
        """Start an epoch's tree from its encryption secret."""
        top = tree_math.root(leaf_count)
        tree = SecretTree(suite, leaf_count, {top: encryption_secret})
        tree.changes.nodes[top] = encryption_secret
        return tree

    def next(self, leaf: int, kind: RatchetKind) -> StagedKey:
        """Stage the next key of a ratchet: the sender's side."""
        change = SecretTreeChange()
        ratchet = self._ratchet(leaf, kind, change)
        key, change.ratchets[leaf, kind] = self._step(ratchet)
        return StagedKey(ratchet.generation, key, change)

    def stage(self, leaf: int, kind: RatchetKind, generation: int) -> StagedKey:
        """Stage the key of one generation: the receiver's side."""
        change = SecretTreeChange()
        ratchet = self._ratchet(leaf, kind, change)
        if generation < ratchet.generation:
            place = (leaf, kind, generation)
            kept = self.skipped.get(place)
            if kept is None:
                raise refusal(Rule.SECRET_TREE_CONSUMED)
            change.skipped[place] = None
            return StagedKey(generation, kept, change)
        if generation - ratchet.generation > self.forward_generations_max:
            raise refusal(Rule.SECRET_TREE_TOO_FAR)
        while ratchet.generation < generation:
            passed, following = self._step(ratchet)
            change.skipped[leaf, kind, ratchet.generation] = passed
            ratchet = following
        key, change.ratchets[leaf, kind] = self._step(ratchet)
        return StagedKey(generation, key, change)

    def consume(self, staged: StagedKey) -> None:
        """Use a staged key up."""
        change = staged.change
        _apply(self.nodes, change.nodes)
        self.changes.nodes.update(change.nodes)
        _apply(self.ratchets, change.ratchets)
        self.changes.ratchets.update(change.ratchets)
        if change.skipped:
            _apply(self.skipped, change.skipped)
            self.changes.skipped.update(change.skipped)
            self._drop_oldest_skipped()

    def use_up(self, leaf: int, kind: RatchetKind, generation: int) -> None:
        """Use up the key of one generation, if it is not gone already."""
        try:
            staged = self.stage(leaf, kind, generation)
        except MlsInvalidError:
            return
        self.consume(staged)

    def erase(self) -> None:
        """Drop everything."""
        self.changes.nodes.update(dict.fromkeys(self.nodes))
        self.changes.ratchets.update(dict.fromkeys(self.ratchets))
        self.changes.skipped.update(dict.fromkeys(self.skipped))
        self.nodes.clear()
        self.ratchets.clear()
        self.skipped.clear()

    def forget_changes(self) -> None:
        """Take the changes so far as written."""
        self.changes = SecretTreeChange()

    def everything(self) -> SecretTreeChange:
        """Return all entries, as a change from nothing."""
        return SecretTreeChange(dict(self.nodes), dict(self.ratchets), dict(self.skipped))

    def _drop_oldest_skipped(self) -> None:
        surplus = len(self.skipped) - self.skipped_keys_max
        if surplus <= 0:
            return
        for place in list(self.skipped)[:surplus]:
            del self.skipped[place]
            self.changes.skipped[place] = None

    def _step(self, ratchet: Ratchet) -> tuple[MessageKey, Ratchet]:
        suite, secret, generation = self.suite, ratchet.secret, ratchet.generation
        key = suite.derive_tree_secret(secret, b"key", generation, suite.key_length)
        nonce = suite.derive_tree_secret(secret, b"nonce", generation, NONCE_LENGTH)
        following = suite.derive_tree_secret(secret, b"secret", generation, suite.hash_length)
        return MessageKey(key, nonce), Ratchet(generation + 1, following)

    def _ratchet(self, leaf: int, kind: RatchetKind, change: SecretTreeChange) -> Ratchet:
        found = self.ratchets.get((leaf, kind))
        if found is not None:
            return found
        if leaf >= self.leaf_count:
            raise refusal(Rule.MESSAGE_SENDER_LEAF)
        secret = self._leaf_secret(leaf, change)
        length = self.suite.hash_length
        started = {
            each: Ratchet(0, self.suite.expand_with_label(secret, label, b"", length))
            for each, label in _LABELS.items()
        }
        change.ratchets.update({(leaf, each): ratchet for each, ratchet in started.items()})
        return started[kind]

    def _leaf_secret(self, leaf: int, change: SecretTreeChange) -> bytes:
        """Walk down to a leaf: each secret passed is used up, each one beside it is kept (§9.2)."""
        node = 2 * leaf
        ancestors = [node, *tree_math.direct_path(leaf, self.leaf_count)]
        start = next((place for place in ancestors if place in self.nodes), None)
        if start is None:
            raise refusal(Rule.SECRET_TREE_CONSUMED)
        secret = self.nodes[start]
        change.nodes[start] = None
        for place in reversed(ancestors[: ancestors.index(start)]):
            beside = tree_math.sibling(place)
            sides = (b"left", b"right") if place < beside else (b"right", b"left")
            length = self.suite.hash_length
            change.nodes[beside] = self.suite.expand_with_label(secret, b"tree", sides[1], length)
            secret = self.suite.expand_with_label(secret, b"tree", sides[0], length)
        return secret


def _apply(entries: dict[Place, Secret], change: dict[Place, Secret | None]) -> None:
    for place, secret in change.items():
        if secret is None:
            entries.pop(place, None)
        else:
            entries[place] = secret
