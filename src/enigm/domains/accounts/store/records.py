"""The questions and changes that actions put to the accounts' tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, insert, select, update

from enigm.domains.accounts.events import AccountErased
from enigm.domains.accounts.model import (
    AccountId,
    Attempts,
    Audience,
    Caller,
    NameRef,
    NewAccount,
    OpaqueSecrets,
    PasswordRecord,
    PendingLogin,
    RecoveryEntry,
    RecoveryRef,
    Session,
    SessionId,
)
from enigm.domains.accounts.store import tables
from enigm.domains.accounts.store.pins import SEALED_COLUMNS, PinRecords
from enigm.foundation.database import (
    Database,
    add_to_counter,
    insert_if_absent,
)
from enigm.foundation.outbox import announce
from enigm.foundation.sealing import ColumnSeal

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.domains.accounts.model import LoginId
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

_AUDIENCES: Final = {each.word: each for each in Audience}
_OPAQUE_ROW: Final = "opaque"
_OF_ONE_ACCOUNT: Final = (
    tables.pin_grant,
    tables.pin_attempt,
    tables.pin,
    tables.session,
    tables.login,
    tables.attempts,
    tables.opaque_answer,
    tables.token_quota,
    tables.recovery,
    tables.account,
)
_SEALED_COLUMNS: Final = (
    "account.opaque_record",
    "recovery.backup",
    "login.state",
    "service_secret.opaque_setup",
    "service_secret.decoy_record",
    *SEALED_COLUMNS,
)


class AccountStore:
    """Opens transactions on the accounts' store."""

    def __init__(self, database: Database, keys: Keys, entropy: Entropy) -> None:
        """Derive the keys of the sealed columns."""
        self._database = database
        self._seals = {
            place: ColumnSeal(keys, f"accounts.{place}", entropy) for place in _SEALED_COLUMNS
        }

    @contextmanager
    def begin(self) -> Generator[AccountRecords]:
        """Open a transaction that may write."""
        with self._database.begin() as connection:
            yield AccountRecords(connection, self._seals)

    @contextmanager
    def read(self) -> Generator[AccountRecords]:
        """Open a transaction that only reads."""
        with self._database.read() as connection:
            yield AccountRecords(connection, self._seals)


class AccountRecords:
    """The accounts' rows, within one transaction."""

    def __init__(self, connection: Connection, seals: dict[str, ColumnSeal]) -> None:
        """Wrap a connection; the store makes one per transaction."""
        self._connection = connection
        self._seals = seals
        self.pins = PinRecords(connection, seals)

    def opaque_secrets(self) -> OpaqueSecrets | None:
        """Return the service's OPAQUE secrets, once they are made."""
        row = self._connection.execute(select(tables.service_secret)).first()
        if row is None:
            return None
        key = row.name.encode()
        return OpaqueSecrets(
            self._seals["service_secret.opaque_setup"].open(row.opaque_setup, key),
            self._seals["service_secret.decoy_record"].open(row.decoy_record, key),
        )

    def add_opaque_secrets(self, secrets: OpaqueSecrets) -> None:
        """Keep the secrets, unless another process was first."""
        key = _OPAQUE_ROW.encode()
        row = {
            "name": _OPAQUE_ROW,
            "opaque_setup": self._seals["service_secret.opaque_setup"].seal(secrets.setup, key),
            "decoy_record": self._seals["service_secret.decoy_record"].seal(
                secrets.decoy_record, key
            ),
        }
        insert_if_absent(self._connection, tables.service_secret, row)

    def add_account(self, account: NewAccount) -> bool:
        """Add an account unless its name is taken."""
        record = self._seals["account.opaque_record"].seal(account.record, account.account_id)
        return insert_if_absent(
            self._connection,
            tables.account,
            {
                "account_id": account.account_id,
                "name_ref": account.name_ref,
                "opaque_record": record,
            },
        )

    def add_recovery(self, account: NewAccount) -> bool:
        """Add what recovers the account, unless another account has the same root."""
        backup = self._seals["recovery.backup"].seal(account.backup, account.account_id)
        return insert_if_absent(
            self._connection,
            tables.recovery,
            {
                "account_id": account.account_id,
                "recovery_ref": account.recovery_ref,
                "backup": backup,
            },
        )

    def password_record(self, name_ref: NameRef) -> PasswordRecord | None:
        """Return the OPAQUE record behind a name."""
        row = self._connection.execute(
            select(tables.account).where(tables.account.c.name_ref == name_ref)
        ).first()
        if row is None:
            return None
        record = self._seals["account.opaque_record"].open(row.opaque_record, row.account_id)
        return PasswordRecord(AccountId(row.account_id), record)

    def name_ref(self, account_id: AccountId) -> NameRef | None:
        """Return the hashed name of an account."""
        statement = select(tables.account.c.name_ref).where(
            tables.account.c.account_id == account_id
        )
        found = self._connection.execute(statement).scalar()
        return None if found is None else NameRef(found)

    def set_password_record(self, account_id: AccountId, record: bytes) -> None:
        """Replace an account's OPAQUE record."""
        sealed = self._seals["account.opaque_record"].seal(record, account_id)
        self._connection.execute(
            update(tables.account)
            .where(tables.account.c.account_id == account_id)
            .values(opaque_record=sealed)
        )

    def recovery(self, recovery_ref: RecoveryRef) -> RecoveryEntry | None:
        """Return what recovers the account of a root key."""
        row = self._connection.execute(
            select(tables.recovery).where(tables.recovery.c.recovery_ref == recovery_ref)
        ).first()
        if row is None:
            return None
        backup = self._seals["recovery.backup"].open(row.backup, row.account_id)
        return RecoveryEntry(AccountId(row.account_id), backup)

    def add_session(self, account_id: AccountId, token_hash: bytes, session: Session) -> None:
        """Keep a session under the hash of its token."""
        self._connection.execute(
            insert(tables.session).values(
                token_hash=token_hash,
                session_id=session.session_id,
                account_id=account_id,
                created_at=session.created_at,
                expires_at=session.expires_at,
                audience=session.audience.word,
                device_ref=session.device_ref,
                pin_tries=0,
            )
        )

    def living_session(self, token_hash: bytes, now: int) -> Caller | None:
        """Return whose session this is, while it lives."""
        row = self._connection.execute(
            select(tables.session).where(
                tables.session.c.token_hash == token_hash, tables.session.c.expires_at > now
            )
        ).first()
        if row is None:
            return None
        return Caller(AccountId(row.account_id), SessionId(row.session_id), now - row.created_at)

    def sessions(self, account_id: AccountId, now: int) -> list[Session]:
        """Return an account's living sessions, oldest first."""
        rows = self._connection.execute(
            select(tables.session)
            .where(tables.session.c.account_id == account_id, tables.session.c.expires_at > now)
            .order_by(tables.session.c.created_at, tables.session.c.session_id)
        )
        return [
            Session(
                SessionId(row.session_id),
                row.created_at,
                row.expires_at,
                _AUDIENCES[row.audience],
                row.device_ref,
            )
            for row in rows
        ]

    def end_session(self, account_id: AccountId, session_id: SessionId) -> bool:
        """End one of an account's sessions; False where it has no such one."""
        ended = self._connection.execute(
            delete(tables.session).where(
                tables.session.c.session_id == session_id, tables.session.c.account_id == account_id
            )
        )
        return ended.rowcount == 1

    def end_sessions(self, account_id: AccountId) -> None:
        """End every session of an account, and every sign-in under way."""
        for table in (tables.session, tables.login):
            self._connection.execute(delete(table).where(table.c.account_id == account_id))

    def add_login(self, login_id: LoginId, login: PendingLogin, expires_at: int) -> None:
        """Keep the service's half of a sign-in."""
        self._connection.execute(
            insert(tables.login).values(
                login_id=login_id,
                account_id=login.account_id,
                attempts_ref=login.attempts_ref,
                state=self._seals["login.state"].seal(login.state, login_id),
                device_ref=login.device_ref,
                expires_at=expires_at,
            )
        )

    def take_login(self, login_id: LoginId, now: int) -> PendingLogin | None:
        """Return a sign-in under way and forget it: it is finished once or never."""
        row = self._connection.execute(
            delete(tables.login)
            .where(tables.login.c.login_id == login_id, tables.login.c.expires_at > now)
            .returning(*tables.login.c)
        ).first()
        if row is None:
            return None
        account_id = None if row.account_id is None else AccountId(row.account_id)
        state = self._seals["login.state"].open(row.state, login_id)
        return PendingLogin(account_id, row.attempts_ref, state, row.device_ref)

    def attempts(self, attempts_ref: bytes, account_id: AccountId | None) -> Attempts:
        """Return the tries counted; locked until the transaction ends.

        The row is made first: a lock on a row that is not there holds back nobody, and as many
        guesses as are sent at once would all be the first.
        """
        row = {"attempts_ref": attempts_ref, "account_id": account_id}
        insert_if_absent(self._connection, tables.attempts, row | {"weight": 0, "updated_at": 0})
        found = self._connection.execute(
            select(tables.attempts)
            .where(tables.attempts.c.attempts_ref == attempts_ref)
            .with_for_update()
        ).one()
        return Attempts(found.weight, found.updated_at)

    def set_attempts(self, attempts_ref: bytes, attempts: Attempts) -> None:
        """Keep the tries counted."""
        self._connection.execute(
            update(tables.attempts)
            .where(tables.attempts.c.attempts_ref == attempts_ref)
            .values(weight=attempts.weight, updated_at=attempts.updated_at)
        )

    def clear_attempts(self, attempts_ref: bytes) -> None:
        """Forget the tries: the right password was given."""
        self._connection.execute(
            delete(tables.attempts).where(tables.attempts.c.attempts_ref == attempts_ref)
        )

    def answers(self, answers_ref: bytes, account_id: AccountId | None) -> Attempts:
        """Return the answers counted; locked until the transaction ends, as tries are."""
        row = {"answers_ref": answers_ref, "account_id": account_id}
        insert_if_absent(
            self._connection, tables.opaque_answer, row | {"weight": 0, "updated_at": 0}
        )
        columns = tables.opaque_answer.c
        statement = select(columns.weight, columns.updated_at)
        own = statement.where(columns.answers_ref == answers_ref)
        found = self._connection.execute(own.with_for_update()).one()
        return Attempts(found.weight, found.updated_at)

    def own_answers(self, answers_ref: bytes, account_id: AccountId) -> None:
        """Let what was counted for a name go with the account that has the name now."""
        self._connection.execute(
            update(tables.opaque_answer)
            .where(tables.opaque_answer.c.answers_ref == answers_ref)
            .values(account_id=account_id)
        )

    def set_answers(self, answers_ref: bytes, answers: Attempts) -> None:
        """Keep the answers counted."""
        self._connection.execute(
            update(tables.opaque_answer)
            .where(tables.opaque_answer.c.answers_ref == answers_ref)
            .values(weight=answers.weight, updated_at=answers.updated_at)
        )

    def spend_challenge(self, challenge_hash: bytes, expires_at: int) -> bool:
        """Mark a challenge as spent; False where it already was."""
        row = {"challenge_hash": challenge_hash, "expires_at": expires_at}
        return insert_if_absent(self._connection, tables.spent_challenge, row)

    def add_invite(self, invite_hash: bytes, expires_at: int) -> None:
        """Keep an invite under its hash."""
        self._connection.execute(
            insert(tables.invite).values(invite_hash=invite_hash, expires_at=expires_at)
        )

    def use_invite(self, invite_hash: bytes, now: int) -> bool:
        """Take an invite away; False where there is none that still holds."""
        used = self._connection.execute(
            delete(tables.invite).where(
                tables.invite.c.invite_hash == invite_hash, tables.invite.c.expires_at > now
            )
        )
        return used.rowcount == 1

    def count_tokens(self, account_id: AccountId, ends_at: int, count: int) -> int:
        """Add to what an account had signed on a day; return the day's sum."""
        key = {"account_id": account_id, "ends_at": ends_at}
        return add_to_counter(
            self._connection, tables.token_quota, key, column="signed", amount=count
        )

    def erase(self, account_id: AccountId, clock: Clock, entropy: Entropy) -> None:
        """Erase an account here, and announce it to those who have yet to."""
        for table in _OF_ONE_ACCOUNT:
            self._connection.execute(delete(table).where(table.c.account_id == account_id))
        announce(
            self._connection,
            tables.outbox,
            AccountErased.KIND,
            AccountErased(account_id).encode(),
            entropy=entropy,
            clock=clock,
        )
