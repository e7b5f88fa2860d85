"""Prepares a PostgreSQL database: a schema and a role per domain, closed to each other.

Run by ``enigm serve`` where it is given an administrator's URL, or printed for a DBA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from enigm.foundation.errors import SetupError
from enigm.foundation.postgres import domain_role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.foundation.keyfile import Keys


def provision(admin_url: str, domains: Iterable[str], keys: Keys) -> None:
    """Create or repair every domain's role and schema; safe to repeat.

    Raises:
        SetupError: the administrator's URL does not connect, or may not create roles.
    """
    try:
        with psycopg.connect(admin_url) as connection:
            # Two nodes that start at once must not create the same role twice.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('enigm provision'))")
            for statement in _statements(connection, domains, keys):
                connection.execute(statement)
    except psycopg.Error as error:
        msg = f"The database cannot be prepared: {error}".rstrip()
        raise SetupError(msg) from error


def provision_sql(admin_url: str, domains: Iterable[str], keys: Keys) -> str:
    """Return the statements of ``provision`` for a DBA to read and run; passwords are hashed."""
    with psycopg.connect(admin_url) as connection:
        statements = _statements(connection, domains, keys)
        return "".join(f"{statement.as_string(connection)};\n" for statement in statements)


def _statements(
    connection: psycopg.Connection, domains: Iterable[str], keys: Keys
) -> list[sql.Composed]:
    database = connection.info.dbname
    statements = [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM {}").format(sql.SQL("PUBLIC")),
    ]
    for domain in domains:
        role = domain_role(domain, database, keys)
        # Hashed here, so that the password stands in no server log (SCRAM, RFC 7677).
        verifier = connection.pgconn.encrypt_password(
            role.password.encode(), role.name.encode(), b"scram-sha-256"
        ).decode()
        names = {"role": sql.Identifier(role.name), "schema": sql.Identifier(domain)}
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role.name,))
        if found.fetchone() is None:
            statements.append(sql.SQL("CREATE ROLE {role} NOINHERIT").format(**names))
        if connection.info.parameter_status("is_superuser") != "on":
            # Only a member may hand a schema over to a role.
            statements.append(sql.SQL("GRANT {role} TO CURRENT_USER").format(**names))
        statements += [
            sql.SQL("ALTER ROLE {role} WITH LOGIN PASSWORD {verifier}").format(
                **names, verifier=sql.Literal(verifier)
            ),
            sql.SQL("GRANT CONNECT ON DATABASE {database} TO {role}").format(
                **names, database=sql.Identifier(database)
            ),
            # The role owns its schema, so that it can migrate it; nobody else is granted anything.
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {schema}").format(**names),
            sql.SQL("ALTER SCHEMA {schema} OWNER TO {role}").format(**names),
            sql.SQL("REVOKE ALL ON SCHEMA {schema} FROM PUBLIC").format(**names),
            sql.SQL("ALTER ROLE {role} SET search_path = {schema}").format(**names),
        ]
    return statements
