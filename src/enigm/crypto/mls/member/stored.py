"""The stored state: rows by key, so that a message costs one small row and a commit a few."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import Reader, opaque, read_whole, u8, u16, u32, u64, vector
from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.member.commit_reception import OwnUpdate
from enigm.crypto.mls.member.epoch_format import (
    PendingReader,
    check_format,
    encode_epoch,
    encode_node,
    encode_pending,
    encode_reinit,
    encode_sent,
    read_epoch,
    read_leaf,
    read_node,
    read_reinit,
    read_sent,
)
from enigm.crypto.mls.member.state import MemberState, PastEpoch, limited
from enigm.crypto.mls.ratchet_tree import RatchetTree
from enigm.crypto.mls.secret_tree import MessageKey, Ratchet, RatchetKind, SecretTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from enigm.crypto.mls.ciphersuite import Suite, SuiteTable
    from enigm.crypto.mls.leaf_node import LeafNode
    from enigm.crypto.mls.member.epoch import Epoch
    from enigm.crypto.mls.member.needs import Settings
    from enigm.crypto.mls.member.outcomes import PendingCommit
    from enigm.crypto.mls.ratchet_tree import Node
    from enigm.crypto.mls.secret_tree import SecretTreeChange

_FORMAT = 1

# The first byte of a key says what the row holds.
_EPOCH = b"e"
_TREE_NODE = b"t"
_PAST = b"p"
_SECRET_NODE = b"n"
_RATCHET = b"r"
_SKIPPED = b"s"
_RECEIVED = b"v"
_OWN_UPDATE = b"u"
_PENDING = b"c"

Rows = dict[bytes, bytes | None]


def _secret_tree_rows(epoch: int, change: SecretTreeChange) -> Iterator[tuple[bytes, bytes | None]]:
    """Encode changed message secrets."""
    number = u64(epoch)
    for node, secret in change.nodes.items():
        yield _SECRET_NODE + number + u32(node), secret
    for (leaf, kind), ratchet in change.ratchets.items():
        key = _RATCHET + number + u32(leaf) + u8(kind)
        yield key, None if ratchet is None else u32(ratchet.generation) + ratchet.secret
    for (leaf, kind, generation), kept in change.skipped.items():
        key = _SKIPPED + number + u32(leaf) + u8(kind) + u32(generation)
        yield key, None if kept is None else opaque(kept.key) + opaque(kept.nonce)


def _epoch_row(state: MemberState) -> bytes:
    resumption = (u64(epoch) + opaque(key) for epoch, key in sorted(state.resumption.items()))
    return b"".join(
        (
            u16(_FORMAT),
            u16(state.epoch.suite.number),
            u32(len(state.epoch.tree.nodes)),
            u8(state.is_active),
            vector(resumption),
            encode_reinit(state.reinit),
            encode_epoch(state.epoch),
        )
    )


def _past_row(past: PastEpoch) -> bytes:
    replaced = (u32(index) + encode_node(leaf) for index, leaf in past.replaced.items())
    return (
        u32(past.message_keys.leaf_count)
        + opaque(past.context_encoded)
        + opaque(past.sender_data_secret)
        + vector(replaced)
    )


def _received_rows(state: MemberState) -> Rows:
    rows: Rows = {
        _RECEIVED + u32(order): encode_sent(sent)
        for order, sent in enumerate(state.received.values())
    }
    for reference, update in state.own_updates.items():
        row = opaque(update.encryption_private) + opaque(update.signature_private)
        rows[_OWN_UPDATE + reference] = row
    return rows


def _tree_rows(old: list[Node], new: list[Node]) -> Iterator[tuple[bytes, bytes | None]]:
    """Encode the nodes that are not the same objects as before."""
    if old is new:
        return
    before = [*old, *[None] * (len(new) - len(old))]
    after = [*new, *[None] * (len(old) - len(new))]
    for place, node in enumerate(after):
        if node is not before[place]:
            yield _TREE_NODE + u32(place), None if node is None else encode_node(node)


@dataclass(eq=False)
class Written:
    """What the rows on disk show, so that only differences are written."""

    epoch: Epoch | None = None
    is_active: bool = True
    nodes: list[Node] = field(default_factory=list["Node"], repr=False)
    past: set[int] = field(default_factory=set[int])
    keys_by_epoch: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    received: tuple[bytes, ...] = ()
    received_rows: set[bytes] = field(default_factory=set[bytes])
    pending: PendingCommit | None = None

    def take(self, state: MemberState) -> Rows:
        """Return what changed since the last call, and take it as written."""
        rows: Rows = {}
        self._take_message_keys(state, rows)
        if state.epoch is not self.epoch or state.is_active != self.is_active:
            self._take_epoch(state, rows)
        if tuple(state.received) != self.received or state.pending is not self.pending:
            self._take_handshakes(state, rows)
        return rows

    def _take_message_keys(self, state: MemberState, rows: Rows) -> None:
        for number, keys in _trees_of(state):
            change = keys.changes
            if not (change.ratchets or change.nodes or change.skipped):
                continue
            known = self.keys_by_epoch[number]
            for key, row in _secret_tree_rows(number, change):
                rows[key] = row
                known.discard(key) if row is None else known.add(key)
            keys.forget_changes()

    def _take_epoch(self, state: MemberState, rows: Rows) -> None:
        rows.update(_tree_rows(self.nodes, state.epoch.tree.nodes))
        rows[_EPOCH] = _epoch_row(state)
        for number in self.past - state.past.keys():
            rows[_PAST + u64(number)] = None
        for number in state.past.keys() - self.past:
            rows[_PAST + u64(number)] = _past_row(state.past[number])
        living = {number for number, _ in _trees_of(state)}
        for number in self.keys_by_epoch.keys() - living:
            rows.update(dict.fromkeys(self.keys_by_epoch.pop(number)))
        self.nodes, self.past = state.epoch.tree.nodes, set(state.past)
        self.epoch, self.is_active = state.epoch, state.is_active

    def _take_handshakes(self, state: MemberState, rows: Rows) -> None:
        current = _received_rows(state)
        rows.update(dict.fromkeys(self.received_rows - current.keys()))
        rows.update(current)
        self.received, self.received_rows = tuple(state.received), set(current)
        if state.pending is not self.pending:
            pending = state.pending
            rows[_PENDING] = None if pending is None else encode_pending(pending, state.epoch)
            self.pending = pending


def _trees_of(state: MemberState) -> list[tuple[int, SecretTree]]:
    past = [(number, past.message_keys) for number, past in state.past.items()]
    return [*past, (state.epoch.number, state.message_keys)]


def all_rows(state: MemberState) -> dict[bytes, bytes]:
    """Return every row of a state, whatever was written before."""
    rows: Rows = {_EPOCH: _epoch_row(state)}
    rows.update(_tree_rows([], state.epoch.tree.nodes))
    for number, keys in _trees_of(state):
        rows.update(_secret_tree_rows(number, keys.everything()))
    for number, past in state.past.items():
        rows[_PAST + u64(number)] = _past_row(past)
    rows.update(_received_rows(state))
    if state.pending is not None:
        rows[_PENDING] = encode_pending(state.pending, state.epoch)
    return {key: row for key, row in rows.items() if row is not None}


def pack(rows: Mapping[bytes, bytes]) -> bytes:
    """Join rows into one string of bytes, the same for the same rows."""
    return vector(opaque(key) + opaque(row) for key, row in sorted(rows.items()))


def unpack(packed: bytes) -> dict[bytes, bytes]:
    """Split what ``pack`` joined."""

    def read(reader: Reader) -> list[tuple[bytes, bytes]]:
        return reader.each(lambda inside: (inside.opaque(), inside.opaque()))

    return dict(read_whole(packed, read))


def load(rows: Mapping[bytes, bytes], suites: SuiteTable, settings: Settings) -> MemberState:
    """Read a state back. The rows are our own and are trusted, but must be complete."""
    return _Loader(rows, suites, settings).load()


@dataclass(frozen=True, slots=True, eq=False)
class _Loader:
    rows: Mapping[bytes, bytes] = field(repr=False)
    suites: SuiteTable
    settings: Settings

    def load(self) -> MemberState:
        stored = self.rows.get(_EPOCH)
        if stored is None:
            raise refusal(Rule.STATE_FORMAT)
        state = read_whole(stored, self._read_state)
        for key, row in self._of_kind(_PAST):
            past = read_whole(row, self._past_reader(state.epoch.suite, _number(key)))
            state.past[past.number] = past
        state.past = dict(sorted(state.past.items()))
        self._fill_message_keys(state)
        for _, row in self._of_kind(_RECEIVED):
            sent = read_whole(row, read_sent)
            state.received[sent.reference or b""] = sent
        for key, row in self._of_kind(_OWN_UPDATE):
            update = read_whole(row, lambda reader: OwnUpdate(reader.opaque(), reader.opaque()))
            state.own_updates[key[1:]] = update
        pending = self.rows.get(_PENDING)
        if pending is not None:
            state.pending = read_whole(pending, PendingReader(self.suites, state.epoch).read)
        return state

    def _of_kind(self, kind: bytes) -> Iterable[tuple[bytes, bytes]]:
        return sorted((key, row) for key, row in self.rows.items() if key[:1] == kind)

    def _read_state(self, reader: Reader) -> MemberState:
        check_format(reader, _FORMAT)
        suite = self.suites.find(reader.u16())
        nodes: list[Node] = [None] * reader.u32()
        is_active = reader.present()
        resumption = dict(reader.each(lambda inside: (inside.u64(), inside.opaque())))
        reinit = read_reinit(reader)
        for key, row in self._of_kind(_TREE_NODE):
            nodes[int.from_bytes(key[1:], "big")] = read_whole(row, read_node)
        tree = RatchetTree.of(suite, nodes)
        epoch = read_epoch(reader, self.suites, tree)
        keys = self._empty_keys(suite, tree.leaf_count)
        return MemberState(epoch, keys, resumption=resumption, reinit=reinit, is_active=is_active)

    def _empty_keys(self, suite: Suite, leaf_count: int) -> SecretTree:
        return limited(SecretTree(suite, leaf_count, {}), self.settings)

    def _past_reader(self, suite: Suite, number: int) -> Callable[[Reader], PastEpoch]:
        def read(reader: Reader) -> PastEpoch:
            keys = self._empty_keys(suite, reader.u32())
            context, secret = reader.opaque(), reader.opaque()
            replaced = dict(reader.each(_read_replaced))
            return PastEpoch(number, context, secret, replaced, keys)

        return read

    def _fill_message_keys(self, state: MemberState) -> None:
        trees = dict(_trees_of(state))
        for key, row in self._of_kind(_SECRET_NODE):
            trees[_number(key)].nodes[int.from_bytes(key[9:], "big")] = row
        for key, row in self._of_kind(_RATCHET):
            ratchet = Ratchet(int.from_bytes(row[:4], "big"), row[4:])
            place = int.from_bytes(key[9:13], "big"), RatchetKind(key[13])
            trees[_number(key)].ratchets[place] = ratchet
        for key, row in self._of_kind(_SKIPPED):
            place = int.from_bytes(key[9:13], "big"), RatchetKind(key[13])
            generation = int.from_bytes(key[14:], "big")
            kept = read_whole(row, lambda reader: MessageKey(reader.opaque(), reader.opaque()))
            trees[_number(key)].skipped[(*place, generation)] = kept
        for keys in trees.values():
            keys.changes = keys.everything()


def _number(key: bytes) -> int:
    """Return the epoch in a row's key."""
    return int.from_bytes(key[1:9], "big")


def _read_replaced(reader: Reader) -> tuple[int, LeafNode | None]:
    return reader.u32(), read_leaf(reader)
