"""What a provider is still to be told: that a profile ends. It names no holder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from enigm.domains.esim.model import Iccid
from enigm.domains.esim.store import tables

if TYPE_CHECKING:
    from enigm.foundation.sealing import ColumnSeal

# A provider that is away for a month is told by other means.
TRIED_SECONDS_MAX: Final = 30 * 86_400
LEASE_SECONDS: Final = 60
RETRY_SECONDS_MAX: Final = 6 * 3600
BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class Cancellation:
    """One profile that ends."""

    cancellation_id: bytes
    provider: str
    iccid: Iccid = field(repr=False)
    attempts: int


class CancellationRecords:
    """The table of cancellations inside one transaction."""

    def __init__(self, connection: sa.Connection, seal: ColumnSeal) -> None:
        """Keep the connection and the key."""
        self._connection = connection
        self._seal = seal

    def add(self, cancellation_id: bytes, provider: str, iccid: Iccid, now_seconds: int) -> None:
        """Note a profile that ends, to be told at once."""
        row = {
            "cancellation_id": cancellation_id,
            "provider": provider,
            "iccid": self._seal.seal(iccid.encode(), cancellation_id),
            "attempts": 0,
            "due_at": now_seconds,
            "ends_at": now_seconds + TRIED_SECONDS_MAX,
        }
        self._connection.execute(tables.cancellation.insert().values(row))

    def claim(self, now_seconds: int) -> list[Cancellation]:
        """Take what is due for the length of a lease, so that nobody else tells it meanwhile."""
        c = tables.cancellation.c
        due = (
            sa.select(c.cancellation_id)
            .where(c.due_at <= now_seconds)
            .order_by(c.due_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        claimed = (
            tables.cancellation.update()
            .where(c.cancellation_id.in_(due))
            .values(due_at=now_seconds + LEASE_SECONDS, attempts=c.attempts + 1)
            .returning(c.cancellation_id, c.provider, c.iccid, c.attempts)
        )
        return [
            Cancellation(
                row.cancellation_id,
                row.provider,
                Iccid(self._seal.open(row.iccid, row.cancellation_id).decode()),
                row.attempts,
            )
            for row in self._connection.execute(claimed).all()
        ]

    def postpone(self, cancellation: Cancellation, now_seconds: int) -> None:
        """Try again later: after 1, 2, 4 … minutes, at most some hours."""
        wait = min(60 * 2 ** min(cancellation.attempts - 1, 20), RETRY_SECONDS_MAX)
        one = tables.cancellation.c.cancellation_id == cancellation.cancellation_id
        due_at = now_seconds + wait
        self._connection.execute(tables.cancellation.update().where(one).values(due_at=due_at))

    def delete(self, cancellation: Cancellation) -> None:
        """Forget it: the provider was told."""
        one = tables.cancellation.c.cancellation_id == cancellation.cancellation_id
        self._connection.execute(tables.cancellation.delete().where(one))

    def count(self) -> int:
        """Return how many wait."""
        wanted = sa.select(sa.func.count()).select_from(tables.cancellation)
        return self._connection.execute(wanted).scalar_one()
