"""What the App shows to its page and its command line: field for field docs/app-api.md."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

Stage = Literal["welcome", "confirm_phrase", "awaiting_approval", "locked", "ready"]
Connection = Literal["online", "connecting", "offline"]
ConversationKind = Literal["direct", "group"]
ConversationState = Literal["active", "requested", "left", "removed"]
MessageState = Literal["sending", "sent", "delivered", "read", "failed"]
ContactState = Literal["accepted", "requested", "blocked"]
SessionKind = Literal["app", "command"]
DeviceState = Literal["trusted", "pending", "revoked"]
EventKind = Literal[
    "message",
    "conversation",
    "conversation_gone",
    "contact",
    "request",
    "request_gone",
    "device",
    "state",
]


class State(Struct, frozen=True):
    """Where the profile stands; ``username`` and ``fingerprint`` are empty while locked."""

    profile: str
    stage: Stage
    username: str
    fingerprint: str
    service: str
    connection: Connection
    version: str


class PhraseToConfirm(Struct, frozen=True):
    """The 24 words, and the four positions (from 1) that the user types back."""

    phrase: tuple[str, ...] = field()
    ask: tuple[int, ...] = field()

    def __repr__(self) -> str:
        """Show nothing: the words open the account."""
        return "PhraseToConfirm()"


class LinkCode(Struct, frozen=True):
    """The digits that this device and the approving device both show."""

    code: str


class LastMessage(Struct, frozen=True):
    """The newest line of a conversation."""

    text: str
    at: int
    mine: bool
    sender_name: str
    state: MessageState


class Conversation(Struct, frozen=True):
    """One row of the conversation list; ``members`` counts accounts, this one included."""

    id: str
    kind: ConversationKind
    title: str
    members: int
    unread: int
    last: LastMessage | None
    state: ConversationState
    peer: str | UnsetType = UNSET


class Member(Struct, frozen=True):
    """One account in a conversation; ``devices`` counts its leaves in the group."""

    account: str
    name: str
    me: bool
    admin: bool
    verified: bool
    devices: int


class ConversationDetail(Struct, frozen=True):
    """A conversation with its members."""

    id: str
    kind: ConversationKind
    title: str
    members: tuple[Member, ...]
    unread: int
    last: LastMessage | None
    state: ConversationState
    peer: str | UnsetType = UNSET


class Message(Struct, frozen=True):
    """One line; a ``notice`` was written by the App itself and has no sender."""

    id: str
    conversation: str
    sender: str
    sender_name: str
    mine: bool
    text: str
    at: int
    state: MessageState
    kind: Literal["text", "notice"]


class SearchHit(Struct, frozen=True):
    """A message found by search; ``snippet`` is pairs of text and whether it matched."""

    id: str
    conversation: str
    sender: str
    sender_name: str
    mine: bool
    text: str
    at: int
    state: MessageState
    kind: Literal["text", "notice"]
    conversation_title: str
    snippet: tuple[tuple[str, bool], ...]


class Contact(Struct, frozen=True):
    """Someone this account wrote to or accepted; ``conversation`` is empty when there is none."""

    account: str
    name: str
    verified: bool
    state: ContactState
    conversation: str


class Request(Struct, frozen=True):
    """A stranger's wish to talk, or a group's; nothing of it was opened but the greeting."""

    id: str
    account: str
    name: str
    greeting: str
    at: int
    kind: Literal["contact", "group"]
    title: str | UnsetType = UNSET


class Invite(Struct, frozen=True):
    """A link that tells another App how to reach this account, and its QR code as SVG."""

    link: str
    qr_svg: str


class Device(Struct, frozen=True):
    """One device of this account; ``code`` only while it waits for approval."""

    id: str
    name: str
    this: bool
    state: DeviceState
    since: int
    code: str | UnsetType = UNSET


class Session(Struct, frozen=True):
    """One session of this account; ``device`` is empty where none of one's devices signed in."""

    id: str
    kind: SessionKind
    device: str
    this: bool
    began_at: int
    ends_at: int


class Pin(Struct, frozen=True):
    """Whether a PIN is set; the tries are counted whether it is or not."""

    is_set: bool
    tries_left: int
    retry_after_seconds: int


class Safety(Struct, frozen=True):
    """Sixty digits in twelve groups that two people compare, and the same as a QR code."""

    digits: tuple[str, ...]
    qr_svg: str
    verified: bool


class Gone(Struct, frozen=True):
    """The id of a conversation or request that is no more."""

    id: str


EventValue = Message | Conversation | Gone | Contact | Request | Device | State


class Event(Struct, frozen=True):
    """One change, sent to every open page: ``value`` has the shape of the listing it changes."""

    type: EventKind
    value: EventValue
