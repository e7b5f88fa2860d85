"""Catalogues and trade policies as they were signed, and which of them hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from enigm.domains.commerce.store.tables import ruling_count, trade_in_force, trade_text
from enigm.foundation.database import add_to_counter, insert_or_replace

if TYPE_CHECKING:
    from enigm.domains.commerce.model.trade import Outcome


@dataclass(frozen=True, slots=True)
class SignedText:
    """One version of a document."""

    kind: str
    version: int
    text: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedChoice:
    """Which version holds, and as of which change: what is signed names both."""

    kind: str
    version: int
    changes: int
    signature: bytes


def add(connection: sa.Connection, signed: SignedText) -> None:
    """Keep a new version."""
    connection.execute(
        trade_text.insert().values(
            kind=signed.kind,
            version=signed.version,
            text=signed.text,
            signature=signed.signature,
        )
    )


def find(connection: sa.Connection, kind: str, version: int) -> SignedText | None:
    """Return a version."""
    wanted = sa.select(trade_text).where(trade_text.c.kind == kind, trade_text.c.version == version)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else SignedText(row.kind, row.version, row.text, row.signature)


def newest(connection: sa.Connection, kind: str) -> int:
    """Return the highest version, 0 where there is none."""
    wanted = sa.select(sa.func.max(trade_text.c.version)).where(trade_text.c.kind == kind)
    return connection.execute(wanted).scalar() or 0


def choice(connection: sa.Connection, kind: str, *, to_change: bool = False) -> SignedChoice | None:
    """Return which version holds."""
    wanted = sa.select(trade_in_force).where(trade_in_force.c.kind == kind)
    row = connection.execute(wanted.with_for_update() if to_change else wanted).one_or_none()
    if row is None:
        return None
    return SignedChoice(row.kind, row.version, row.changes, row.signature)


def choose(connection: sa.Connection, chosen: SignedChoice) -> None:
    """Let a version hold."""
    row = {
        "kind": chosen.kind,
        "version": chosen.version,
        "changes": chosen.changes,
        "signature": chosen.signature,
    }
    insert_or_replace(connection, trade_in_force, row, key=["kind"])


def count_ruling(connection: sa.Connection, day: int, version: int, outcome: Outcome) -> None:
    """Record a decision: the rules' version and what they came to, nothing else."""
    key = {"day": day, "policy_version": version, "outcome": outcome}
    add_to_counter(connection, ruling_count, key, column="count", amount=1)


def rulings(connection: sa.Connection) -> list[tuple[int, int, str, int]]:
    """Return the counts: day, version, outcome, how often."""
    wanted = sa.select(ruling_count).order_by(ruling_count.c.day, ruling_count.c.policy_version)
    return [tuple(row) for row in connection.execute(wanted)]
