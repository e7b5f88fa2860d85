"""Keys that make codes: one for each value and quarter, listed in public before they are used."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

from enigm.crypto.codes import CodeIssuer, printed_tag
from enigm.crypto.signatures import Ed25519
from enigm.domains.commerce.actions.premises import SECONDS_PER_DAY
from enigm.domains.commerce.errors import (
    CodeEndedError,
    CodeKeyStateError,
    CodeKeyUnknownError,
    CodeRequestError,
)
from enigm.domains.commerce.model import Currency
from enigm.domains.commerce.model.codes import (
    DENOMINATIONS_CENTS,
    CodeKey,
    CodeTotals,
    KeyKind,
    KeyState,
    PrintedBatch,
    Signed,
)
from enigm.domains.commerce.model.ledger import Entry, LedgerAccount, Posting
from enigm.domains.commerce.rules import codes as rules
from enigm.domains.commerce.store import codes as store
from enigm.domains.commerce.store import ledger as ledger_store
from enigm.domains.commerce.store.codes import KeyRow
from enigm.wire import signed_chain
from enigm.wire.code_coin import (
    KEY_NUMBER_MAX,
    Code,
    CodeKind,
    KeyNumber,
    nonce_bytes,
    write_code,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.bookkeeping import Books
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.model.codes import Wanted
    from enigm.foundation.keyfile import Keys
    from enigm.wire.signed_chain import ChainLine

_SEED_BYTES: Final = 32
# What was spent is remembered a while beyond the key's end, in case clocks disagree.
SPENT_GRACE_SECONDS: Final = 30 * SECONDS_PER_DAY
# A batch fits one press run, and one minute of making it.
PRINTED_MAX: Final = 10_000
_PRINTED_NONCE_BITS: Final = 50
_LISTS: Final = {"keys": rules.KEY_LIST, "totals": rules.TOTALS_LIST}


class Mint:
    """Makes keys and lets them sign. Safe to share between threads and processes."""

    def __init__(self, premises: Premises, books: Books, keys: Keys) -> None:
        """Derive the key that signs both public lists."""
        self._premises = premises
        self._books = books
        signing = Ed25519.from_seed(keys.derive("commerce", "code lists"))
        self._signing = signing.private
        self.public_key = signing.public
        self._issuers: dict[int, tuple[CodeKey, CodeIssuer]] = {}
        self._values: tuple[str, dict[KeyNumber, int]] = ("", {})
        self._lock = Lock()

    def ready(self) -> list[CodeKey]:
        """Return this quarter's keys, making and listing those that are missing."""
        epoch, ends = rules.quarter_of(self._premises.now)
        with self._premises.database.read() as connection:
            ready = _of_epoch(connection, epoch)
        if len(ready) == len(DENOMINATIONS_CENTS):
            return ready
        # Another process may make them at this moment: then this transaction undoes itself.
        with suppress(CodeKeyStateError), self._premises.database.begin() as connection:
            known = {key.value_cents for key in _of_epoch(connection, epoch)}
            for value in DENOMINATIONS_CENTS:
                if value not in known:
                    self._add(connection, KeyKind.BLIND, value, epoch, ends)
        with self._premises.database.read() as connection:
            return _of_epoch(connection, epoch)

    def published(self, name: str) -> list[ChainLine]:
        """Return a public list: ``keys`` or ``totals``."""
        with self._premises.database.read() as connection:
            return store.lines(connection, name)

    def totals(self) -> CodeTotals:
        """Add up all codes, beside what the books owe for them, at one moment."""
        with self._premises.database.read() as connection:
            return self._totals(connection)

    def values(self) -> Mapping[KeyNumber, int]:
        """Return what this quarter's keys are worth in cents; that never changes."""
        epoch, _ = rules.quarter_of(self._premises.now)
        known, values = self._values
        if known == epoch:
            return values
        values = {key.number: key.value_cents for key in self.ready()}
        if len(values) == len(DENOMINATIONS_CENTS):
            self._values = epoch, values
        return values

    def sign(self, connection: sa.Connection, wanted: Sequence[Wanted]) -> list[Signed]:
        """Sign blinded nonces and count them, in the transaction that pays for them.

        Raises:
            CodeRequestError: a key makes no codes any more, or an element is malformed.
        """
        self.count(connection, wanted)
        return [self._signed(each, self._blind(each.key, connection)) for each in wanted]

    def presign(self, wanted: Sequence[Wanted]) -> list[Signed]:
        """Sign before the transaction that pays for it, and keep it: ``count`` lets it be told.

        Only for whoever has shown a code of ours: it is work that may turn out to be for nothing.

        Raises:
            CodeRequestError: as ``sign``.
        """
        return [self._signed(each, self._blind(each.key)) for each in wanted]

    def count(
        self, connection: sa.Connection, wanted: Sequence[Wanted], spent: CodeKey | None = None
    ) -> None:
        """Count what is signed, and a code that is spent; last in a transaction.

        Whoever counts after us waits for our commit. So it comes last, and keys are taken in one
        order: two who took them in opposite orders would wait for each other.

        Raises:
            CodeRequestError: a key makes no codes any more.
            CodeEndedError: the codes of the key cannot be spent.
        """
        now = self._premises.now
        issued = {each.key: len(each.blinded) for each in wanted}
        numbers = {*issued} if spent is None else {*issued, spent.number}
        for number in sorted(numbers):
            more = issued.get(number)
            if more and not store.count_issued(connection, number, more, now):
                raise CodeRequestError
            is_spent = spent is not None and spent.number == number
            if is_spent and not store.count_redeemed(connection, number, now):
                raise CodeEndedError

    def expected_tag(self, code: Code) -> tuple[CodeKey, int] | None:
        """Return the key of a code and the tag that it should have; None without such a key.

        The key's state and counts may be of earlier: ``count`` has the last word.
        """
        if code.kind is CodeKind.BLIND:
            blind = self._blind(code.key)
            return None if blind is None else (blind[0], blind[1].tag(code.nonce))
        row = self._row(code.key)
        if row is None or row.seed is None or row.key.kind is not KeyKind.PRINTED:
            return None
        return row.key, printed_tag(self._seed(row), code.nonce)

    def print_batch(self, value_cents: int, count: int) -> PrintedBatch:
        """Make a batch of codes to be printed; nothing of them is kept but the batch's key.

        Raises:
            CodeRequestError: no such value, or too many.
        """
        if value_cents not in DENOMINATIONS_CENTS or not 1 <= count <= PRINTED_MAX:
            raise CodeRequestError
        _, ends = rules.quarter_of(self._premises.now)
        with self._premises.database.begin() as connection:
            name = f"B{store.highest_number(connection) + 1}"
            row = self._add(connection, KeyKind.PRINTED, value_cents, name, ends, count)
        seed = self._seed(row)
        return PrintedBatch(row.key, tuple(self._printed(row.key, seed) for _ in range(count)))

    def sell_batch(self, number: int) -> CodeKey:
        """Let a printed batch's codes be worth something: a reseller owes their price.

        Raises:
            CodeKeyUnknownError: no such batch.
            CodeKeyStateError: it was sold, or made void.
        """
        with self._premises.database.begin() as connection:
            key = self._batch(connection, number)
            if key.state is not KeyState.INACTIVE:
                raise CodeKeyStateError
            values = {"state": KeyState.ACTIVE, "issued": key.printed}
            store.set_key(connection, number, values)
            worth = key.printed * key.value_cents
            self._post(connection, f"batch {number}", "codes", LedgerAccount.RESELLERS, worth)
        return self._found(number)

    def void(self, number: int) -> CodeKey:
        """End a key for good; what its codes were worth is owed to whoever shows a receipt.

        Raises:
            CodeKeyUnknownError, CodeKeyStateError.
        """
        return self._end(number, KeyState.VOID, LedgerAccount.UNCLAIMED)

    def lapse_due(self) -> int:
        """End keys whose time is over; return how many."""
        now = self._premises.now
        with self._premises.database.read() as connection:
            due = [
                row.key.number
                for row in store.keys(connection)
                if row.key.redeem_until <= now
                and row.key.state in (KeyState.ACTIVE, KeyState.INACTIVE)
            ]
        for number in due:
            self._end(number, KeyState.LAPSED, LedgerAccount.LAPSED)
        return len(due)

    def publish_totals(self) -> bool:
        """Publish yesterday's totals, signed, unless they are; say whether it was done."""
        day = datetime.fromtimestamp(self._premises.today_at - 1, UTC).date().isoformat()
        with self._premises.database.begin() as connection:
            known = store.lines(connection, "totals")
            if known and known[-1].text.startswith(f"day {day} "):
                return False
            totals = self._totals(connection)
            line = rules.totals_line(day, totals.keys, totals.liability_cents)
            return self._publish(connection, "totals", line)

    def run_chores(self) -> None:
        """Do what a day brings: new keys, old keys, totals."""
        self.ready()
        self.lapse_due()
        self.publish_totals()

    def _add(
        self,
        connection: sa.Connection,
        kind: KeyKind,
        value: int,
        epoch: str,
        ends: int,
        count: int = 0,
    ) -> KeyRow:
        number = KeyNumber(store.highest_number(connection) + 1)
        assert number <= KEY_NUMBER_MAX, "a million keys are three thousand years"
        seed = self._premises.entropy.random_bytes(_SEED_BYTES)
        is_blind = kind is KeyKind.BLIND
        redeem_until = ends + rules.REDEEM_SECONDS
        state = KeyState.ACTIVE if is_blind else KeyState.INACTIVE
        key = CodeKey(number, kind, value, epoch, state, 0, 0, ends, redeem_until, count)
        public = CodeIssuer(seed).public_key if is_blind else hashlib.sha256(seed).digest()
        sealed = self._premises.veils.seal("code_key.seed", seed, str(number).encode())
        row = KeyRow(key, sealed, redeem_until + SPENT_GRACE_SECONDS)
        if not store.add_key(connection, row) or not self._publish(
            connection, "keys", rules.key_line(key, public)
        ):
            raise CodeKeyStateError
        return row

    def _publish(self, connection: sa.Connection, name: str, text: str) -> bool:
        known = store.lines(connection, name)
        label, head = _LISTS[name], signed_chain.EMPTY
        for line in known:
            head = signed_chain.head_after(label, head, line.text)
        line = signed_chain.sign_line(self._signing, label, head, text)
        return store.add_line(connection, name, len(known), line)

    def _end(self, number: int, state: KeyState, owed_to: LedgerAccount) -> CodeKey:
        with self._premises.database.begin() as connection:
            row = store.find_key(connection, number, to_change=True)
            if row is None:
                raise CodeKeyUnknownError
            if row.key.state not in (KeyState.ACTIVE, KeyState.INACTIVE):
                raise CodeKeyStateError
            if row.key.outstanding_cents:
                entries = (
                    Entry(LedgerAccount.CODES, row.key.outstanding_cents, Currency.EUR),
                    Entry(owed_to, -row.key.outstanding_cents, Currency.EUR),
                )
                self._books.post(connection, Posting(f"end of key {number}", state, entries))
            # Without its seed nobody makes or recognises its codes again.
            store.set_key(connection, number, {"state": state, "seed": None})
        with self._lock:
            self._issuers.pop(number, None)
        return self._found(number)

    def _post(
        self,
        connection: sa.Connection,
        key: str,
        kind: str,
        debit: LedgerAccount,
        cents: int,
    ) -> None:
        entries = (
            Entry(debit, cents, Currency.EUR),
            Entry(LedgerAccount.CODES, -cents, Currency.EUR),
        )
        self._books.post(connection, Posting(key, kind, entries))

    def _batch(self, connection: sa.Connection, number: int) -> CodeKey:
        row = store.find_key(connection, number, to_change=True)
        if row is None or row.key.kind is not KeyKind.PRINTED:
            raise CodeKeyUnknownError
        return row.key

    def _found(self, number: int) -> CodeKey:
        row = self._row(number)
        assert row is not None, "a key stays until long after its end"
        return row.key

    def _row(self, number: int) -> KeyRow | None:
        with self._premises.database.read() as connection:
            return store.find_key(connection, number)

    def _totals(self, connection: sa.Connection) -> CodeTotals:
        keys = tuple(row.key for row in store.keys(connection))
        owed = -ledger_store.balance(connection, LedgerAccount.CODES, Currency.EUR)
        return CodeTotals(keys, owed)

    def _blind(
        self, number: int, connection: sa.Connection | None = None
    ) -> tuple[CodeKey, CodeIssuer] | None:
        """Return a key that makes codes blind, as it once was; None where it makes none."""
        with self._lock:
            known = self._issuers.get(number)
        if known is not None:
            return known
        row = self._row(number) if connection is None else store.find_key(connection, number)
        if row is None or row.seed is None or row.key.kind is not KeyKind.BLIND:
            return None
        blind = row.key, CodeIssuer(self._seed(row))
        with self._lock:
            return self._issuers.setdefault(number, blind)

    @staticmethod
    def _signed(wanted: Wanted, blind: tuple[CodeKey, CodeIssuer] | None) -> Signed:
        if blind is None:
            raise CodeRequestError
        answer = blind[1].sign(list(wanted.blinded))
        return Signed(wanted.key, tuple(answer.elements), answer.proof)

    def _seed(self, row: KeyRow) -> bytes:
        assert row.seed is not None, "a key that is in use has its seed"
        number = str(row.key.number).encode()
        return self._premises.veils.open("code_key.seed", row.seed, number)

    def _printed(self, key: CodeKey, seed: bytes) -> str:
        size = nonce_bytes(CodeKind.PRINTED)
        drawn = int.from_bytes(self._premises.entropy.random_bytes(size))
        nonce = (drawn % (1 << _PRINTED_NONCE_BITS)).to_bytes(size)
        return write_code(Code(CodeKind.PRINTED, key.number, nonce, printed_tag(seed, nonce)))


def _of_epoch(connection: sa.Connection, epoch: str) -> list[CodeKey]:
    rows = store.keys(connection)
    return [r.key for r in rows if r.key.epoch == epoch and r.key.state is KeyState.ACTIVE]
