"""Appends many records in one transaction: who may, which number each gets, what is a retry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from enigm.domains.messaging import rules, store
from enigm.domains.messaging.errors import EpochPassedError, PlaceUnknownError, TokenSpentError
from enigm.domains.messaging.model import (
    ACKNOWLEDGEMENT_SECONDS,
    PAST_EPOCH_SECONDS,
    Appended,
    Place,
    PlaceName,
)
from enigm.domains.messaging.rules import Membership
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa


class Admit(msgspec.Struct, frozen=True):
    """A verified one-use token: its hash, and the one use it is bound to."""

    token_hash: bytes
    bound_to: bytes


class Append(msgspec.Struct, frozen=True):
    """One record to append.

    A member presents the hash of an epoch's token; a stranger to an inbox presents admission.
    A commit brings the hash of the next epoch's token.
    """

    name: PlaceName
    epoch: int
    presented_hash: bytes | None
    idempotency: bytes
    ttl_seconds: int
    body: bytes
    next_token_hash: bytes | None = None
    admission: Admit | None = None


class Outcomes(msgspec.Struct):
    """For each append its sequence number or a refusal; and what is new in the logs."""

    answers: list[int | Refusal]
    appended: list[Appended]


class _Log:
    """A place while a transaction changes it."""

    __slots__ = (
        "ended",
        "epoch",
        "epoch_after_seq",
        "is_changed",
        "last_seq",
        "place",
        "token_hash",
    )

    def __init__(self, place: Place) -> None:
        self.place = place
        self.epoch = place.epoch
        self.token_hash = place.token_hash
        self.epoch_after_seq = place.epoch_after_seq
        self.last_seq = place.last_seq
        self.is_changed = False
        # Epochs that ended within this transaction, which the store does not know yet.
        self.ended: dict[int, bytes] = {}


def append_all(connection: sa.Connection, appends: Sequence[Append], now_seconds: int) -> Outcomes:
    """Append in the order given; the caller's transaction makes all of it durable or none."""
    transaction = _Transaction(connection, appends, now_seconds)
    answers = [transaction.append(index, append) for index, append in enumerate(appends)]
    return transaction.save(answers)


class _Transaction:
    def __init__(
        self, connection: sa.Connection, appends: Sequence[Append], now_seconds: int
    ) -> None:
        self._connection = connection
        self._now = now_seconds
        places = store.lock_places(connection, {append.name for append in appends})
        self._logs = {name: _Log(place) for name, place in places.items()}
        # By place and key: what this transaction has answered already.
        self._answered: dict[tuple[int, bytes], int] = {}
        self._new: list[tuple[int, Append, Appended]] = []
        self._past: list[tuple[int, int, bytes, int, int, int]] = []

    def append(self, index: int, append: Append) -> int | Refusal:
        log = self._logs.get(append.name)
        if log is None:
            return PlaceUnknownError()
        if append.presented_hash is None:
            refused = self._refuse_stranger(log, append)
        else:
            refused = self._refuse_member(log, append)
        if refused is not None:
            return refused
        if append.next_token_hash is None:
            # The store tells of a key that was used before when the keys are claimed, all at once.
            earlier = self._answered.get((log.place.number, append.idempotency))
        else:
            earlier = self._earlier_answer(log, append)
        return earlier or self._add(index, append, log)

    def _refuse_member(self, log: _Log, append: Append) -> int | Refusal | None:
        """Return the first answer to a retry, a refusal, or None for a member of now."""
        presented = append.presented_hash or b""
        past = None
        # Asked of the store only for epochs there have been: a client may name any number.
        if append.epoch < log.epoch:
            past = log.ended.get(append.epoch) or store.past_hash(
                self._connection, log.place.number, append.epoch
            )
        current = (log.epoch, log.token_hash)
        match rules.membership(current, append.epoch, presented, past):
            case Membership.CURRENT:
                return None
            case Membership.PAST:
                return self._earlier_answer(log, append) or EpochPassedError()
            case Membership.NONE:
                return PlaceUnknownError()

    def _refuse_stranger(self, log: _Log, append: Append) -> int | Refusal | None:
        if append.admission is None:
            raise RuntimeError("an append without a token needs admission")
        earlier = self._earlier_answer(log, append)
        if earlier is not None:
            return earlier
        admitted = append.admission
        if store.spend(self._connection, admitted.token_hash, admitted.bound_to):
            return None
        return TokenSpentError()

    def _earlier_answer(self, log: _Log, append: Append) -> int | None:
        number = log.place.number
        return self._answered.get((number, append.idempotency)) or store.acknowledged(
            self._connection, number, append.idempotency
        )

    def _add(self, index: int, append: Append, log: _Log) -> int:
        log.last_seq += 1
        log.is_changed = True
        seq, is_commit = log.last_seq, append.next_token_hash is not None
        appended = Appended(append.name, log.epoch, seq, is_commit, append.body)
        self._new.append((index, append, appended))
        self._answered[log.place.number, append.idempotency] = seq
        if append.next_token_hash is not None:
            self._end_epoch(log, append.next_token_hash)
        return seq

    def _end_epoch(self, log: _Log, next_token_hash: bytes) -> None:
        ends = rules.forgotten_at(self._now, PAST_EPOCH_SECONDS)
        number, after_seq = log.place.number, log.epoch_after_seq
        self._past.append((number, log.epoch, log.token_hash, after_seq, log.last_seq, ends))
        log.ended[log.epoch] = log.token_hash
        log.epoch += 1
        log.token_hash = next_token_hash
        log.epoch_after_seq = log.last_seq

    def save(self, answers: list[int | Refusal]) -> Outcomes:
        if self._new:
            self._drop_retries(answers)
            numbers = {name: log.place.number for name, log in self._logs.items()}
            store.add_records(
                self._connection,
                [
                    (numbers[a.name], new.seq, rules.ends_at(self._now, a.ttl_seconds), a.body)
                    for _, a, new in self._new
                ],
            )
            if self._past:
                store.add_past_epochs(self._connection, self._past)
            changed = [log for log in self._logs.values() if log.is_changed]
            day = rules.day_of(self._now)
            store.save_places(self._connection, [_after(log, day) for log in changed])
        return Outcomes(answers, [appended for _, _, appended in self._new])

    def _drop_retries(self, answers: list[int | Refusal]) -> None:
        """Claim the keys; what was claimed before keeps its first answer and is not stored.

        The number it was given stays unused: readers look into the store where one is missing.
        No commit is among them: theirs were looked up one by one.
        """
        ends = rules.forgotten_at(self._now, ACKNOWLEDGEMENT_SECONDS)
        numbers = {name: log.place.number for name, log in self._logs.items()}
        claims = [(numbers[a.name], a.idempotency, new.seq, ends) for _, a, new in self._new]
        if store.add_acknowledgements(self._connection, claims) == len(claims):
            return
        kept: list[tuple[int, Append, Appended]] = []
        for index, append, appended in self._new:
            first = store.acknowledged(self._connection, numbers[append.name], append.idempotency)
            if first == appended.seq:
                kept.append((index, append, appended))
            elif first is not None:
                answers[index] = first
        self._new = kept


def _after(log: _Log, day: int) -> Place:
    place = log.place
    return Place(
        place.number,
        place.name,
        log.epoch,
        log.token_hash,
        log.epoch_after_seq,
        log.last_seq,
        max(place.used_at, day),
    )
