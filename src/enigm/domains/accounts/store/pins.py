"""The questions and changes that actions put to the PINs' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from enigm.domains.accounts.model import (
    AccountId,
    PinAttempt,
    PinGrantRow,
    PinRow,
    PinTries,
    SessionId,
)
from enigm.domains.accounts.store import tables
from enigm.foundation.database import insert_if_absent

if TYPE_CHECKING:
    from enigm.foundation.sealing import ColumnSeal

_RECORD: Final = "pin.record"
_DURESS_RECORD: Final = "pin.duress_record"
_FIRST_STATE: Final = "pin_attempt.first_state"
_SECOND_STATE: Final = "pin_attempt.second_state"
SEALED_COLUMNS: Final = (_RECORD, _DURESS_RECORD, _FIRST_STATE, _SECOND_STATE)
_UNSET: Final[dict[str, Any]] = {
    "record": None,
    "duress_record": None,
    "tries": 0,
    "locked_until": 0,
    "bare_tries": 0,
    "bare_locked_until": 0,
    "held_until": 0,
    "is_hidden": 0,
    "is_closed": 0,
}

_NO_TRIES: Final[dict[str, Any]] = dict.fromkeys(
    ("tries", "locked_until", "bare_tries", "bare_locked_until"), 0
)


class PinRecords:
    """The PINs' rows, within one transaction."""

    def __init__(self, connection: Connection, seals: dict[str, ColumnSeal]) -> None:
        """Wrap a connection; the accounts' records make one."""
        self._connection = connection
        self._seals = seals

    def row(self, account_id: AccountId) -> PinRow:
        """Return an account's PIN; locked until the transaction ends.

        The row is made first, PIN or none: a lock on a row that is not there holds back nobody,
        and guesses at no PIN are counted like others.
        """
        insert_if_absent(self._connection, tables.pin, {"account_id": account_id} | _UNSET)
        statement = select(tables.pin).where(tables.pin.c.account_id == account_id)
        return self._read(self._connection.execute(statement.with_for_update()).one())

    def peek(self, account_id: AccountId) -> PinRow:
        """Return an account's PIN without a lock."""
        statement = select(tables.pin).where(tables.pin.c.account_id == account_id)
        row = self._connection.execute(statement).first()
        return PinRow() if row is None else self._read(row)

    def set_tries(self, account_id: AccountId, tries: PinTries, *, is_signed: bool) -> None:
        """Keep how many entries were begun in this way since the last right one."""
        kind = "" if is_signed else "bare_"
        counted = {f"{kind}tries": tries.count, f"{kind}locked_until": tries.locked_until}
        self._change(account_id, **counted)

    def forget_tries(self, account_id: AccountId, session_id: SessionId) -> None:
        """Forget the tries of the account, and those of the session that it is done from."""
        self._change(account_id, **_NO_TRIES)
        self.set_share(account_id, session_id, 0)

    def take_entry(self, account_id: AccountId, session_id: SessionId, held_until: int) -> None:
        """Forget the tries: a PIN was right; ``held_until`` says whether it was the duress PIN."""
        self._change(account_id, **_NO_TRIES, held_until=held_until)
        self.set_share(account_id, session_id, 0)

    def share(self, account_id: AccountId, session_id: SessionId) -> int | None:
        """Return how many of its own tries a session has used; None where it ended meanwhile."""
        columns = tables.session.c
        statement = select(columns.pin_tries).where(*_own_session(account_id, session_id))
        return self._connection.execute(statement).scalar()

    def set_share(self, account_id: AccountId, session_id: SessionId, used: int) -> None:
        """Keep how many of its own tries a session has used."""
        statement = update(tables.session).where(*_own_session(account_id, session_id))
        self._connection.execute(statement.values(pin_tries=used))

    def set_record(self, account_id: AccountId, record: bytes | None) -> None:
        """Replace or remove what checks the PIN."""
        self._change(account_id, record=self._seal(_RECORD, record, account_id))

    def set_duress_record(self, account_id: AccountId, record: bytes | None) -> None:
        """Replace or remove what checks the duress PIN."""
        self._change(account_id, duress_record=self._seal(_DURESS_RECORD, record, account_id))

    def show(self, account_id: AccountId, *, is_hidden: bool) -> None:
        """Show the PIN as removed, or as there again."""
        self._change(account_id, is_hidden=int(is_hidden))

    def close(self, account_id: AccountId) -> None:
        """Show the account as deleted for as long as the hold lasts."""
        self._change(account_id, is_closed=1)

    def is_closed(self, account_id: AccountId, now: int) -> bool:
        """Say whether the account is shown as deleted."""
        statement = select(tables.pin.c.account_id).where(
            tables.pin.c.account_id == account_id,
            tables.pin.c.is_closed == 1,
            tables.pin.c.held_until > now,
        )
        return self._connection.execute(statement).first() is not None

    def lift_hold(self, account_id: AccountId) -> None:
        """End a hold with everything that it showed."""
        self._change(account_id, held_until=0, is_hidden=0, is_closed=0)

    def add_attempt(
        self, attempt_id: bytes, account_id: AccountId, attempt: PinAttempt, expires_at: int
    ) -> None:
        """Keep the service's half of an entry."""
        first, second = attempt.states
        row = {
            "attempt_id": attempt_id,
            "account_id": account_id,
            "session_id": attempt.session_id,
            "device_ref": attempt.device_ref,
            "binding": attempt.binding,
            "first_state": self._seals[_FIRST_STATE].seal(first, attempt_id),
            "second_state": self._seals[_SECOND_STATE].seal(second, attempt_id),
            "duress_place": attempt.duress_place,
            "expires_at": expires_at,
        }
        self._connection.execute(insert(tables.pin_attempt).values(row))

    def take_attempt(self, attempt_id: bytes, account_id: AccountId, now: int) -> PinAttempt | None:
        """Return an entry under way and forget it: it is finished once or never."""
        columns = tables.pin_attempt.c
        row = self._connection.execute(
            delete(tables.pin_attempt)
            .where(
                columns.attempt_id == attempt_id,
                columns.account_id == account_id,
                columns.expires_at > now,
            )
            .returning(*columns)
        ).first()
        if row is None:
            return None
        states = (
            self._seals[_FIRST_STATE].open(row.first_state, attempt_id),
            self._seals[_SECOND_STATE].open(row.second_state, attempt_id),
        )
        session_id = SessionId(row.session_id)
        return PinAttempt(session_id, row.device_ref, row.binding, states, row.duress_place)

    def add_grant(
        self, grant_hash: bytes, account_id: AccountId, grant: PinGrantRow, expires_at: int
    ) -> None:
        """Keep a grant under its hash."""
        row = {
            "grant_hash": grant_hash,
            "account_id": account_id,
            "session_id": grant.session_id,
            "device_ref": grant.device_ref,
            "binding": grant.binding,
            "is_duress": int(grant.is_duress),
            "expires_at": expires_at,
        }
        self._connection.execute(insert(tables.pin_grant).values(row))

    def take_grant(self, grant_hash: bytes, account_id: AccountId, now: int) -> PinGrantRow | None:
        """Return an account's living grant and forget it."""
        statement = delete(tables.pin_grant).where(*_living_grant(grant_hash, account_id, now))
        return _grant(self._connection.execute(statement.returning(*tables.pin_grant.c)).first())

    def peek_grant(self, grant_hash: bytes, account_id: AccountId, now: int) -> PinGrantRow | None:
        """Return an account's living grant and leave it there."""
        statement = select(tables.pin_grant).where(*_living_grant(grant_hash, account_id, now))
        return _grant(self._connection.execute(statement).first())

    def _change(self, account_id: AccountId, **values: Any) -> None:
        self._connection.execute(
            update(tables.pin).where(tables.pin.c.account_id == account_id).values(**values)
        )

    def _seal(self, place: str, record: bytes | None, account_id: AccountId) -> bytes | None:
        return None if record is None else self._seals[place].seal(record, account_id)

    def _read(self, row: Any) -> PinRow:
        def opened(place: str, sealed: bytes | None) -> bytes | None:
            return None if sealed is None else self._seals[place].open(sealed, row.account_id)

        return PinRow(
            record=opened(_RECORD, row.record),
            duress_record=opened(_DURESS_RECORD, row.duress_record),
            signed=PinTries(row.tries, row.locked_until),
            bare=PinTries(row.bare_tries, row.bare_locked_until),
            held_until=row.held_until,
            is_hidden=bool(row.is_hidden),
        )


def _own_session(account_id: AccountId, session_id: SessionId) -> tuple[ColumnElement[bool], ...]:
    columns = tables.session.c
    return (columns.account_id == account_id, columns.session_id == session_id)


def _living_grant(
    grant_hash: bytes, account_id: AccountId, now: int
) -> tuple[ColumnElement[bool], ...]:
    columns = tables.pin_grant.c
    is_own = columns.grant_hash == grant_hash, columns.account_id == account_id
    return (*is_own, columns.expires_at > now)


def _grant(row: Any) -> PinGrantRow | None:
    if row is None:
        return None
    session_id = SessionId(row.session_id)
    return PinGrantRow(session_id, row.device_ref, row.binding, bool(row.is_duress))
