"""The accounts' store answers the same on both engines."""

from __future__ import annotations

import pytest

from enigm.domains.accounts import store as accounts_store
from enigm.domains.accounts.model import (
    AccountId,
    Attempts,
    Caller,
    LoginId,
    NameRef,
    NewAccount,
    OpaqueSecrets,
    PendingLogin,
    RecoveryRef,
    Session,
    SessionId,
)
from enigm.foundation.database import Database
from enigm.foundation.errors import UnverifiableError
from enigm.foundation.inventory import collect
from tests.support.clock import FakeClock
from tests.support.databases import OpenDatabase, keys_of_tests
from tests.support.entropy import FakeEntropy
from tests.support.migrations import assert_migrations_make

NOW = 1_795_000_000
ALICE = NewAccount(
    AccountId(b"a" * 16), NameRef(b"n" * 32), RecoveryRef(b"r" * 32), b"record", b"backup"
)
BOB = NewAccount(AccountId(b"b" * 16), NameRef(b"N" * 32), RecoveryRef(b"R" * 32), b"2", b"2")


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database("accounts", accounts_store.metadata)


@pytest.fixture
def store(database: Database) -> accounts_store.AccountStore:
    return accounts_store.AccountStore(database, keys_of_tests(), FakeEntropy())


def test_migrations_make_the_tables(open_database: OpenDatabase) -> None:
    design = accounts_store.DESIGN
    assert_migrations_make(open_database("accounts"), design.metadata, design.versions)


@pytest.mark.requirement("PRV-01")
def test_every_column_is_declared() -> None:
    assert len(collect([accounts_store.metadata])) > 30


def test_an_account_is_found_by_name_and_root(store: accounts_store.AccountStore) -> None:
    with store.begin() as records:
        assert records.add_account(ALICE)
        assert records.add_recovery(ALICE)
    with store.read() as records:
        kept = records.password_record(ALICE.name_ref)
        recovery = records.recovery(ALICE.recovery_ref)
        assert kept is not None
        assert recovery is not None
        assert (kept.account_id, kept.record) == (ALICE.account_id, b"record")
        assert (recovery.account_id, recovery.backup) == (ALICE.account_id, b"backup")
        assert records.name_ref(ALICE.account_id) == ALICE.name_ref
        assert records.password_record(BOB.name_ref) is None
        assert records.recovery(BOB.recovery_ref) is None
        assert records.name_ref(BOB.account_id) is None


def test_names_and_roots_are_unique(store: accounts_store.AccountStore) -> None:
    with store.begin() as records:
        assert records.add_account(ALICE)
        assert records.add_recovery(ALICE)
        assert not records.add_account(
            NewAccount(BOB.account_id, ALICE.name_ref, BOB.recovery_ref, b"x", b"x")
        )
        assert not records.add_recovery(
            NewAccount(BOB.account_id, BOB.name_ref, ALICE.recovery_ref, b"x", b"x")
        )


def test_secrets_are_sealed_to_their_row(
    store: accounts_store.AccountStore, database: Database
) -> None:
    with store.begin() as records:
        records.add_account(ALICE)
        records.add_account(BOB)
    with database.begin() as connection:
        table = accounts_store.metadata.tables["account"]
        raw = connection.execute(table.select()).mappings().all()
        assert all(b"record" not in row["opaque_record"] for row in raw)
        stolen = next(r["opaque_record"] for r in raw if r["account_id"] == ALICE.account_id)
        connection.execute(
            table.update().where(table.c.account_id == BOB.account_id).values(opaque_record=stolen)
        )
    with store.read() as records, pytest.raises(UnverifiableError):
        records.password_record(BOB.name_ref)


def test_the_first_process_makes_the_opaque_secrets(store: accounts_store.AccountStore) -> None:
    with store.read() as records:
        assert records.opaque_secrets() is None
    with store.begin() as records:
        records.add_opaque_secrets(OpaqueSecrets(b"first", b"decoy"))
        records.add_opaque_secrets(OpaqueSecrets(b"second", b"other"))
    with store.read() as records:
        assert records.opaque_secrets() == OpaqueSecrets(b"first", b"decoy")


def test_a_session_lives_until_its_time(store: accounts_store.AccountStore) -> None:
    session = Session(SessionId(b"s" * 16), NOW, NOW + 10)
    with store.begin() as records:
        records.add_session(ALICE.account_id, b"t" * 32, session)
    with store.read() as records:
        found = Caller(ALICE.account_id, session.session_id, session_age_seconds=9)
        assert records.living_session(b"t" * 32, NOW + 9) == found
        assert records.living_session(b"t" * 32, NOW + 10) is None
        assert records.living_session(b"T" * 32, NOW) is None
        assert records.sessions(ALICE.account_id, NOW) == [session]
        assert records.sessions(ALICE.account_id, NOW + 10) == []
    with store.begin() as records:
        assert not records.end_session(BOB.account_id, session.session_id)
        assert records.end_session(ALICE.account_id, session.session_id)
        assert not records.end_session(ALICE.account_id, session.session_id)


def test_a_sign_in_is_taken_once_and_in_time(store: accounts_store.AccountStore) -> None:
    logins = {
        b"1" * 16: PendingLogin(ALICE.account_id, b"c" * 32, b"state"),
        b"2" * 16: PendingLogin(None, b"C" * 32, b"decoy state"),
    }
    with store.begin() as records:
        for name, login in logins.items():
            records.add_login(LoginId(name), login, NOW + 5)
    for name, login in logins.items():
        with store.begin() as records:
            assert records.take_login(LoginId(name), NOW + 5) is None
            assert records.take_login(LoginId(name), NOW) == login
            assert records.take_login(LoginId(name), NOW) is None


def test_ending_sessions_ends_sign_ins_under_way(store: accounts_store.AccountStore) -> None:
    with store.begin() as records:
        login = PendingLogin(ALICE.account_id, b"c" * 32, b"state")
        records.add_login(LoginId(b"1" * 16), login, NOW + 5)
        session = Session(SessionId(b"s" * 16), NOW, NOW + 10)
        records.add_session(ALICE.account_id, b"t" * 32, session)
        records.end_sessions(ALICE.account_id)
        assert records.take_login(LoginId(b"1" * 16), NOW) is None
        assert records.sessions(ALICE.account_id, NOW) == []


def test_attempts_are_counted_and_cleared(store: accounts_store.AccountStore) -> None:
    with store.begin() as records:
        assert records.attempts(b"c" * 32, None) == Attempts(0, 0)
        records.set_attempts(b"c" * 32, Attempts(1, NOW))
        records.set_attempts(b"c" * 32, Attempts(2, NOW + 1))
        assert records.attempts(b"c" * 32, None) == Attempts(2, NOW + 1)
        records.clear_attempts(b"c" * 32)
        assert records.attempts(b"c" * 32, None) == Attempts(0, 0)


def test_challenges_and_invites_are_used_once(store: accounts_store.AccountStore) -> None:
    with store.begin() as records:
        assert records.spend_challenge(b"h" * 32, NOW)
        assert not records.spend_challenge(b"h" * 32, NOW)
        records.add_invite(b"i" * 32, NOW + 5)
        assert not records.use_invite(b"i" * 32, NOW + 5)
        assert records.use_invite(b"i" * 32, NOW)
        assert not records.use_invite(b"i" * 32, NOW)


def test_tokens_are_counted_by_account_and_day(store: accounts_store.AccountStore) -> None:
    with store.begin() as records:
        assert records.count_tokens(ALICE.account_id, NOW, 3) == 3
        assert records.count_tokens(ALICE.account_id, NOW, 4) == 7
        assert records.count_tokens(ALICE.account_id, NOW + 1, 1) == 1
        assert records.count_tokens(BOB.account_id, NOW, 1) == 1


@pytest.mark.requirement("APP-18")
def test_erasing_an_account_leaves_an_announcement_alone(
    store: accounts_store.AccountStore, database: Database
) -> None:
    with store.begin() as records:
        records.add_account(ALICE)
        records.add_recovery(ALICE)
        session = Session(SessionId(b"s" * 16), NOW, NOW + 10)
        records.add_session(ALICE.account_id, b"t" * 32, session)
        login = PendingLogin(ALICE.account_id, b"c" * 32, b"state")
        records.add_login(LoginId(b"1" * 16), login, NOW + 5)
        records.attempts(b"c" * 32, ALICE.account_id)
        records.count_tokens(ALICE.account_id, NOW, 3)
        records.erase(ALICE.account_id, FakeClock(), FakeEntropy())
    with database.read() as connection:
        counts = {
            table.name: len(connection.execute(table.select()).all())
            for table in accounts_store.metadata.sorted_tables
        }
    assert {name for name, count in counts.items() if count} == {"outbox"}
