"""Record a decision before it takes effect, and read what may still be read."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import SQLAlchemyError

from enigm.domains.audit import rules, store
from enigm.domains.audit.errors import (
    AuditRewrittenError,
    AuditRoleError,
    AuditUnavailableError,
)
from enigm.domains.audit.model import (
    Act,
    Category,
    Decision,
    OpenedRecord,
    Record,
    Role,
    SealedRecord,
)
from enigm.foundation.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

AEAD_NONCE_BYTES = 12
KEY_BYTES = 32
# One reading shows a page; the reader asks again for the next.
READ_RECORDS_MAX = 500


@dataclass(slots=True)
class _Waiting:
    """Records that one caller wants durable, and where it waits for their numbers."""

    records: Sequence[Record]
    numbers: Future[list[int]] = field(default_factory=Future[list[int]])


class AuditLog:
    """The service's one audit log. Safe to share between threads."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the store, and the key that wraps the keys of categories and months."""
        self._database = database
        self._wrapping = AESGCM(keys.derive("audit", "payload keys"))
        self._clock = clock
        self._entropy = entropy
        self._gathering = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[_Waiting] = []

    def record(self, *records: Record) -> list[int]:
        """Return the records' numbers once they are durable; callers at once share one commit.

        Raises:
            AuditUnavailableError: nothing was recorded; the operation must not go on.
        """
        mine = _Waiting(records)
        with self._gathering:
            self._waiting.append(mine)
        # Whoever holds the lock writes for all who queued behind it meanwhile.
        with self._writing:
            if not mine.numbers.done():
                with self._gathering:
                    batch, self._waiting = self._waiting, []
                self._write(batch)
        return mine.numbers.result()

    def read(self, role: Role, category: Category, start: int, reader: bytes) -> list[OpenedRecord]:
        """Return a category's records among the next 500 from a number on; reading is recorded.

        Records whose key was destroyed are left out: their commitments stay in the log.

        Raises:
            AuditRoleError: the role does not read this category; the attempt is recorded.
            AuditUnavailableError: the reading could not be recorded, so nothing is shown.
        """
        try:
            rules.require_reader(role, category)
        except AuditRoleError:
            self.record(
                Record(Act.RECORDS_READ, role, Decision.DENIED, reader, reason="audit.role")
            )
            raise
        self.record(Record(Act.RECORDS_READ, role, Decision.ALLOWED, reader))
        with self._database.read() as connection:
            end = start + READ_RECORDS_MAX
            found = list(store.records_between(connection, start, end))
            opened = [self._open(connection, each) for each in found if each.category == category]
        return [each for each in opened if each is not None]

    def sealed(self, start: int, end: int) -> list[SealedRecord]:
        """Return entries in order, as anybody may have them.

        Raises:
            AuditRewrittenError: one of them is gone from the store.
        """
        with self._database.read() as connection:
            found = list(store.records_between(connection, start, end))
        if len(found) != end - start:
            raise AuditRewrittenError
        return found

    @property
    def size(self) -> int:
        """How many records the log has."""
        with self._database.read() as connection:
            return store.size(connection)

    @property
    def policy_version(self) -> int:
        """The newest policy version that any record named, 0 where none did."""
        with self._database.read() as connection:
            return store.policy_version(connection)

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            with self._database.begin() as connection:
                numbers = self._append(connection, [one for each in batch for one in each.records])
        except (UnavailableError, SQLAlchemyError) as error:
            for each in batch:
                each.numbers.set_exception(AuditUnavailableError(trace=str(error)))
            return
        for each in batch:
            mine, numbers = numbers[: len(each.records)], numbers[len(each.records) :]
            each.numbers.set_result(mine)

    def _append(self, connection: sa.Connection, records: Sequence[Record]) -> list[int]:
        now = self._clock.now_seconds()
        period = rules.period_of(now)
        first = store.reserve_numbers(connection, len(records))
        keys = {
            category: self._key(connection, category, period)
            for category in {record.act.category for record in records}
        }
        sealed = [
            self._seal(number, period, keys[record.act.category], record, now)
            for number, record in enumerate(records, first)
        ]
        ends = [rules.ends_at(each.category, each.period) for each in sealed]
        store.insert(connection, sealed, ends)
        store.keep_policy_version(connection, max(each.policy_version for each in records))
        return [each.number for each in sealed]

    def _seal(
        self, number: int, period: int, cipher: AESGCM, record: Record, now_seconds: int
    ) -> SealedRecord:
        payload = rules.payload_of(record, now_seconds)
        nonce = self._entropy.random_bytes(rules.NONCE_BYTES)
        committed = rules.commitment(nonce, payload)
        aead_nonce = self._entropy.random_bytes(AEAD_NONCE_BYTES)
        content = aead_nonce + cipher.encrypt(aead_nonce, nonce + payload, committed)
        return SealedRecord(number, record.act.category, period, committed, content)

    def _open(self, connection: sa.Connection, sealed: SealedRecord) -> OpenedRecord | None:
        wrapped = store.wrapped_key(connection, sealed.category, sealed.period)
        if wrapped is None or sealed.payload is None:
            return None
        cipher = self._unwrap(wrapped, sealed.category, sealed.period)
        aead_nonce, content = sealed.payload[:AEAD_NONCE_BYTES], sealed.payload[AEAD_NONCE_BYTES:]
        plain = cipher.decrypt(aead_nonce, content, sealed.commitment)
        nonce, payload = plain[: rules.NONCE_BYTES], plain[rules.NONCE_BYTES :]
        return OpenedRecord(sealed.number, nonce, payload)

    def _key(self, connection: sa.Connection, category: Category, period: int) -> AESGCM:
        wrapped = store.wrapped_key(connection, category, period)
        if wrapped is None:
            made = self._wrap(self._entropy.random_bytes(KEY_BYTES), category, period)
            store.keep_key(connection, category, period, made, rules.ends_at(category, period))
            wrapped = store.wrapped_key(connection, category, period) or made
        return self._unwrap(wrapped, category, period)

    def _wrap(self, key: bytes, category: Category, period: int) -> bytes:
        nonce = self._entropy.random_bytes(AEAD_NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, _key_name(category, period))

    def _unwrap(self, wrapped: bytes, category: Category, period: int) -> AESGCM:
        nonce, content = wrapped[:AEAD_NONCE_BYTES], wrapped[AEAD_NONCE_BYTES:]
        try:
            return AESGCM(self._wrapping.decrypt(nonce, content, _key_name(category, period)))
        except InvalidTag as error:
            raise AuditUnavailableError(trace="a payload key does not unwrap") from error


def _key_name(category: Category, period: int) -> bytes:
    return b"audit payload key" + bytes([category]) + period.to_bytes(4, "big")
