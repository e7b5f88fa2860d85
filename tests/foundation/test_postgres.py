"""On PostgreSQL a domain's role sees its own schema and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from enigm.foundation.errors import SetupError, UnavailableError
from enigm.foundation.keyfile import Keys
from enigm.foundation.postgres import database_name, domain_role, open_postgres
from enigm.foundation.provision import provision, provision_sql
from tests.foundation.pantry import jars, metadata
from tests.support.databases import OpenDatabase, keys_of_tests
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.mark.requirement("PRV-03")
@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT * FROM pantry.jars",
        "INSERT INTO pantry.jars (number) VALUES (9)",
        "DELETE FROM pantry.jars",
        "DROP TABLE pantry.jars",
        "CREATE TABLE pantry.spy (a int)",
        "CREATE TABLE public.meeting_point (a int)",
        "CREATE SCHEMA third",
        "CREATE TEMPORARY TABLE scratch (a int)",
        "SET ROLE administrator",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
        "ALTER ROLE CURRENT_USER SUPERUSER",
    ],
)
def test_one_domains_role_is_denied_everything_beyond_its_schema(
    open_postgres_database: OpenDatabase, attempt: str
) -> None:
    pantry = open_postgres_database("pantry", metadata)
    cellar = open_postgres_database("cellar", metadata)
    with pytest.raises(sa.exc.DBAPIError) as error, cellar.begin() as connection:
        connection.exec_driver_sql(attempt)
    assert "permission denied" in str(error.value) or "must be superuser" in str(error.value)
    with pantry.begin() as connection:
        # The same statement, where it is one about rows, works for the schema's own role.
        assert connection.execute(sa.select(jars)).all() == []


@pytest.mark.requirement("PRV-03")
def test_one_domains_role_cannot_become_anothers(
    open_postgres_database: OpenDatabase, postgres_database: str
) -> None:
    open_postgres_database("pantry", metadata)
    cellar = open_postgres_database("cellar")
    other = domain_role("pantry", postgres_database, keys_of_tests()).name
    with pytest.raises(sa.exc.DBAPIError, match="permission denied"), cellar.begin() as connection:
        connection.exec_driver_sql(f'SET ROLE "{other}"')


def test_two_domains_may_use_the_same_table_name(open_postgres_database: OpenDatabase) -> None:
    pantry = open_postgres_database("pantry", metadata)
    cellar = open_postgres_database("cellar", metadata)
    with pantry.begin() as connection:
        connection.execute(sa.insert(jars).values(taste=b"plum"))
    with cellar.read() as connection:
        assert connection.execute(sa.select(jars)).all() == []


def test_another_key_file_does_not_open_the_schema(
    open_postgres_database: OpenDatabase, postgres_server: PostgresServer, postgres_database: str
) -> None:
    open_postgres_database("pantry")
    other = Keys(b"\x01" * 32)
    with pytest.raises(SetupError, match="refuses the role"):
        open_postgres(postgres_server.url(postgres_database), other, domain="pantry")


def test_preparing_a_database_twice_changes_nothing(
    open_postgres_database: OpenDatabase, postgres_server: PostgresServer, postgres_database: str
) -> None:
    pantry = open_postgres_database("pantry", metadata)
    with pantry.begin() as connection:
        connection.execute(sa.insert(jars).values(taste=b"plum"))
    provision(postgres_server.admin_url(postgres_database), ["pantry"], keys_of_tests())
    with pantry.begin() as connection:
        assert connection.execute(sa.select(jars.c.taste)).scalars().all() == [b"plum"]


def test_what_a_dba_is_given_prepares_the_database_and_holds_no_password(
    postgres_server: PostgresServer, postgres_database: str
) -> None:
    admin_url = postgres_server.admin_url(postgres_database)
    text = provision_sql(admin_url, ["pantry"], keys_of_tests())
    assert domain_role("pantry", postgres_database, keys_of_tests()).password not in text
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(text.encode())
    url = postgres_server.url(postgres_database)
    open_postgres(url, keys_of_tests(), domain="pantry").close()


def test_a_server_that_went_away_is_an_outage_and_not_a_bug(
    open_postgres_database: OpenDatabase, postgres_server: PostgresServer, postgres_database: str
) -> None:
    pantry = open_postgres_database("pantry", metadata)
    postgres_server.drop_database(postgres_database)
    with pytest.raises(UnavailableError) as refusal, pantry.read():
        pass
    assert postgres_database not in refusal.value.detail


@pytest.mark.parametrize(
    ("open_it", "words"),
    [
        (lambda: database_name("postgresql://host/"), "names no database"),
        (lambda: database_name("not an address"), "cannot be read"),
        (lambda: database_name("mysql://host/enigm"), "must begin with postgresql://"),
        (lambda: domain_role("accounts", "x" * 60, keys_of_tests()), "too long"),
        (lambda: provision("postgresql:///nowhere?host=/nowhere", [], keys_of_tests()), "prepared"),
    ],
)
def test_a_wrong_address_is_told_in_plain_words(open_it: Callable[[], object], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        open_it()


def test_a_role_does_not_show_its_password() -> None:
    role = domain_role("accounts", "enigm", keys_of_tests())
    assert role.name == "enigm_accounts"
    assert role.password not in repr(role)


@pytest.mark.requirement("PRV-03")
@pytest.mark.parametrize(
    "right", ["ALTER ROLE {} SUPERUSER", "ALTER ROLE {} BYPASSRLS", "GRANT pg_read_all_data TO {}"]
)
def test_a_role_with_rights_beyond_its_schema_is_not_used(
    postgres_server: PostgresServer, postgres_database: str, right: str
) -> None:
    admin_url = postgres_server.admin_url(postgres_database)
    provision(admin_url, ["pantry"], keys_of_tests())
    role = domain_role("pantry", postgres_database, keys_of_tests()).name
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(right.format(role).encode())
    with pytest.raises(SetupError, match="special rights"):
        open_postgres(postgres_server.url(postgres_database), keys_of_tests(), domain="pantry")


def test_an_administrator_of_one_database_alone_can_prepare_it(
    postgres_server: PostgresServer, postgres_database: str
) -> None:
    owner = f"{postgres_database}_owner"
    with psycopg.connect(postgres_server.admin_url(postgres_database), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'of the test'".encode())
        admin.execute(f"ALTER DATABASE {postgres_database} OWNER TO {owner}".encode())
    url = f"{postgres_server.url(postgres_database)}&user={owner}&password=of%20the%20test"
    for _turn in range(2):
        provision(url, ["pantry"], keys_of_tests())
    open_postgres(postgres_server.url(postgres_database), keys_of_tests(), domain="pantry").close()


def test_two_nodes_may_prepare_the_database_at_once(
    postgres_server: PostgresServer, postgres_database: str
) -> None:
    admin_url = postgres_server.admin_url(postgres_database)

    def prepare(_node: int) -> None:
        provision(admin_url, ["pantry", "cellar"], keys_of_tests())

    with ThreadPoolExecutor(4) as nodes:
        assert len(list(nodes.map(prepare, range(4)))) == 4
