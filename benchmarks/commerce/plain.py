"""The comparison: one bare transaction of a shop that does nothing else, by the driver alone.

A nullifier, a booking of two entries and an entitlement, each under a unique key, one forced
write for each. No order, no payment, no key's count, no encryption, no framework: what is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from enigm.foundation.entropy import SystemEntropy

TABLES = (
    "CREATE TABLE nullifier (hash {bytes} PRIMARY KEY)",
    "CREATE TABLE txn (id {bytes} PRIMARY KEY, key {bytes} NOT NULL UNIQUE)",
    "CREATE TABLE entry (txn {bytes}, line INTEGER, account TEXT, cents INTEGER)",
    "CREATE UNIQUE INDEX entries ON entry (txn, line)",
    "CREATE TABLE entitlement (id {bytes} PRIMARY KEY, product TEXT, ends_at BIGINT)",
)
DEED = (
    ("INSERT INTO nullifier VALUES (?)", lambda key: (key,)),
    ("INSERT INTO txn VALUES (?, ?)", lambda key: (key[:16], key)),
    ("INSERT INTO entry VALUES (?, 0, 'codes', 2000)", lambda key: (key[:16],)),
    ("INSERT INTO entry VALUES (?, 1, 'sales', -2000)", lambda key: (key[:16],)),
    ("INSERT INTO entitlement VALUES (?, 'app-3m', 1800000000)", lambda key: (key[16:],)),
)


@contextmanager
def plain_on_sqlite(folder: Path) -> Iterator[Callable[[], None]]:
    """Open a file with the settings of ours: a log written ahead, each commit forced."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for table in TABLES:
        connection.execute(table.format(bytes="BLOB"))

    def redeem() -> None:
        name = SystemEntropy().random_bytes(32)
        connection.execute("BEGIN IMMEDIATE")
        for text, arguments in DEED:
            connection.execute(text, arguments(name))
        connection.execute("COMMIT")

    yield redeem
    connection.close()


@contextmanager
def plain_on_postgres(url: str) -> Iterator[Callable[[], None]]:
    """Open a database of a server."""
    with psycopg.connect(url) as connection:
        for table in TABLES:
            connection.execute(table.format(bytes="BYTEA"))
        connection.commit()
        statements = [(text.replace("?", "%s"), arguments) for text, arguments in DEED]

        def redeem() -> None:
            name = SystemEntropy().random_bytes(32)
            for text, arguments in statements:
                connection.execute(text, arguments(name))
            connection.commit()

        yield redeem
