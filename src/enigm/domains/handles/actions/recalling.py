"""Keeps in memory what the store says of handles, until somebody is revoked or a key ends.

Here that is at once. Another process notices within a second, by a number that grows with every
revocation; and one that cannot look answers nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.domains.handles import rules, store
from enigm.domains.handles.model import Handle, Scope, SubjectId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database

# What another process revoked counts here after this long at most.
LOOK_SECONDS = 1
# Some 20 MB. More devices than this at once cost reading some of them anew.
RECALLED_MAX = 65_536
NONCE_BYTES = 12


@dataclass(slots=True)
class Recalled:
    """What was found under one revision; thrown away as a whole.

    Args:
        revision: the store's number for it.
        wrapped: every key as it is kept, to notice that one came or went.
        keys: the keys that have not ended.
        ends_at: when the first of them ends, in Unix seconds.
        looked_at: when that was last so.
        named: handles that were made, the present one first.
        subjects: who is known to be kept.
        revoked: which handles were looked up, and whether they are revoked.
    """

    revision: int
    wrapped: Mapping[Scope, bytes] = field(repr=False)
    keys: Mapping[Scope, bytes] = field(repr=False)
    ends_at: float
    looked_at: float
    named: dict[tuple[SubjectId, Scope], tuple[Handle, ...]] = field(
        default_factory=dict[tuple[SubjectId, Scope], tuple[Handle, ...]], repr=False
    )
    subjects: set[SubjectId] = field(default_factory=set[SubjectId], repr=False)
    revoked: dict[tuple[Scope, Handle], bool] = field(
        default_factory=dict[tuple[Scope, Handle], bool], repr=False
    )


class Recall:
    """Looks at the store once a second. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock, wrapping: AESGCM) -> None:
        """Keep the store, and what opens its keys."""
        self._database = database
        self._clock = clock
        self._wrapping = wrapping
        self._recalled: Recalled | None = None

    def look(self) -> Recalled:
        """Return what is known and still so; whoever adds to it adds to this very object.

        What is read before a revocation is thus never remembered after it.
        """
        found = self._recalled
        now = self._clock.monotonic_seconds()
        if (
            found is not None
            and now - found.looked_at < LOOK_SECONDS
            and self._clock.now_seconds() < found.ends_at
        ):
            return found
        with self._database.read() as connection:
            revision = store.revision_number(connection)
            wrapped = store.wrapped_keys(connection)
        if (
            found is None
            or (revision, wrapped) != (found.revision, found.wrapped)
            or self._clock.now_seconds() >= found.ends_at
            or _is_full(found)
        ):
            found = self._recalled = self._begun(revision, wrapped, now)
        found.looked_at = now
        return found

    def drop(self) -> None:
        """Forget everything, because somebody was just revoked or forgotten here."""
        self._recalled = None

    def unwrapped(self, scope: Scope, wrapped: bytes) -> bytes:
        """Return a scope's key."""
        nonce, content = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        return self._wrapping.decrypt(nonce, content, repr(scope).encode())

    def _begun(self, revision: int, wrapped: Mapping[Scope, bytes], now: float) -> Recalled:
        # Past its end a key is as good as destroyed, whether retention ran already or not.
        ends = {scope: rules.key_ends_at(scope) for scope in wrapped}
        live = [scope for scope, end in ends.items() if end > self._clock.now_seconds()]
        keys = {scope: self.unwrapped(scope, wrapped[scope]) for scope in live}
        ends_at = min((ends[scope] for scope in live), default=float("inf"))
        return Recalled(revision, wrapped, keys, ends_at, now)


def _is_full(found: Recalled) -> bool:
    return max(len(found.named), len(found.revoked), len(found.subjects)) >= RECALLED_MAX
