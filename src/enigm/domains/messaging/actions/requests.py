"""What each frame asks for: an append, a deed, or a reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.messaging.actions import places
from enigm.domains.messaging.actions.append import Append
from enigm.domains.messaging.actions.commit import Deed
from enigm.domains.messaging.model import PlaceKind, PlaceName, place_name, secret_hash
from enigm.wire import delivery

if TYPE_CHECKING:
    from enigm.domains.messaging.needs import Admission

Writing = (
    delivery.Post
    | delivery.Commit
    | delivery.Drop
    | delivery.CreateChannel
    | delivery.CreateInbox
    | delivery.ClearInbox
    | delivery.DeleteInbox
)
ReadingFrame = delivery.Open | delivery.ReadInbox | delivery.Fetch | delivery.FetchInbox

# An inbox is a log whose first epoch never ends.
INBOX_EPOCH: Final = 0
# A waiting fetch holds a connection; proxies between us close silent ones after a minute.
WAIT_SECONDS_MAX: Final = 50
# One exchange's answer is sent in pieces, but its reader may want to hold it whole.
FETCH_BYTES_MAX: Final = 4 * 1024 * 1024


class Reading:
    """A request to read that has not been found to be allowed yet."""

    __slots__ = (
        "after_seq",
        "credit_bytes",
        "epoch",
        "is_once",
        "name",
        "presented_hash",
        "request",
        "wait_seconds",
    )

    def __init__(self, frame: ReadingFrame) -> None:
        """Take what a frame says, within the limits of what is allowed to be asked."""
        self.request = frame.request
        self.after_seq = frame.after_seq
        self.wait_seconds = 0
        if isinstance(frame, delivery.Open | delivery.Fetch):
            self.name = place_name(PlaceKind.CHANNEL, frame.channel)
            self.epoch = frame.epoch
            self.presented_hash = secret_hash(frame.token)
        else:
            self.name = place_name(PlaceKind.INBOX, frame.inbox)
            self.epoch = INBOX_EPOCH
            self.presented_hash = secret_hash(frame.secret)
        if isinstance(frame, delivery.Fetch | delivery.FetchInbox):
            self.is_once = True
            self.credit_bytes = min(frame.limit_bytes, FETCH_BYTES_MAX) or 1
            self.wait_seconds = min(frame.wait_seconds, WAIT_SECONDS_MAX)
        else:
            self.is_once = False
            self.credit_bytes = frame.credit_bytes


def to_write(admission: Admission, frame: Writing) -> Append | Deed:
    """Return what a frame wants written; raises a Refusal where its admission is no good."""
    match frame:
        case delivery.Post() | delivery.Commit():
            return _append_to_channel(frame)
        case delivery.Drop():
            return _append_to_inbox(admission, frame)
        case delivery.CreateChannel():
            name = place_name(PlaceKind.CHANNEL, frame.channel)
            return _creation(admission, name, frame.token_hash, frame.admission)
        case delivery.CreateInbox():
            name = place_name(PlaceKind.INBOX, frame.inbox)
            return _creation(admission, name, frame.read_hash, frame.admission)
        case delivery.ClearInbox():
            name, presented = _inbox_of(frame)
            return Deed(
                lambda connection, _now: places.clear_place(
                    connection, name, presented, frame.up_to_seq
                )
            )
        case delivery.DeleteInbox():
            name, presented = _inbox_of(frame)
            return Deed(
                lambda connection, _now: places.delete_place(connection, name, presented),
                closes=name,
            )


def _append_to_channel(frame: delivery.Post | delivery.Commit) -> Append:
    return Append(
        place_name(PlaceKind.CHANNEL, frame.channel),
        frame.epoch,
        secret_hash(frame.token),
        frame.idempotency,
        frame.ttl_seconds,
        frame.body,
        frame.next_token_hash if isinstance(frame, delivery.Commit) else None,
    )


def _append_to_inbox(admission: Admission, frame: delivery.Drop) -> Append:
    name = place_name(PlaceKind.INBOX, frame.inbox)
    use = name + frame.idempotency
    return Append(
        name,
        INBOX_EPOCH,
        None,
        frame.idempotency,
        frame.ttl_seconds,
        frame.body,
        admission=places.verify_admission(admission, frame.admission, b"drop", use),
    )


def _creation(admission: Admission, name: PlaceName, token_hash: bytes, token: bytes) -> Deed:
    admitted = places.verify_admission(admission, token, b"create", name)
    return Deed(
        lambda connection, now: places.create_place(connection, name, token_hash, admitted, now)
    )


def _inbox_of(frame: delivery.ClearInbox | delivery.DeleteInbox) -> tuple[PlaceName, bytes]:
    return place_name(PlaceKind.INBOX, frame.inbox), secret_hash(frame.secret)
