"""Facts that one domain announces, handed over at least once even if the process is killed.

A fact is written in the same transaction as the change it tells of. A courier hands it to a
crossing and only then deletes it. A receiver remembers the ids it has acted on, in the same
transaction as its own change, so a fact that arrives twice changes nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from enigm.foundation.database import ROW_NUMBER, insert_if_absent, insert_row
from enigm.foundation.ids import RANDOM_ID_BYTES, FactId, new_fact_id
from enigm.foundation.inventory import (
    SECONDS_PER_DAY,
    Category,
    declares,
    seconds_after,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.log import EventLog

# Another process may take a fact over when the one that claimed it died this long ago.
LEASE_SECONDS: Final = 60

# A fact that fails waits 1, 2, 4 … seconds, at most this long: an outage ends without a flood.
RETRY_DELAY_SECONDS_MAX: Final = 900

# Facts claimed at once; they are handed over well within the lease.
BATCH_FACTS: Final = 64

# How long a receiver remembers a fact. The sender must have given it over by then.
RECEIVED_SECONDS: Final = 30 * SECONDS_PER_DAY

_KIND_CHARACTERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, told once. The body's format is the kind's own."""

    fact_id: FactId
    kind: str
    body: bytes


def outbox_table(metadata: sa.MetaData) -> sa.Table:
    """Add the table of facts not yet handed over to a domain's store."""
    kept = until("the fact is handed over")

    def info(purpose: str) -> dict[str, object]:
        return declares(Category.OPERATIONS, purpose, kept)

    return sa.Table(
        "outbox",
        metadata,
        sa.Column("number", ROW_NUMBER, primary_key=True, info=info("order of facts")),
        sa.Column(
            "fact_id",
            sa.LargeBinary(RANDOM_ID_BYTES),
            nullable=False,
            info=info("recognises a fact that arrives twice"),
        ),
        sa.Column(
            "kind",
            sa.String(_KIND_CHARACTERS_MAX),
            nullable=False,
            info=info("which crossing carries it"),
        ),
        sa.Column("body", sa.LargeBinary, nullable=False, info=info("what happened")),
        sa.Column(
            "due_at", sa.BigInteger, nullable=False, index=True, info=info("when to try (again)")
        ),
        sa.Column("attempts", sa.Integer, nullable=False, info=info("spaces the tries")),
    )


def received_table(metadata: sa.MetaData) -> sa.Table:
    """Add the table of facts already acted on to a domain's store."""
    kept = seconds_after("received_at", RECEIVED_SECONDS)
    return sa.Table(
        "received_facts",
        metadata,
        sa.Column(
            "fact_id",
            sa.LargeBinary(RANDOM_ID_BYTES),
            primary_key=True,
            info=declares(Category.OPERATIONS, "acts on a fact once", kept),
        ),
        sa.Column(
            "received_at",
            sa.BigInteger,
            nullable=False,
            index=True,
            info=declares(Category.OPERATIONS, "ends the memory of a fact", kept),
        ),
    )


def announce(
    connection: sa.Connection,
    outbox: sa.Table,
    kind: str,
    body: bytes,
    *,
    entropy: Entropy,
    clock: Clock,
) -> FactId:
    """Write a fact in the transaction of the change it tells of."""
    fact_id = new_fact_id(entropy)
    row = {"fact_id": fact_id, "kind": kind, "body": body, "attempts": 0}
    insert_row(connection, outbox, row | {"due_at": clock.now_seconds()})
    return fact_id


def is_first_receipt(
    connection: sa.Connection, received: sa.Table, fact_id: FactId, clock: Clock
) -> bool:
    """Remember a fact; say whether it is new. Act on it in this same transaction, or not."""
    row = {"fact_id": fact_id, "received_at": clock.now_seconds()}
    return insert_if_absent(connection, received, row)


class Courier:
    """Hands a domain's facts to the crossings that carry them, each at least once."""

    def __init__(
        self,
        database: Database,
        outbox: sa.Table,
        crossings: Mapping[str, Callable[[Fact], None]],
        *,
        clock: Clock,
        log: EventLog,
    ) -> None:
        """Serve one domain. A kind that no crossing carries waits until one does."""
        self._database = database
        self._outbox = outbox
        self._crossings = crossings
        self._clock = clock
        self._log = log

    def deliver_due(self) -> int:
        """Try every fact that is due, once; return how many were handed over."""
        delivered = 0
        while claimed := self._claim():
            for number, attempts, fact in claimed:
                delivered += self._deliver(number, attempts, fact)
        return delivered

    def _claim(self) -> list[tuple[int, int, Fact]]:
        """Take due facts for the length of a lease, so that nobody else tries them meanwhile."""
        now = self._clock.now_seconds()
        columns = self._outbox.c
        due = (
            sa.select(columns.number)
            .where(columns.due_at <= now, columns.kind.in_(list(self._crossings)))
            .order_by(columns.number)
            .limit(BATCH_FACTS)
            .with_for_update(skip_locked=True)
        )
        claim = (
            sa.update(self._outbox)
            .where(columns.number.in_(due))
            .values(due_at=now + LEASE_SECONDS, attempts=columns.attempts + 1)
            .returning(
                columns.number, columns.attempts, columns.fact_id, columns.kind, columns.body
            )
        )
        with self._database.begin() as connection:
            rows = connection.execute(claim).all()
        return sorted(
            (
                (number, attempts, Fact(FactId(fact_id), kind, body))
                for number, attempts, fact_id, kind, body in rows
            ),
            key=lambda claimed: claimed[0],
        )

    def _deliver(self, number: int, attempts: int, fact: Fact) -> bool:
        row = self._outbox.c.number == number
        try:
            self._crossings[fact.kind](fact)
        except Exception as error:  # noqa: BLE001 - the courier's edge: one bad fact stops no other
            self._log.failure(
                "outbox.delivery_failed",
                error,
                domain=self._database.domain,
                kind=fact.kind,
                attempts=attempts,
            )
            delay = min(2 ** min(attempts - 1, 30), RETRY_DELAY_SECONDS_MAX)
            due = self._clock.now_seconds() + delay
            with self._database.begin() as connection:
                connection.execute(sa.update(self._outbox).where(row).values(due_at=due))
            return False
        with self._database.begin() as connection:
            connection.execute(sa.delete(self._outbox).where(row))
        return True
