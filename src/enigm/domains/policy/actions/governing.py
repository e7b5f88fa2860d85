"""Write, try, put in force and assign policies; a text is checked whenever it is read."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import msgspec

from enigm.crypto.errors import SignatureInvalidError
from enigm.crypto.signatures import Hybrid
from enigm.domains.policy import rules, store
from enigm.domains.policy.errors import PolicyUnknownError, PolicyUnverifiableError
from enigm.domains.policy.model import DryRun, Operation, PolicyVersion, Remembered
from enigm.domains.policy.rules import CompiledPolicy

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.policy.model import Decision
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.keyfile import Keys

SIGNATURE_CONTEXT = b"enigm policy v1"
# A version put in force by another process decides here after this long; between two looks a
# decision costs no disk and no signature check.
LOOK_SECONDS = 1
# Decisions are remembered for statistics, so they are written in batches and may be lost in a
# crash; the audit log keeps what must not be.
REMEMBERED_BATCH = 256
REMEMBER_SECONDS = 5
# Accounts seen within a second; beyond that the texts are looked up again.
TEXTS_MAX = 10_000
DEFAULT_NAME = "default"


class Policies:
    """The deployment's policies. Safe to share between threads."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        """Keep the store and the key that signs policies; the first start writes the default."""
        self._database = database
        self._clock = clock
        self._key = Hybrid.from_seed(keys.derive("policy", "signing key"))
        self._operations = {operation.word: operation for operation in Operation}
        self._texts: dict[bytes, tuple[float, str]] = {}
        self._remembered: list[Remembered] = []
        self._remembered_since = clock.monotonic_seconds()
        self._lock = threading.Lock()
        with database.begin() as connection:
            if store.version_in_force(connection, DEFAULT_NAME) is None:
                # Processes that start together write the same first version; one of them wins.
                store.begin_policy(connection, self._signed(DEFAULT_NAME, 1, rules.DEFAULT_POLICY))

    def stage(self, name: str, text: str) -> PolicyVersion:
        """Sign and keep a new version, which decides nothing yet; raises PolicyInvalidError."""
        rules.require_name(name)
        CompiledPolicy(text)
        with self._database.begin() as connection:
            staged = self._signed(name, store.newest_version(connection, name) + 1, text)
            store.keep_version(connection, staged)
        return staged

    def dry_run(self, name: str, version: int) -> DryRun:
        """Say what a version would have changed about the last month's decisions."""
        self.write_remembered()
        with self._database.read() as connection:
            policy = CompiledPolicy(self._verified(connection, name, version).text)
            past = [
                (self._operations[operation], msgspec.json.decode(context), allowed)
                for _at, operation, context, allowed in store.decisions(connection)
                if operation in self._operations
            ]
        return rules.dry_run(policy, past)

    def activate(self, name: str, version: int) -> None:
        """Let a version decide; raises PolicyUnknownError, PolicyUnverifiableError."""
        with self._database.begin() as connection:
            self._verified(connection, name, version)
            store.put_in_force(connection, name, version)
        self._forget_texts()

    def assign(self, handle: bytes, name: str) -> None:
        """Let a policy that is in force decide for a handle; raises PolicyUnknownError."""
        with self._database.begin() as connection:
            if store.version_in_force(connection, name) is None:
                raise PolicyUnknownError
            store.assign(connection, handle, name)
        self._forget_texts()

    def in_force(self, name: str) -> PolicyVersion:
        """Return the version that decides; raises PolicyUnknownError, PolicyUnverifiableError."""
        with self._database.read() as connection:
            version = store.version_in_force(connection, name)
            if version is None:
                raise PolicyUnknownError
            return self._verified(connection, name, version)

    def text_for(self, handle: bytes) -> str:
        """Return the text in force for a handle; raises PolicyUnknownError, …UnverifiableError."""
        now = self._clock.monotonic_seconds()
        looked_at, text = self._texts.get(handle, (-math.inf, ""))
        if now - looked_at >= LOOK_SECONDS:
            text = self._look_up(handle)
            with self._lock:
                if len(self._texts) >= TEXTS_MAX:
                    self._texts.clear()
                self._texts[handle] = (now, text)
        return text

    def remember(self, operation: Operation, context: bytes, decision: Decision) -> None:
        """Keep a decision's facts for dry runs: no handle, no name."""
        now = self._clock.now_seconds()
        with self._lock:
            self._remembered.append(Remembered(now, operation.word, context, decision.is_allowed))
            waited = self._clock.monotonic_seconds() - self._remembered_since
            is_due = len(self._remembered) >= REMEMBERED_BATCH or waited >= REMEMBER_SECONDS
        if is_due:
            self.write_remembered()

    def write_remembered(self) -> None:
        """Write what waits; also called when the service stops."""
        with self._lock:
            batch, self._remembered = self._remembered, []
            self._remembered_since = self._clock.monotonic_seconds()
        if batch:
            with self._database.begin() as connection:
                store.keep_decisions(connection, batch)

    def _signed(self, name: str, version: int, text: str) -> PolicyVersion:
        message = rules.signed_bytes(name, version, text)
        signature = Hybrid.sign(self._key.private, message, SIGNATURE_CONTEXT)
        return PolicyVersion(name, version, text, signature)

    def _forget_texts(self) -> None:
        with self._lock:
            self._texts.clear()

    def _look_up(self, handle: bytes) -> str:
        with self._database.read() as connection:
            name = store.assigned(connection, handle) if handle else None
        return self.in_force(name or DEFAULT_NAME).text

    def _verified(self, connection: sa.Connection, name: str, version: int) -> PolicyVersion:
        found = store.find_version(connection, name, version)
        if found is None:
            raise PolicyUnknownError
        message = rules.signed_bytes(found.name, found.version, found.text)
        try:
            Hybrid.verify(self._key.public, message, found.signature, SIGNATURE_CONTEXT)
        except SignatureInvalidError as error:
            raise PolicyUnverifiableError from error
        return found
