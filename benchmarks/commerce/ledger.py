"""Measures the books: sealed transactions a second, one commit each and many in one."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from enigm.assembly.commerce import premises_of
from enigm.assembly.surroundings import Surroundings
from enigm.domains.commerce.actions.bookkeeping import Books
from enigm.domains.commerce.model import Currency, MethodName
from enigm.domains.commerce.model.ledger import Posting
from enigm.domains.commerce.rules.ledger import received
from enigm.domains.commerce.store import DESIGN
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.settings import Settings
from enigm.foundation.stores import open_store

TRANSACTIONS = 5_000


def postings(name: str) -> Iterator[Posting]:
    """Yield payments in coins: four entries in two currencies."""
    entries = received(MethodName.MONERO, Currency.XMR, 120_000_000_000, 18_00)
    for number in range(TRANSACTIONS):
        yield Posting(f"{name} {number}", "payment", entries, number.to_bytes(16, "big"))


def main(folder: Path) -> None:
    """Print the rates on an embedded store in the folder."""
    settings, clock, entropy = Settings(data_folder=folder), SystemClock(), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    database = open_store(DESIGN, settings, keys)
    around = Surroundings(settings, keys, clock, entropy, EventLog(sys.stderr, clock, strict=False))
    books = Books(premises_of(around, database))
    begun = time.perf_counter()
    for posting in postings("alone"):
        with database.begin() as connection:
            books.post(connection, posting)
    alone = time.perf_counter() - begun
    begun = time.perf_counter()
    with database.begin() as connection:
        for posting in postings("together"):
            books.post(connection, posting)
    together = time.perf_counter() - begun
    assert books.check().is_healthy
    print(f"sealed, a commit each: {TRANSACTIONS / alone:,.0f}/s")
    print(f"sealed, one commit:    {TRANSACTIONS / together:,.0f}/s")
    database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as chosen:
        main(Path(chosen))
