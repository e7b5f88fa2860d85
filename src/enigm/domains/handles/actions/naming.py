"""Give a device its handle for one purpose, and take handles back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enigm.domains.handles import rules, store
from enigm.domains.handles.errors import HandleExpiredError
from enigm.domains.handles.model import HANDLE_BYTES, Handle, Purpose, Scope, SubjectId

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

KEY_BYTES = 32
NONCE_BYTES = 12


class HandleAuthority:
    """Makes and revokes handles. Safe to share between threads."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the store and the key that wraps the epochs' keys."""
        self.database = database
        self.clock = clock
        self.entropy = entropy
        self._wrapping = AESGCM(keys.derive("handles", "epoch keys"))

    def scope(self, purpose: Purpose, tenant: str = "") -> Scope:
        """Return the scope that handles are made in now."""
        return Scope(purpose, tenant, rules.epoch_of(purpose, self.clock.now_seconds()))

    def epoch_ends_at(self, purpose: Purpose) -> int:
        """Return when the present handles of a purpose give way to others, in Unix seconds."""
        return rules.epoch_ends_at(self.scope(purpose))

    def handle(self, subject: SubjectId, purpose: Purpose, tenant: str = "") -> Handle:
        """Return a device's handle for a purpose in the current epoch."""
        scope = self.scope(purpose, tenant)
        with self.database.read() as connection:
            if store.is_subject(connection, subject) and store.wrapped_key(connection, scope):
                return rules.handle_for(self.key(connection, scope), scope, subject)
        with self.database.begin() as connection:
            store.keep_subject(connection, subject)
            return rules.handle_for(self._made_key(connection, scope), scope, subject)

    def live_handles(self, subject: SubjectId, purpose: Purpose, tenant: str = "") -> list[Handle]:
        """Return a device's handles of every epoch whose key still stands, newest first.

        What was tied to a handle before epochs turned is found under an older one.
        """
        newest = self.handle(subject, purpose, tenant)
        with self.database.read() as connection:
            scopes = [
                scope
                for scope in store.live_scopes(connection)
                if (scope.purpose, scope.tenant) == (purpose, tenant)
            ]
            found = [rules.handle_for(self.key(connection, each), each, subject) for each in scopes]
        return [newest, *(each for each in reversed(found) if each != newest)]

    def revoke(self, subject: SubjectId) -> None:
        """Revoke a device under every purpose whose key still stands."""
        with self.database.begin() as connection:
            for scope in store.live_scopes(connection):
                handle = rules.handle_for(self.key(connection, scope), scope, subject)
                store.keep_revoked(connection, scope, handle, rules.key_ends_at(scope))

    def revoke_handle(self, purpose: Purpose, handle: Handle) -> None:
        """Revoke one handle of the present epoch, by who knows no more than the handle."""
        scope = self.scope(purpose)
        with self.database.begin() as connection:
            store.keep_revoked(connection, scope, handle, rules.key_ends_at(scope))

    def forget(self, subject: SubjectId) -> None:
        """Forget a device whose account is deleted; its handles resolve to nobody."""
        with self.database.begin() as connection:
            store.forget_subject(connection, subject)

    def is_revoked(self, scope: Scope, handle: Handle) -> bool:
        """Say whether a handle was revoked."""
        with self.database.read() as connection:
            return store.is_revoked(connection, scope, handle)

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
        nonce, content = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        return self._wrapping.decrypt(nonce, content, repr(scope).encode())

    def _made_key(self, connection: sa.Connection, scope: Scope) -> bytes:
        if store.wrapped_key(connection, scope) is None:
            nonce = self.entropy.random_bytes(NONCE_BYTES)
            made = self.entropy.random_bytes(KEY_BYTES)
            wrapped = nonce + self._wrapping.encrypt(nonce, made, repr(scope).encode())
            store.keep_key(connection, scope, wrapped, rules.key_ends_at(scope))
        return self.key(connection, scope)
