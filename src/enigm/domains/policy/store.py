"""What policy keeps: signed texts, which is in force for whom, and the facts of past decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from enigm.domains.policy.model import PolicyVersion, Remembered, Standing
from enigm.foundation.database import (
    ROW_NUMBER,
    insert_if_absent,
    insert_or_replace,
    store_metadata,
)
from enigm.foundation.inventory import Category, declares, seconds_after, until
from enigm.foundation.stores import StoreDesign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

metadata = store_metadata("policy")
# Dry runs look back a month: long enough to see each operation, short enough to forget.
DECISION_SECONDS = 30 * 86_400
_DECISION_END = seconds_after("at", DECISION_SECONDS)
_POLICY_END = until("the policy is removed")


def _of_policy(purpose: str) -> dict[Any, Any]:
    return declares(Category.OPERATIONS, purpose, _POLICY_END)


def _of_decision(purpose: str) -> dict[Any, Any]:
    return declares(Category.OPERATIONS, purpose, _DECISION_END)


def _assigned(purpose: str) -> dict[Any, Any]:
    return declares(Category.OPERATIONS, purpose, until("it is assigned anew"))


policy_version = sa.Table(
    "policy_version",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True, info=_of_policy("which policy this is")),
    sa.Column(
        "version",
        sa.BigInteger,
        primary_key=True,
        autoincrement=False,
        info=_of_policy("which text of it"),
    ),
    sa.Column("text", sa.Text, nullable=False, info=_of_policy("what is allowed")),
    sa.Column("signature", sa.LargeBinary, nullable=False, info=_of_policy("proves who wrote it")),
)

in_force = sa.Table(
    "in_force",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True, info=_of_policy("which policy")),
    sa.Column(
        "version", sa.BigInteger, nullable=False, info=_of_policy("which text of it decides")
    ),
)

standing = sa.Table(
    "standing",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, info=_of_policy("there is one statement")),
    sa.Column(
        "number",
        sa.BigInteger,
        nullable=False,
        info=_of_policy("an older statement is noticed by it"),
    ),
    sa.Column(
        "signature",
        sa.LargeBinary,
        nullable=False,
        info=_of_policy("proves what is in force for whom"),
    ),
)

assignment = sa.Table(
    "assignment",
    metadata,
    sa.Column(
        "handle",
        sa.LargeBinary(20),
        primary_key=True,
        info=_assigned("whose policy it is, by handle"),
    ),
    sa.Column("name", sa.String(32), nullable=False, info=_assigned("which policy decides")),
)

decision = sa.Table(
    "decision",
    metadata,
    sa.Column(
        "number", ROW_NUMBER, primary_key=True, info=_of_decision("tells past decisions apart")
    ),
    sa.Column(
        "at", sa.BigInteger, nullable=False, info=_of_decision("when dry runs stop seeing it")
    ),
    sa.Column("operation", sa.String(64), nullable=False, info=_of_decision("what was decided")),
    sa.Column(
        "context", sa.LargeBinary, nullable=False, info=_of_decision("the facts, nobody's name")
    ),
    sa.Column(
        "allowed", sa.Integer, nullable=False, info=_of_decision("what a dry run compares with")
    ),
    sa.Column("policies", sa.Text, info=_of_decision("which texts decided, for who explains")),
)

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")


def newest_version(connection: sa.Connection, name: str) -> int:
    """Return the newest version's number, 0 where there is none."""
    wanted = sa.select(sa.func.max(policy_version.c.version)).where(policy_version.c.name == name)
    return connection.execute(wanted).scalar() or 0


def versions(connection: sa.Connection) -> list[tuple[str, int]]:
    """Return the name and number of every text, the newest of each first."""
    c = policy_version.c
    wanted = sa.select(c.name, c.version).order_by(c.name, c.version.desc())
    return [(row.name, row.version) for row in connection.execute(wanted)]


def keep_version(connection: sa.Connection, kept: PolicyVersion) -> None:
    """Write a signed text."""
    connection.execute(
        policy_version.insert().values(
            name=kept.name, version=kept.version, text=kept.text, signature=kept.signature
        )
    )


def find_version(connection: sa.Connection, name: str, version: int) -> PolicyVersion | None:
    """Return a signed text."""
    row = connection.execute(
        policy_version.select().where(
            policy_version.c.name == name, policy_version.c.version == version
        )
    ).first()
    return PolicyVersion(row.name, row.version, row.text, row.signature) if row else None


def begin_policy(connection: sa.Connection, first: PolicyVersion) -> None:
    """Write a policy's first version and let it decide, unless another process just did."""
    text = {"text": first.text, "signature": first.signature}
    name = {"name": first.name, "version": first.version}
    insert_if_absent(connection, policy_version, name | text)
    insert_if_absent(connection, in_force, name)


def put_in_force(connection: sa.Connection, name: str, version: int) -> None:
    """Let this version decide from now on."""
    insert_or_replace(connection, in_force, {"name": name, "version": version}, key=["name"])


def assign(connection: sa.Connection, handle: bytes, name: str) -> None:
    """Let a policy decide for a handle."""
    insert_or_replace(connection, assignment, {"handle": handle, "name": name}, key=["handle"])


def find_standing(
    connection: sa.Connection, *, to_change: bool = False
) -> tuple[Standing, bytes] | None:
    """Return what the rows say is in force for whom, and the signature that must cover it.

    Read in order to be changed, it is locked: of two changes at once the second sees the first.
    Else it is read again until no change came in between, which would be half old, half new.
    """
    wanted = standing.select()
    row = connection.execute(wanted.with_for_update() if to_change else wanted).first()
    while row is not None:
        found = _standing(connection, row.number)
        after = connection.execute(wanted).first()
        if after == row:
            return found, row.signature
        row = after
    return None


def rows_alone(connection: sa.Connection) -> Standing:
    """Return what the rows say where no statement covers them; its number is 0."""
    return _standing(connection, 0)


def begin_standing(connection: sa.Connection, number: int, signature: bytes) -> None:
    """Write the first statement, unless another process just did."""
    insert_if_absent(connection, standing, {"id": 1, "number": number, "signature": signature})


def keep_standing(connection: sa.Connection, number: int, signature: bytes) -> None:
    """Write the statement that covers the rows as they stand in this transaction."""
    row = {"id": 1, "number": number, "signature": signature}
    insert_or_replace(connection, standing, row, key=["id"])


def _standing(connection: sa.Connection, number: int) -> Standing:
    versions = connection.execute(sa.select(in_force.c.name, in_force.c.version))
    handles = connection.execute(sa.select(assignment.c.handle, assignment.c.name))
    return Standing(
        number,
        {row.name: row.version for row in versions},
        {row.handle: row.name for row in handles},
    )


def keep_decisions(connection: sa.Connection, batch: Sequence[Remembered]) -> None:
    """Remember the facts of decisions for dry runs."""
    rows = [
        {
            "at": each.at,
            "operation": each.operation,
            "context": each.context,
            "allowed": int(each.is_allowed),
            "policies": each.policies,
        }
        for each in batch
    ]
    connection.execute(decision.insert(), rows)


def decisions(connection: sa.Connection) -> Iterator[Remembered]:
    """Yield past decisions in order."""
    for row in connection.execute(decision.select().order_by(decision.c.number)):
        yield _remembered(row)


def newest_decisions(connection: sa.Connection, count: int) -> list[tuple[int, Remembered]]:
    """Return the newest decisions with their numbers, newest first."""
    wanted = decision.select().order_by(decision.c.number.desc()).limit(count)
    return [(row.number, _remembered(row)) for row in connection.execute(wanted)]


def find_decision(connection: sa.Connection, number: int) -> Remembered | None:
    """Return one past decision."""
    row = connection.execute(decision.select().where(decision.c.number == number)).first()
    return _remembered(row) if row else None


def _remembered(row: sa.Row[Any]) -> Remembered:
    return Remembered(row.at, row.operation, row.context, bool(row.allowed), row.policies or "")
