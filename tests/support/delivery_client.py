"""A client's side of delivery without any connection: bytes in, events out, nothing lost between.

The caller carries ``outgoing()`` over whatever connects and hands what arrives to ``receive()``.
After a reconnect, ``reconnected()`` says again what was never answered (idempotency keys make
that safe) and resumes every subscription where it stood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from enigm.wire import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

# What the service may send ahead of what was read; topped up when half of it is used.
CREDIT_BYTES: Final = 1024 * 1024
_REQUEST_MAX: Final = 2**32 - 1

_Following = delivery.Open | delivery.ReadInbox
Write = (
    delivery.CreateChannel
    | delivery.Post
    | delivery.Commit
    | delivery.CreateInbox
    | delivery.Drop
    | delivery.ClearInbox
    | delivery.DeleteInbox
)
Once = Write | delivery.Fetch | delivery.FetchInbox | delivery.Ping


class _Subscription:
    __slots__ = ("credit_bytes", "cursor", "frame")

    def __init__(self, frame: _Following) -> None:
        self.frame = frame
        self.cursor = frame.after_seq
        self.credit_bytes = frame.credit_bytes


class DeliveryClient:
    """The requests of one client, across as many connections as it takes."""

    def __init__(self, credit_bytes: int = CREDIT_BYTES) -> None:
        """Begin with nothing asked; ``credit_bytes`` is each subscription's window."""
        self._credit_bytes = credit_bytes
        self._next_request = 1
        self._out: list[bytes] = []
        self._unanswered: dict[int, Once] = {}
        self._subscriptions: dict[int, _Subscription] = {}

    # Asking; each returns the request's number, which its events carry.

    def ask(self, make: Callable[[int], Once]) -> int:
        """Ask once: ``ask(lambda request: delivery.Post(request, …))``."""
        frame = make(self._new_request())
        self._unanswered[frame.request] = frame
        self._out.append(delivery.encode(frame))
        return frame.request

    def follow_channel(self, channel: bytes, epoch: int, token: bytes, after_seq: int) -> int:
        """Read an epoch from a cursor and stay, until its END."""
        request = self._new_request()
        return self._follow(
            delivery.Open(request, channel, epoch, token, after_seq, self._credit_bytes)
        )

    def follow_inbox(self, inbox: bytes, secret: bytes, after_seq: int) -> int:
        """Read an inbox from a cursor and stay."""
        request = self._new_request()
        return self._follow(
            delivery.ReadInbox(request, inbox, secret, after_seq, self._credit_bytes)
        )

    def stop(self, request: int) -> None:
        """End a subscription; what is still on its way is dropped."""
        if self._subscriptions.pop(request, None) is not None:
            self._out.append(delivery.encode(delivery.Close(request)))

    def forget(self, request: int) -> None:
        """Ask no more after a reconnect for this, if it is still unanswered."""
        self._unanswered.pop(request, None)

    # The connection

    def outgoing(self) -> bytes:
        """Return what to send now: whole frames, or nothing."""
        message = b"".join(self._out)
        self._out.clear()
        return message

    def receive(self, message: bytes) -> list[delivery.Answer]:
        """Take one message and return what it says; each record of a subscription once, in order.

        Raises:
            FramingError: this is not the service's language; drop the connection.
        """
        events: list[delivery.Answer] = []
        for frame in delivery.decode_answers(message):
            if isinstance(frame, delivery.Unreadable):
                raise delivery.FramingError(frame.detail)
            if self._is_news(frame):
                events.append(frame)
        return events

    def reconnected(self) -> None:
        """Say again what was not answered, and resume subscriptions; call it before sending."""
        self._out = [delivery.encode(frame) for frame in self._unanswered.values()]
        for subscription in self._subscriptions.values():
            subscription.credit_bytes = self._credit_bytes
            subscription.frame = msgspec.structs.replace(
                subscription.frame,
                after_seq=subscription.cursor,
                credit_bytes=self._credit_bytes,
            )
            self._out.append(delivery.encode(subscription.frame))

    @property
    def unanswered(self) -> int:
        """How many one-time requests still wait for their answer."""
        return len(self._unanswered)

    def _is_news(self, frame: delivery.Answer) -> bool:
        subscription = self._subscriptions.get(frame.request)
        match frame:
            case delivery.Record() if subscription is not None:
                return self._take_record(subscription, frame)
            case delivery.Record():
                # Of a fetch; or of a subscription that was stopped a moment ago.
                return frame.request in self._unanswered
            case delivery.Live():
                return subscription is not None
            case delivery.End() | delivery.Refused() if subscription is not None:
                del self._subscriptions[frame.request]
                return True
            case delivery.Refused(request=0):
                return True
            case _:
                return self._unanswered.pop(frame.request, None) is not None

    def _take_record(self, subscription: _Subscription, record: delivery.Record) -> bool:
        subscription.credit_bytes -= len(record.body)
        if subscription.credit_bytes * 2 < self._credit_bytes:
            more = self._credit_bytes - subscription.credit_bytes
            subscription.credit_bytes += more
            self._out.append(delivery.encode(delivery.Credit(record.request, more)))
        if record.seq <= subscription.cursor:
            return False
        subscription.cursor = record.seq
        return True

    def _follow(self, frame: _Following) -> int:
        self._subscriptions[frame.request] = _Subscription(frame)
        self._out.append(delivery.encode(frame))
        return frame.request

    def _new_request(self) -> int:
        while True:
            request = self._next_request
            self._next_request = 1 if request == _REQUEST_MAX else request + 1
            if request not in self._unanswered and request not in self._subscriptions:
                return request
