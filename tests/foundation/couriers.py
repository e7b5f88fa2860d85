"""Two domains and a courier between them, as a process that tests kill.

Run as ``python -m tests.foundation.couriers <engine> <where> <now> <deadly moment>``: it
announces facts and delivers them, and kills itself with SIGKILL at the moment named. Each fact
that is committed is printed first as a line ``announced <number>``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa

from enigm.foundation.database import Database, store_metadata
from enigm.foundation.log import EventLog
from enigm.foundation.outbox import (
    Courier,
    Fact,
    announce,
    is_first_receipt,
    outbox_table,
    received_table,
)
from enigm.foundation.postgres import open_postgres
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

FACTS_PER_RUN = 5

sender_metadata = store_metadata("sender")
outbox = outbox_table(sender_metadata)
sales = sa.Table("sales", sender_metadata, sa.Column("number", sa.BigInteger, primary_key=True))

receiver_metadata = store_metadata("receiver")
received = received_table(receiver_metadata)
deliveries = sa.Table("deliveries", receiver_metadata, sa.Column("number", sa.BigInteger))


def open_one(engine: str, where: str, domain: str) -> Database:
    if engine == "postgres":
        return open_postgres(where, keys_of_tests(), domain=domain)
    key = keys_of_tests().derive(domain, "store")
    return open_sqlcipher(Path(where) / f"{domain}.db", key, domain=domain)


def deliver_to(receiver: Database, clock: FakeClock, fact: Fact) -> None:
    """Act on a fact once, however often it arrives."""
    with receiver.begin() as connection:
        if is_first_receipt(connection, received, fact.fact_id, clock):
            row = {"number": int.from_bytes(fact.body, "big")}
            connection.execute(sa.insert(deliveries).values(row))


def run(sender: Database, receiver: Database, now: int, deadly_moment: str) -> None:
    clock, entropy = FakeClock(now), FakeEntropy(now.to_bytes(8, "big"))

    def die_if(moment: str) -> None:
        if moment == deadly_moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def carry(fact: Fact) -> None:
        die_if("before acting")
        deliver_to(receiver, clock, fact)
        die_if("after acting")

    for turn in range(FACTS_PER_RUN):
        number = now + turn
        with sender.begin() as connection:
            connection.execute(sa.insert(sales).values(number=number))
            die_if("before announcing")
            body = number.to_bytes(8, "big")
            announce(connection, outbox, "sold", body, entropy=entropy, clock=clock)
            if turn == FACTS_PER_RUN - 1:
                die_if("before committing")
        print(f"announced {number}", flush=True)
    log = EventLog(sys.stderr, clock, strict=True)
    Courier(sender, outbox, {"sold": carry}, clock=clock, log=log).deliver_due()
    print("done", flush=True)


if __name__ == "__main__":
    engine, where, now, deadly_moment = sys.argv[1:]
    run(
        open_one(engine, where, "sender"),
        open_one(engine, where, "receiver"),
        int(now),
        deadly_moment,
    )
