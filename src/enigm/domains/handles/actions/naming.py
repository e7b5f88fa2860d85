"""Give a device its handle for one purpose, and take handles back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enigm.domains.handles import rules, store
from enigm.domains.handles.actions.recalling import NONCE_BYTES, Recall, Recalled
from enigm.domains.handles.errors import HandleExpiredError
from enigm.domains.handles.model import HANDLE_BYTES, Handle, Purpose, Scope, SubjectId

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

KEY_BYTES = 32


class HandleAuthority:
    """Makes and revokes handles. Safe to share between threads."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the store and the key that wraps the epochs' keys."""
        self.database = database
        self.clock = clock
        self.entropy = entropy
        self._wrapping = AESGCM(keys.derive("handles", "epoch keys"))
        self._recall = Recall(database, clock, self._wrapping)

    def scope(self, purpose: Purpose, tenant: str = "") -> Scope:
        """Return the scope that handles are made in now."""
        return Scope(purpose, tenant, rules.epoch_of(purpose, self.clock.now_seconds()))

    def epoch_ends_at(self, purpose: Purpose) -> int:
        """Return when the present handles of a purpose give way to others, in Unix seconds."""
        return rules.epoch_ends_at(self.scope(purpose))

    def handle(self, subject: SubjectId, purpose: Purpose, tenant: str = "") -> Handle:
        """Return a device's handle for a purpose in the current epoch."""
        return self._named(subject, purpose, tenant)[0]

    def live_handles(self, subject: SubjectId, purpose: Purpose, tenant: str = "") -> list[Handle]:
        """Return a device's handles of every epoch whose key still stands, newest first.

        What was tied to a handle before epochs turned is found under an older one.
        """
        return list(self._named(subject, purpose, tenant))

    def _named(self, subject: SubjectId, purpose: Purpose, tenant: str) -> tuple[Handle, ...]:
        scope = self.scope(purpose, tenant)
        recalled = self._recall.look()
        made = recalled.named.get((subject, scope))
        if made is None:
            recalled = self._kept(recalled, subject, scope)
            older = [
                each
                for each in reversed([*recalled.keys])
                if (each.purpose, each.tenant) == (purpose, tenant) and each != scope
            ]
            made = tuple(
                rules.handle_for(recalled.keys[each], each, subject) for each in (scope, *older)
            )
            recalled.named[subject, scope] = made
        return made

    def _kept(self, recalled: Recalled, subject: SubjectId, scope: Scope) -> Recalled:
        """Return what is known once the subject and the scope's key are in the store."""
        if scope in recalled.keys and subject in recalled.subjects:
            return recalled
        with self.database.read() as connection:
            is_kept = scope in recalled.keys and store.is_subject(connection, subject)
        if not is_kept:
            with self.database.begin() as connection:
                store.keep_subject(connection, subject)
                self._make_key(connection, scope)
            if scope not in recalled.keys:
                self._recall.drop()
                recalled = self._recall.look()
        recalled.subjects.add(subject)
        return recalled

    def revoke(self, subject: SubjectId) -> None:
        """Revoke a device under every purpose whose key still stands."""
        with self.database.begin() as connection:
            for scope, wrapped in store.wrapped_keys(connection).items():
                handle = rules.handle_for(self._recall.unwrapped(scope, wrapped), scope, subject)
                store.keep_revoked(connection, scope, handle, rules.key_ends_at(scope))
            store.grow_revision(connection)
        self._recall.drop()

    def revoke_handle(self, purpose: Purpose, handle: Handle) -> None:
        """Revoke one handle of the present epoch, by who knows no more than the handle."""
        scope = self.scope(purpose)
        with self.database.begin() as connection:
            store.keep_revoked(connection, scope, handle, rules.key_ends_at(scope))
            store.grow_revision(connection)
        self._recall.drop()

    def forget(self, subject: SubjectId) -> None:
        """Forget a device whose account is deleted; its handles resolve to nobody."""
        with self.database.begin() as connection:
            store.forget_subject(connection, subject)
            store.grow_revision(connection)
        self._recall.drop()

    def is_revoked(self, scope: Scope, handle: Handle) -> bool:
        """Say whether a handle was revoked."""
        recalled = self._recall.look()
        found = recalled.revoked.get((scope, handle))
        if found is None:
            with self.database.read() as connection:
                found = store.is_revoked(connection, scope, handle)
            recalled.revoked[scope, handle] = found
        return found

    def revocation_list(self, scope: Scope) -> list[Handle]:
        """Return what one purpose is told: its revoked handles among random ones, sorted.

        A list's length is a multiple of 64 and the order is the handles' own, so that two
        purposes' lists share neither values, nor order, nor an exact number.
        """
        with self.database.read() as connection:
            known = store.revoked_in(connection, scope)
        hiding = (
            Handle(self.entropy.random_bytes(HANDLE_BYTES))
            for _ in range(rules.padding_count(known))
        )
        return sorted([*known, *hiding])

    def key(self, connection: sa.Connection, scope: Scope) -> bytes:
        """Return the key of a scope; raises HandleExpiredError once it is destroyed."""
        wrapped = store.wrapped_key(connection, scope)
        if wrapped is None:
            raise HandleExpiredError
        return self._recall.unwrapped(scope, wrapped)

    def _make_key(self, connection: sa.Connection, scope: Scope) -> None:
        if store.wrapped_key(connection, scope) is None:
            nonce = self.entropy.random_bytes(NONCE_BYTES)
            made = self.entropy.random_bytes(KEY_BYTES)
            wrapped = nonce + self._wrapping.encrypt(nonce, made, repr(scope).encode())
            store.keep_key(connection, scope, wrapped, rules.key_ends_at(scope))
