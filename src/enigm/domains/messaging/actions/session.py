"""One connection's side of the protocol: requests in, answers out, whatever carries them."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from enigm.domains.messaging import rules
from enigm.domains.messaging.actions.allowance import Allowance
from enigm.domains.messaging.actions.commit import Deed, Write
from enigm.domains.messaging.actions.listen import Subscription
from enigm.domains.messaging.actions.outgoing import Outgoing
from enigm.domains.messaging.actions.requests import Reading, Writing, to_write
from enigm.domains.messaging.errors import MalformedRequestError, TooManySubscriptionsError
from enigm.foundation.errors import Refusal
from enigm.wire import delivery

if TYPE_CHECKING:
    from enigm.domains.messaging.actions.read import Chunk
    from enigm.domains.messaging.actions.service import Delivery

# One read from the store: large enough to be cheap, small enough to share a connection fairly.
READ_BYTES: Final = 256 * 1024
# A device follows its conversations: a thousand is a very busy one.
SUBSCRIPTIONS_MAX: Final = 1000

_ACK: Final = struct.Struct(">IBIQ")


class Session:
    """The state of one connection; it knows nothing of who is at the other end."""

    def __init__(self, service: Delivery, *, may_stay: bool) -> None:
        """Begin; ``may_stay`` allows subscriptions, which need a connection that stays open."""
        self._service = service
        self._may_stay = may_stay
        self._allowance = Allowance(service.connection_requests, service.clock)
        self._opening: dict[int, Reading] = {}
        self._subscriptions: dict[int, Subscription] = {}
        self._behind: deque[Subscription] = deque()
        self._outgoing = Outgoing()
        self._unanswered = 0
        self._wake = asyncio.Event()
        self._is_broken = False
        self._is_closed = False

    @property
    def is_full(self) -> bool:
        """Whether the reader is slower than what is written."""
        return self._outgoing.is_full

    @property
    def is_broken(self) -> bool:
        """Whether the framing was broken, so that nothing more is understood."""
        return self._is_broken

    def receive(self, message: bytes) -> None:
        """Take one message of frames; broken framing is answered, and then nothing is."""
        try:
            frames = delivery.decode_requests(message)
        except delivery.FramingError as refusal:
            self._is_broken = True
            self._refuse(0, refusal)
            return
        for frame in frames:
            try:
                self._allowance.take()
                self._take(frame)
            except Refusal as refusal:
                self._refuse(frame.request, refusal)

    async def room(self) -> None:
        """Wait until there is room for more requests: on the disk's side, and on the reader's."""
        await self._service.commit.room()
        await self._outgoing.room()

    async def next_output(self) -> bytes | None:
        """Return the next bytes to send, waiting for them; None when nothing more will come."""
        while True:
            if self._outgoing:
                return self._outgoing.take()
            if self._is_closed or self._is_broken:
                return None
            if self._opening:
                await self._open(next(iter(self._opening.values())))
            elif self._behind:
                await self._read_on(self._behind.popleft())
            elif not self._may_stay and not self._unanswered:
                return None
            else:
                self._wake.clear()
                await self._wake.wait()

    def close(self) -> None:
        """Forget the connection; writes it asked for still happen."""
        self._is_closed = True
        self._opening.clear()
        for subscription in self._subscriptions.values():
            self._service.audiences.leave(subscription)
        self._subscriptions.clear()
        self._outgoing.release()
        self._wake.set()

    # Requests

    def _take(self, frame: delivery.Request | delivery.Unreadable) -> None:
        match frame:
            case delivery.Post() | delivery.Commit():
                self._service.channel_posts.take(frame.channel)
                self._write(frame)
            case delivery.Drop():
                self._service.channel_posts.take(frame.inbox)
                self._write(frame)
            case delivery.Open() | delivery.ReadInbox():
                self._require_staying()
                self._begin(Reading(frame))
            case delivery.Fetch() | delivery.FetchInbox():
                self._begin(Reading(frame))
            case delivery.Credit():
                self._require_staying()
                self._add_credit(frame)
            case delivery.Close():
                self._require_staying()
                self._stop(frame.request)
            case delivery.Ping():
                self.put(delivery.encode(delivery.Pong(frame.request)))
            case delivery.Unreadable():
                raise MalformedRequestError(frame.detail)
            case _:
                self._write(frame)

    def _write(self, frame: Writing) -> None:
        request = frame.request
        wanted = to_write(self._service.admission, frame)

        def tell(outcome: int | Refusal) -> None:
            self._unanswered -= 1
            if isinstance(outcome, Refusal):
                self._refuse(request, outcome)
                return
            self.put(_ACK.pack(_ACK.size - 4, delivery.ACK_OPERATION, request, outcome))
            if isinstance(wanted, Deed) and wanted.closes is not None:
                self._service.audiences.close(wanted.closes)

        self._unanswered += 1
        self._service.commit.submit(Write(wanted, tell))

    def _require_staying(self) -> None:
        if not self._may_stay:
            raise MalformedRequestError("A subscription needs a stream; use FETCH here.")

    def _begin(self, reading: Reading) -> None:
        if reading.request in self._opening or reading.request in self._subscriptions:
            raise MalformedRequestError("The request's number is in use on this connection.")
        if len(self._opening) + len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
            raise TooManySubscriptionsError
        self._opening[reading.request] = reading
        self._unanswered += 1
        self._wake.set()

    def _add_credit(self, frame: delivery.Credit) -> None:
        found = self._subscriptions.get(frame.request) or self._opening.get(frame.request)
        # Credit may cross the END of its subscription on the way: then it means nothing.
        if found is None:
            return
        found.credit_bytes += frame.credit_bytes
        if isinstance(found, Subscription) and not found.is_live:
            self.read_later(found)

    def _stop(self, request: int) -> None:
        if self._opening.pop(request, None) is not None:
            self._unanswered -= 1
            self._end(request, delivery.END_CLOSED)
        elif request in self._subscriptions:
            self.ended(self._subscriptions[request], delivery.END_CLOSED)

    # Answers

    def put(self, frame: bytes) -> None:
        """Queue one whole frame to be sent."""
        if not self._is_closed:
            self._outgoing.put(frame)
            self._wake.set()

    def _refuse(self, request: int, refusal: Refusal) -> None:
        self.put(
            delivery.encode(
                delivery.Refused(
                    request,
                    refusal.category.status,
                    refusal.retry_after_seconds or 0,
                    refusal.code,
                    refusal.detail,
                )
            )
        )

    def _end(self, request: int, reason: int) -> None:
        self.put(delivery.encode(delivery.End(request, reason)))

    def ended(self, subscription: Subscription, reason: int) -> None:
        """Say that nothing more comes for a subscription, and forget it."""
        if self._subscriptions.pop(subscription.request, None) is None:
            return
        subscription.is_live = False
        self._unanswered -= 1
        self._service.audiences.leave(subscription)
        self._end(subscription.request, reason)

    # Reading

    def read_later(self, subscription: Subscription) -> None:
        """Read from the store, when there is room, what this subscription misses."""
        if not subscription.is_queued:
            subscription.is_queued = True
            self._behind.append(subscription)
            self._wake.set()

    async def _open(self, reading: Reading) -> None:
        try:
            epoch = await self._service.reader.find_epoch(
                reading.name, reading.epoch, reading.presented_hash
            )
        except Refusal as refusal:
            if self._opening.pop(reading.request, None) is not None:
                self._unanswered -= 1
                self._refuse(reading.request, refusal)
            return
        if epoch.used_at < rules.day_of(self._service.clock.now_seconds()):
            self._service.note_use(reading.name)
        subscription = Subscription(self, reading, epoch)
        await self._service.audiences.join(subscription)
        # It may have been closed while the store or the fan-out was asked.
        if self._opening.pop(reading.request, None) is None:
            self._service.audiences.leave(subscription)
            return
        self._subscriptions[reading.request] = subscription
        self.read_later(subscription)

    async def _read_on(self, subscription: Subscription) -> None:
        subscription.is_queued = False
        if subscription.credit_bytes <= 0 or not self._is_current(subscription):
            return
        head_seq = self._service.audiences.head_seq(subscription.name)
        limit_bytes = min(subscription.credit_bytes, READ_BYTES)
        had_ended = subscription.epoch.last_seq is not None
        try:
            chunk = await self._service.reader.read(
                subscription.name, subscription.epoch, subscription.cursor, limit_bytes
            )
        except Refusal as refusal:
            self._give_up(subscription, refusal)
            return
        if not self._is_current(subscription):
            return
        if chunk is None:
            self.ended(subscription, delivery.END_CLOSED)
            return
        self._put_chunk(subscription, chunk)
        self._go_on(subscription, chunk, head_seq, had_ended=had_ended)

    def _is_current(self, subscription: Subscription) -> bool:
        return self._subscriptions.get(subscription.request) is subscription

    def _give_up(self, subscription: Subscription, refusal: Refusal) -> None:
        if self._subscriptions.pop(subscription.request, None) is not None:
            self._unanswered -= 1
            self._service.audiences.leave(subscription)
            self._refuse(subscription.request, refusal)

    def _put_chunk(self, subscription: Subscription, chunk: Chunk) -> None:
        subscription.epoch = epoch = chunk.epoch
        for seq, body in chunk.records:
            flags = delivery.FLAG_COMMIT if seq == epoch.last_seq else 0
            tail = delivery.record_tail(seq, epoch.number, flags, body)
            self.put(delivery.record_head(subscription.request, tail) + tail)
            subscription.cursor = seq
            subscription.credit_bytes -= len(body)

    def _go_on(
        self, subscription: Subscription, chunk: Chunk, head_seq: int, *, had_ended: bool
    ) -> None:
        last_seq = chunk.epoch.last_seq
        # An epoch may end between the reading of records and that of epochs: that nothing was
        # found then says nothing about the records before its end.
        is_read = had_ended and not chunk.records
        if last_seq is not None and (subscription.cursor >= last_seq or is_read):
            self.ended(subscription, delivery.END_EPOCH)
        elif subscription.is_once and self._is_enough(subscription, chunk):
            self.ended(subscription, delivery.END_CAUGHT_UP)
        elif last_seq is not None or chunk.records or self._has_news(subscription, head_seq):
            self.read_later(subscription)
        else:
            self._go_live(subscription, head_seq)

    def _is_enough(self, subscription: Subscription, chunk: Chunk) -> bool:
        """Tell whether a fetch has what it came for, or came to nothing and may not wait."""
        goes_on = chunk.epoch.last_seq is None
        return bool(chunk.records) or (goes_on and not subscription.wait_seconds)

    def _has_news(self, subscription: Subscription, head_seq: int) -> bool:
        return self._service.audiences.head_seq(subscription.name) != head_seq

    def _go_live(self, subscription: Subscription, head_seq: int) -> None:
        # What was heard of before the read and was not found has ended since.
        subscription.cursor = max(subscription.cursor, head_seq)
        subscription.is_live = True
        if subscription.is_once:
            loop = asyncio.get_running_loop()
            loop.call_later(
                subscription.wait_seconds, self.ended, subscription, delivery.END_CAUGHT_UP
            )
            subscription.wait_seconds = 0
        elif not subscription.was_live:
            subscription.was_live = True
            self.put(delivery.encode(delivery.Live(subscription.request)))
