"""Who listens to which log in this process, and how a new record reaches them from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from enigm.domains.messaging.model import Appended, PlaceName, PlaceNumber
from enigm.wire import delivery

if TYPE_CHECKING:
    from enigm.domains.messaging.actions.requests import Reading
    from enigm.domains.messaging.model import Epoch
    from enigm.domains.messaging.needs import Fanout

# A notice larger than this only says that there is something: others look into the store.
# NATS carries at most 1 MiB unless told otherwise.
NOTICE_BYTES_MAX: Final = 512 * 1024
# Notices between processes may be lost: each looks after so long how far its logs have come.
LOOK_SECONDS: Final = 5


class Listener(Protocol):
    """The connection that a subscription belongs to."""

    @property
    def is_full(self) -> bool:
        """Whether its reader is slower than what is written."""
        ...

    def put(self, frame: bytes) -> None:
        """Queue one whole frame to be sent."""
        ...

    def read_later(self, subscription: Subscription) -> None:
        """Read from the store, when there is room, what this subscription misses."""
        ...

    def ended(self, subscription: Subscription, reason: int) -> None:
        """Say that nothing more comes."""
        ...


class Subscription:
    """One reader's place in one epoch of a log."""

    __slots__ = (
        "credit_bytes",
        "cursor",
        "epoch",
        "is_live",
        "is_once",
        "is_queued",
        "listener",
        "name",
        "request",
        "wait_seconds",
        "was_live",
    )

    def __init__(self, listener: Listener, reading: Reading, epoch: Epoch) -> None:
        """Begin after a record, or where the epoch began if that is later."""
        self.listener = listener
        self.epoch = epoch
        self.request = reading.request
        self.name = reading.name
        self.credit_bytes = reading.credit_bytes
        self.is_once = reading.is_once
        self.wait_seconds = reading.wait_seconds
        self.cursor = max(min(reading.after_seq, epoch.log_last_seq), epoch.after_seq)
        self.is_live = False
        self.is_queued = False
        self.was_live = False

    def offer(self, record: Appended, tail: bytes) -> None:
        """Take a new record from memory, or fall back to reading the store."""
        if record.seq <= self.cursor:
            return
        is_next = record.seq == self.cursor + 1 and record.epoch == self.epoch.number
        if not is_next or self.credit_bytes <= 0 or self.listener.is_full:
            self.is_live = False
            self.listener.read_later(self)
            return
        self.listener.put(delivery.record_head(self.request, tail) + tail)
        self.cursor = record.seq
        self.credit_bytes -= len(record.body)
        if record.is_commit:
            self.listener.ended(self, delivery.END_EPOCH)
        elif self.is_once:
            self.listener.ended(self, delivery.END_CAUGHT_UP)


class _Audience:
    __slots__ = ("head_seq", "place", "subscriptions")

    def __init__(self, place: PlaceNumber) -> None:
        self.place = place
        self.subscriptions: dict[Subscription, None] = {}
        # The last record this process has heard of; 0 before it has heard of any.
        self.head_seq = 0


class _Notice(msgspec.Struct, frozen=True, array_like=True):
    """What processes tell each other: how far a log has come, and the records that fit."""

    last_seq: int
    records: list[tuple[int, int, bool, bytes]]


class Audiences:
    """The listeners of every log in this process."""

    def __init__(self, fanout: Fanout | None) -> None:
        """Begin with none; without a fan-out there are no other processes."""
        self._fanout = fanout
        self._audiences: dict[PlaceName, _Audience] = {}

    async def join(self, subscription: Subscription) -> None:
        """Hear of new records from here on; returns when none can be missed."""
        name = subscription.name
        audience = self._audiences.get(name)
        if audience is None:
            audience = self._audiences[name] = _Audience(subscription.epoch.place)
        audience.subscriptions[subscription] = None
        if self._fanout is not None:
            await self._fanout.listen(name)

    def leave(self, subscription: Subscription) -> None:
        """Hear no more."""
        audience = self._audiences.get(subscription.name)
        if audience is None:
            return
        audience.subscriptions.pop(subscription, None)
        if not audience.subscriptions:
            del self._audiences[subscription.name]
            if self._fanout is not None:
                self._fanout.ignore(subscription.name)

    def head_seq(self, name: PlaceName) -> int:
        """Return the last record of a log that this process has heard of, or 0."""
        audience = self._audiences.get(name)
        return 0 if audience is None else audience.head_seq

    def publish(self, records: list[Appended]) -> None:
        """Tell listeners here, and other processes, of records this process wrote."""
        for record in records:
            self._deliver(record)
        if self._fanout is not None and records:
            self._tell_others(records, self._fanout)

    def _deliver(self, record: Appended) -> None:
        audience = self._audiences.get(record.name)
        if audience is None:
            return
        audience.head_seq = max(audience.head_seq, record.seq)
        flags = delivery.FLAG_COMMIT if record.is_commit else 0
        tail = delivery.record_tail(record.seq, record.epoch, flags, record.body)
        for subscription in tuple(audience.subscriptions):
            if subscription.is_live:
                subscription.offer(record, tail)

    def _tell_others(self, records: list[Appended], fanout: Fanout) -> None:
        by_name: dict[PlaceName, list[Appended]] = {}
        for record in records:
            by_name.setdefault(record.name, []).append(record)
        for name, news in by_name.items():
            fits = sum(len(record.body) for record in news) <= NOTICE_BYTES_MAX
            carried = [(r.seq, r.epoch, r.is_commit, r.body) for r in news] if fits else []
            fanout.tell(name, msgspec.msgpack.encode(_Notice(news[-1].seq, carried)))

    def hear(self, name: PlaceName, notice: bytes) -> None:
        """Take what another process wrote; what cannot be read is made up for by looking."""
        try:
            news = msgspec.msgpack.decode(notice, type=_Notice)
        except msgspec.DecodeError:
            return
        for seq, epoch, is_commit, body in news.records:
            self._deliver(Appended(name, epoch, seq, is_commit, body))
        if not news.records:
            self._fall_behind(name, news.last_seq)

    def places(self) -> dict[PlaceNumber, PlaceName]:
        """Return the logs that somebody here listens to."""
        return {audience.place: name for name, audience in self._audiences.items()}

    def catch_up(self, places: dict[PlaceNumber, PlaceName], found: dict[PlaceNumber, int]) -> None:
        """Send those who missed something to the store; whose place is gone, hear that too."""
        for place, name in places.items():
            if place in found:
                self._fall_behind(name, found[place])
            else:
                self.close(name)

    def close(self, name: PlaceName) -> None:
        """End every subscription of a place that was deleted."""
        audience = self._audiences.get(name)
        for subscription in tuple(audience.subscriptions) if audience else ():
            subscription.listener.ended(subscription, delivery.END_CLOSED)

    def _fall_behind(self, name: PlaceName, last_seq: int) -> None:
        audience = self._audiences.get(name)
        if audience is None:
            return
        audience.head_seq = max(audience.head_seq, last_seq)
        for subscription in tuple(audience.subscriptions):
            if subscription.is_live and subscription.cursor < last_seq:
                subscription.is_live = False
                subscription.listener.read_later(subscription)
