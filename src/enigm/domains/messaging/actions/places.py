"""Makes and erases places, and spends tokens; each deed runs in its caller's transaction."""

from __future__ import annotations

import hashlib
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from enigm.domains.messaging import rules, store
from enigm.domains.messaging.actions.append import Admit
from enigm.domains.messaging.errors import NameTakenError, PlaceUnknownError, TokenSpentError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.messaging.model import Place, PlaceName
    from enigm.domains.messaging.needs import Admission

# What was spent is remembered in half a SHA-256: two tokens that share it would have to be made.
SPENT_HASH_BYTES: Final = 16


def verify_admission(admission: Admission, token: bytes, purpose: bytes, use: bytes) -> Admit:
    """Check a one-use token and bind it to one use of one purpose; raises a Refusal."""
    token_input = admission.redeem(token)
    bound = len(purpose).to_bytes(2, "big") + purpose + use
    return Admit(_half_hash(token_input), _half_hash(bound))


def _half_hash(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()[:SPENT_HASH_BYTES]


def spend(connection: sa.Connection, admitted: Admit) -> int:
    """Mark a token as spent; the same use may be repeated. Raises TokenSpentError."""
    if not store.spend(connection, admitted.token_hash, admitted.bound_to):
        raise TokenSpentError
    return 0


def create_place(
    connection: sa.Connection,
    name: PlaceName,
    token_hash: bytes,
    admitted: Admit,
    now_seconds: int,
) -> int:
    """Make an empty place; its creator may repeat that. Raises NameTaken, TokenSpentError."""
    existing = store.lock_places(connection, [name]).get(name)
    if existing is None:
        spend(connection, admitted)
        if store.add_place(connection, name, token_hash, rules.day_of(now_seconds)):
            return 0
        # Another process made it between the look and the insert.
        existing = store.lock_places(connection, [name]).get(name)
    if existing is None or not compare_digest(existing.token_hash, token_hash):
        raise NameTakenError
    return 0


def clear_place(
    connection: sa.Connection, name: PlaceName, presented_hash: bytes, up_to_seq: int
) -> int:
    """Erase a place's first records for whoever may read it; raises PlaceUnknownError."""
    place = _locked_for_owner(connection, name, presented_hash)
    store.delete_records(connection, place.number, min(up_to_seq, place.last_seq))
    return 0


def delete_place(connection: sa.Connection, name: PlaceName, presented_hash: bytes) -> int:
    """Erase a place and all it holds, for whoever may read it; raises PlaceUnknownError."""
    place = _locked_for_owner(connection, name, presented_hash)
    store.delete_place(connection, place.number)
    return 0


def touch_place(connection: sa.Connection, name: PlaceName, now_seconds: int) -> int:
    """Note that a place was used today, so that it is not forgotten."""
    store.touch_place(connection, name, rules.day_of(now_seconds))
    return 0


def _locked_for_owner(connection: sa.Connection, name: PlaceName, presented_hash: bytes) -> Place:
    place = store.lock_places(connection, [name]).get(name)
    if place is None or not compare_digest(place.token_hash, presented_hash):
        raise PlaceUnknownError
    return place
