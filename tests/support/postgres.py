"""A private PostgreSQL server for one test run: own folder, own socket, no TCP port, no root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Generator

# PostgreSQL refuses to run as root; Debian's package brings this user, "nobody" is everywhere.
_SERVER_USERS = ("postgres", "nobody")
_START_SECONDS_MAX = 60

# Tests ask what is stored, not whether the disk is honest: forced writes are switched off.
_OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200 "
    "-c log_min_messages=fatal -c shared_buffers=32MB"
)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server that only this test run can reach."""

    socket_folder: Path

    def url(self, database: str) -> str:
        """Return a database's address, without a user."""
        return f"postgresql:///{database}?host={quote(str(self.socket_folder), safe='')}"

    def admin_url(self, database: str) -> str:
        """Return a database's address for the superuser, whom the socket's folder admits."""
        return f"{self.url(database)}&user=administrator"

    def create_database(self, name: str) -> None:
        """Make an empty database."""
        with psycopg.connect(self.admin_url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is connected to it."""
        with psycopg.connect(self.admin_url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def running_postgres(options: str = "") -> Generator[PostgresServer]:
    """Start a server in a new folder, and stop it and delete the folder afterwards.

    Options are the server's own, such as ``-c fsync=on`` for whoever measures.
    """
    binaries = _binaries()
    # A short path: a socket's whole name must fit into 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="enigm-pg-"))
    as_user = _as_unprivileged_user(folder)
    data = folder / "cluster"
    try:
        _run(
            [
                *(*as_user, str(binaries / "initdb"), "-D", str(data), "-U", "administrator"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
                *("--auth-host=scram-sha-256", "--auth-local=trust"),
            ]
        )
        (data / "pg_hba.conf").write_text(
            "local all administrator trust\nlocal all all scram-sha-256\n"
        )
        control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-w"]
        chosen = f"{_OPTIONS} {options} -k {folder}"
        _run([*control, "-l", str(folder / "log"), "-o", chosen, "start"])
        try:
            yield PostgresServer(folder)
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found is None:
        _skip("PostgreSQL is not installed: apt-get install postgresql-15")
    return Path(found).parent


def _as_unprivileged_user(folder: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        _skip(
            "PostgreSQL will not run as root and setpriv is not installed: apt install util-linux"
        )
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in _SERVER_USERS if name in known)
    os.chown(folder, user.pw_uid, user.pw_gid)
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
    return [setpriv, *ids, "--clear-groups"]


def _run(command: list[str]) -> None:
    # Output goes to a file: the server inherits it, and a pipe would be waited on for ever.
    with tempfile.TemporaryFile() as output:
        finished = subprocess.run(
            command, stdout=output, stderr=output, cwd="/", timeout=_START_SECONDS_MAX, check=False
        )
        if finished.returncode:
            output.seek(0)
            message = f"{command} failed: {output.read().decode(errors='replace')}"
            raise RuntimeError(message)


def _skip(reason: str) -> NoReturn:
    pytest.skip(reason)
