"""What travels inside an MLS message: versioned, strict, small; and the policy of a group."""

from __future__ import annotations

from typing import Literal

import msgspec

from enigm.app.errors import InvalidTextError, MalformedContentError

# Longer texts are documents: they travel as attachments.
TEXT_BYTES_MAX = 64 * 1024
TITLE_CHARACTERS_MAX = 80
GREETING_CHARACTERS_MAX = 500
# Persian words and pictures of families need them; whatever turns the direction stays refused.
_JOINERS = {ord(each): None for each in "\u200c\u200d"}
# A text, its frame and its receipts fit well below one frame of the wire.
ENVELOPE_BYTES_MAX = TEXT_BYTES_MAX + 4096
MESSAGE_ID_BYTES = 16
LOG_HEAD_BYTES = 16
ADMINS_MAX = 64
POLICY_BYTES_MAX = 8192
NAME_CHARACTERS_MAX = 32

_VERSION = 1


class _Content(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """One kind of content; its class sets the word on the wire."""


class Text(_Content, frozen=True, tag="text"):
    """Words from one person to the others."""

    text: str


class Receipt(_Content, frozen=True, tag="receipt"):
    """Everything up to and with these messages arrived, and was read; empty for nothing new."""

    delivered: bytes
    read: bytes


class Hello(_Content, frozen=True, tag="hello"):
    """A device's account has joined, and goes by this user name, which the others may check."""

    name: str


class Leave(_Content, frozen=True, tag="leave"):
    """The sender's account asks the others to remove it."""


Content = Text | Receipt | Hello | Leave


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A content with what every message carries.

    ``seen_seq`` and ``seen_head`` say how the log looked to the sender: a service that shows
    members different histories is found out by the first message that gets through.
    """

    version: int
    id: bytes
    at: int
    seen_seq: int
    seen_head: bytes
    content: Content


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all members of a group agree on, authenticated by the group context.

    ``admins`` are fingerprints; a group without any is governed by all its members.
    """

    version: int
    kind: Literal["direct", "group"]
    title: str
    admins: tuple[bytes, ...]

    def is_admin(self, fingerprint: bytes) -> bool:
        """Tell whether this account may change the membership and the title."""
        return not self.admins or fingerprint in self.admins


_envelopes = msgspec.msgpack.Decoder(Envelope)
_policies = msgspec.msgpack.Decoder(Policy)


def seal_envelope(envelope: Envelope) -> bytes:
    """Return the bytes to encrypt."""
    return msgspec.msgpack.encode(envelope)


def envelope_of(message_id: bytes, at: int, content: Content) -> Envelope:
    """Wrap a content; what was seen of the log is filled in when it is encrypted."""
    return Envelope(_VERSION, message_id, at, 0, b"", content)


def open_envelope(octets: bytes) -> Envelope:
    """Parse decrypted bytes; raises MalformedContentError."""
    if len(octets) > ENVELOPE_BYTES_MAX:
        raise MalformedContentError
    try:
        envelope = _envelopes.decode(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedContentError from error
    if envelope.version != _VERSION or len(envelope.id) != MESSAGE_ID_BYTES:
        raise MalformedContentError
    if not 0 <= envelope.at < 1 << 40 or not 0 <= envelope.seen_seq < 1 << 63:
        raise MalformedContentError
    return envelope


def check_text(text: str) -> str:
    """Return a text that may be sent; raises InvalidTextError."""
    try:
        length = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InvalidTextError("The text holds characters that no text may hold.") from error
    if not text.strip():
        raise InvalidTextError("A message needs some text.")
    if length > TEXT_BYTES_MAX:
        raise InvalidTextError(f"A message holds at most {TEXT_BYTES_MAX // 1024} KiB of text.")
    return text


def check_title(title: str) -> str:
    """Return a group's title; raises InvalidTextError."""
    cleaned = " ".join(check_text(title).split())
    if not cleaned.translate(_JOINERS).isprintable():
        raise InvalidTextError("A title holds letters, digits and signs that can be shown.")
    if len(cleaned) > TITLE_CHARACTERS_MAX:
        raise InvalidTextError(f"A title has at most {TITLE_CHARACTERS_MAX} characters.")
    return cleaned


def check_greeting(greeting: str) -> str:
    """Return a greeting, which may be empty; raises InvalidTextError."""
    if greeting.strip():
        check_text(greeting)
    if len(greeting) > GREETING_CHARACTERS_MAX:
        raise InvalidTextError(f"A greeting has at most {GREETING_CHARACTERS_MAX} characters.")
    return greeting.strip()


def direct_policy() -> bytes:
    """Return the policy of a conversation between two accounts."""
    return msgspec.msgpack.encode(Policy(_VERSION, "direct", "", ()))


def group_policy(title: str, admins: tuple[bytes, ...]) -> bytes:
    """Return the policy of a group."""
    return msgspec.msgpack.encode(Policy(_VERSION, "group", title, admins))


def read_policy(octets: bytes | None) -> Policy:
    """Parse a group's policy; raises MalformedContentError."""
    if octets is None or len(octets) > POLICY_BYTES_MAX:
        raise MalformedContentError
    try:
        policy = _policies.decode(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedContentError from error
    is_sound = (
        policy.version == _VERSION
        and len(policy.title) <= TITLE_CHARACTERS_MAX
        and policy.title.translate(_JOINERS).isprintable()
        and len(policy.admins) <= ADMINS_MAX
    )
    if not is_sound:
        raise MalformedContentError
    return policy
