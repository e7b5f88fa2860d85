"""Invite links: how an App finds an account, and knows that it found the right one."""

from __future__ import annotations

import msgspec

from enigm.app.errors import InvalidInviteError
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Refusal
from enigm.wire import user_name
from enigm.wire.device_chain import FINGERPRINT_BYTES, Fingerprint

SCHEME = "enigm:invite#"
# A version, 32 bytes, a name and 32 bytes: no honest link is longer.
LINK_CHARACTERS_MAX = 512

_VERSION = 1


class Invitation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the part after ``#`` holds, as msgpack. Browsers never send that part to anyone."""

    version: int
    fingerprint: bytes
    username: str
    card_key: bytes


def write_link(invitation: Invitation) -> str:
    """Return the link."""
    return SCHEME + base64url_encode(msgspec.msgpack.encode(invitation))


def invitation_of(username: str, fingerprint: bytes, card_key: bytes) -> Invitation:
    """Put together this version's invitation."""
    return Invitation(_VERSION, Fingerprint(fingerprint), username, card_key)


def read_link(text: str) -> Invitation:
    """Parse a link; raises InvalidInviteError. What it claims is checked when it is used."""
    cleaned = text.strip()
    if not cleaned.startswith(SCHEME) or len(cleaned) > LINK_CHARACTERS_MAX:
        raise InvalidInviteError
    try:
        octets = base64url_decode(cleaned.removeprefix(SCHEME))
        invitation = msgspec.msgpack.decode(octets, type=Invitation)
        name = user_name.normalise(invitation.username)
    except (Refusal, msgspec.MsgspecError) as error:
        raise InvalidInviteError from error
    is_sound = (
        invitation.version == _VERSION
        and len(invitation.fingerprint) == FINGERPRINT_BYTES
        and len(invitation.card_key) == user_name.CARD_KEY_BYTES
        and name == invitation.username
    )
    if not is_sound:
        raise InvalidInviteError
    return invitation
