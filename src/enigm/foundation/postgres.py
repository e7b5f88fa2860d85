"""A domain's store in PostgreSQL: its own schema, opened by its own role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy import exc

from enigm.foundation.database import Database
from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from enigm.foundation.keyfile import Keys

# Per process and domain; a deployment's processes times domains times this must stay under
# the server's max_connections (100 by default, five domains, two processes).
CONNECTIONS_MAX: Final = 8

# A request that cannot get a connection for this long is told "unavailable".
CONNECTION_WAIT_SECONDS: Final = 5

# Nothing we run takes longer; a lock that is held longer is a fault worth an error.
STATEMENT_TIMEOUT_MILLISECONDS: Final = 30_000

# Rights that pass every grant: with one of them the wall between domains would be painted on.
_IS_MIGHTY: Final = (
    "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication "
    "OR pg_has_role(rolname, 'pg_read_all_data', 'member') "
    "FROM pg_roles WHERE rolname = current_user"
)

# PostgreSQL cuts names after this many bytes without saying so.
_NAME_BYTES_MAX: Final = 63


@dataclass(frozen=True, slots=True)
class DomainRole:
    """The login of one domain. The password is derived from the key file, never stored."""

    domain: str
    name: str
    password: str

    def __repr__(self) -> str:
        """Leave the password out."""
        return f"DomainRole({self.name})"


def domain_role(domain: str, database_name: str, keys: Keys) -> DomainRole:
    """Return the login of a domain in a database: ``enigm_accounts`` in ``enigm``."""
    name = f"{database_name}_{domain}"
    if len(name.encode()) > _NAME_BYTES_MAX:
        msg = f"The database name {database_name} is too long: choose a shorter one."
        raise SetupError(msg)
    return DomainRole(domain, name, keys.derive(domain, "postgres login").hex())


def database_name(url: str) -> str:
    """Return the database that a URL names."""
    name = _parsed(url).database
    if not name:
        msg = "The database URL names no database: write postgresql://host/name."
        raise SetupError(msg)
    return name


def open_postgres(url: str, keys: Keys, *, domain: str) -> Database:
    """Open a domain's schema as the domain's role.

    Args:
        url: ``postgresql://host:port/name``; user and password in it are not used.
        keys: what the role's password is derived from.
        domain: the schema, and the role with the database's name before it.

    Raises:
        SetupError: the URL is unusable, the server refuses the role, or the role may do
            more than its own schema.
    """
    role = domain_role(domain, database_name(url), keys)
    engine = sa.create_engine(
        _parsed(url).set(
            drivername="postgresql+psycopg", username=role.name, password=role.password
        ),
        connect_args={
            "options": f"-c search_path={domain} "
            f"-c statement_timeout={STATEMENT_TIMEOUT_MILLISECONDS}"
        },
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            is_mighty = connection.exec_driver_sql(_IS_MIGHTY).scalar_one()
    except exc.OperationalError as error:
        msg = f"PostgreSQL refuses the role {role.name}: {error.orig}".rstrip()
        raise SetupError(msg) from error
    if is_mighty:
        engine.dispose()
        msg = f"The role {role.name} may read other schemas: take its special rights away."
        raise SetupError(msg)
    return Database(domain, engine, engine.execution_options(postgresql_readonly=True))


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError as error:
        msg = "The database URL cannot be read: write postgresql://host/name."
        raise SetupError(msg) from error
    if parsed.get_backend_name() != "postgresql":
        msg = "The database URL must begin with postgresql:// (leave it out for embedded storage)."
        raise SetupError(msg)
    return parsed
