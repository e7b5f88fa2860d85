"""Record a decision before it takes effect, and read what may still be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import SQLAlchemyError

from enigm.domains.audit import rules, store
from enigm.domains.audit.actions.sharing import SharedWrite
from enigm.domains.audit.errors import (
    AuditRewrittenError,
    AuditRoleError,
    AuditUnavailableError,
)
from enigm.domains.audit.model import (
    TRADE_ACTS,
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
    import sqlalchemy as sa

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

AEAD_NONCE_BYTES = 12
KEY_BYTES = 32
# One reading shows a page; the reader asks again for the next.
READ_RECORDS_MAX = 500


class _Prepared(NamedTuple):
    """A record as it will be sealed, and the period whose key seals it."""

    record: Record
    payload: bytes
    period: int


class AuditLog:
    """The service's one audit log. Safe to share between threads."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the store, and the key that wraps the keys of categories and months."""
        self._database = database
        self._wrapping = AESGCM(keys.derive("audit", "payload keys"))
        self._clock = clock
        self._entropy = entropy
        self._shared = SharedWrite(self._write)
        # Keys of the present period. It ends long before they are destroyed.
        self._ciphers: dict[tuple[Category, int], AESGCM] = {}

    def record(self, *records: Record) -> list[int]:
        """Return the records' numbers once they are durable; callers at once share one commit.

        Raises:
            AuditUnavailableError: nothing was recorded; the operation must not go on.
        """
        now = self._clock.now_seconds()
        period = rules.period_of(now)
        return self._shared.write(
            [_Prepared(each, rules.payload_of(each, now), period) for each in records]
        )

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

    @staticmethod
    def readable(role: Role) -> frozenset[Category]:
        """Return which categories a role reads."""
        return rules.READABLE.get(role, frozenset())

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

    @property
    def trade_version(self) -> int:
        """The newest change of a shop's catalogue or rules that was recorded, 0 where none was."""
        with self._database.read() as connection:
            return store.trade_version(connection)

    def _write(self, batch: list[_Prepared]) -> list[int]:
        known = self._ciphers
        try:
            with self._database.begin() as connection:
                return self._append(connection, batch)
        except (UnavailableError, SQLAlchemyError) as error:
            # A key made in a transaction that failed is on no disk.
            self._ciphers = known
            raise AuditUnavailableError(trace=str(error)) from error

    def _append(self, connection: sa.Connection, batch: list[_Prepared]) -> list[int]:
        first = store.reserve_numbers(connection, len(batch))
        sealed = [
            self._seal(number, self._cipher(connection, each), each)
            for number, each in enumerate(batch, first)
        ]
        ends = [rules.ends_at(each.category, each.period) for each in sealed]
        store.insert(connection, sealed, ends)
        trade, policy = _newest(batch)
        store.keep_policy_version(connection, policy)
        if trade:
            store.keep_trade_version(connection, trade)
        return [each.number for each in sealed]

    def _seal(self, number: int, cipher: AESGCM, prepared: _Prepared) -> SealedRecord:
        nonce = self._entropy.random_bytes(rules.NONCE_BYTES)
        committed = rules.commitment(nonce, prepared.payload)
        aead_nonce = self._entropy.random_bytes(AEAD_NONCE_BYTES)
        content = aead_nonce + cipher.encrypt(aead_nonce, nonce + prepared.payload, committed)
        category = prepared.record.act.category
        return SealedRecord(number, category, prepared.period, committed, content)

    def _cipher(self, connection: sa.Connection, prepared: _Prepared) -> AESGCM:
        name = prepared.record.act.category, prepared.period
        if name not in self._ciphers:
            made = self._key(connection, *name)
            kept = {each: self._ciphers[each] for each in self._ciphers if each[1] == name[1]}
            self._ciphers = {**kept, name: made}
        return self._ciphers[name]

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


def _newest(batch: list[_Prepared]) -> tuple[int, int]:
    """Return the newest number of a shop's rules, and of policies, that records name."""
    numbers = [(each.record.act in TRADE_ACTS, each.record.policy_version) for each in batch]
    trade = max((number for is_trade, number in numbers if is_trade), default=0)
    return trade, max((number for is_trade, number in numbers if not is_trade), default=0)


def _key_name(category: Category, period: int) -> bytes:
    return b"audit payload key" + bytes([category]) + period.to_bytes(4, "big")
