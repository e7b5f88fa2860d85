"""What delivery keeps: logs of ciphertext, hashes of the secrets that open them, spent tokens."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from enigm.domains.messaging.model import (
    UNUSED_PLACE_SECONDS,
    Epoch,
    Place,
    PlaceName,
    PlaceNumber,
)
from enigm.foundation.database import ROW_NUMBER, insert_if_absent, store_metadata
from enigm.foundation.inventory import Category, declares, seconds_after, until, until_column
from enigm.foundation.stores import StoreDesign

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Measured with records of 1 KiB: 1.21 bytes kept per byte of body against 1.48 with pages of
# 4 KiB, and single writes a third cheaper than with pages of 16 KiB.
PAGE_BYTES: Final = 8192
# One look at the log reads the lengths of so many records, then the bodies that fit.
READ_ROWS_MAX: Final = 512
# Both engines count in signed 64 bits; no log comes this far.
SEQ_MAX: Final = 2**63 - 1

metadata = store_metadata("messaging")

_UNUSED = seconds_after("used_at", UNUSED_PLACE_SECONDS)
_KEY_ROTATION = until("the key that signs tokens is replaced")


def _kept(purpose: str, category: Category = Category.DELIVERY) -> dict[Any, Any]:
    return declares(category, purpose, until_column("expires_at"))


def _of_place(purpose: str) -> dict[Any, Any]:
    return declares(Category.DELIVERY, purpose, _UNUSED)


def _spent(purpose: str) -> dict[Any, Any]:
    return declares(Category.ABUSE_PREVENTION, purpose, _KEY_ROTATION)


_places = Table(
    "places",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True, info=_of_place("short name for other tables")),
    Column("name", LargeBinary, unique=True, nullable=False, info=_of_place("finds the log")),
    Column("epoch", BigInteger, nullable=False, info=_of_place("orders commits")),
    Column("token_hash", LargeBinary, nullable=False, info=_of_place("recognises a member")),
    Column("epoch_after_seq", BigInteger, nullable=False, info=_of_place("where the epoch began")),
    Column("last_seq", BigInteger, nullable=False, info=_of_place("orders records")),
    Column("used_at", BigInteger, nullable=False, info=_of_place("forgets what nobody uses")),
)
_past_epochs = Table(
    "past_epochs",
    metadata,
    Column("place", BigInteger, primary_key=True, info=_kept("the log")),
    Column("epoch", BigInteger, primary_key=True, info=_kept("the epoch")),
    Column("token_hash", LargeBinary, nullable=False, info=_kept("recognises a member of then")),
    Column("after_seq", BigInteger, nullable=False, info=_kept("where the epoch began")),
    Column("last_seq", BigInteger, nullable=False, info=_kept("the commit that ended it")),
    Column("expires_at", BigInteger, nullable=False, info=_kept("forgets the epoch")),
    sqlite_with_rowid=False,
)
_records = Table(
    "records",
    metadata,
    # Rows lie in the order of writing, so one commit touches few pages.
    Column("number", ROW_NUMBER, primary_key=True, info=_kept("keeps the order of writing")),
    Column("place", BigInteger, nullable=False, info=_kept("the log")),
    Column("seq", BigInteger, nullable=False, info=_kept("the place in the log")),
    Column("expires_at", BigInteger, nullable=False, info=_kept("forgets the record")),
    Column(
        "body",
        LargeBinary,
        nullable=False,
        info=_kept("padded ciphertext for the members", Category.CONTENT_SEALED),
    ),
    Index("ix_records_place_seq", "place", "seq", unique=True),
    Index("ix_records_expires_at", "expires_at"),
)
_acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("place", BigInteger, primary_key=True, info=_kept("the log")),
    Column("idempotency", LargeBinary, primary_key=True, info=_kept("recognises a retry")),
    Column("seq", BigInteger, nullable=False, info=_kept("the first answer")),
    Column("expires_at", BigInteger, nullable=False, info=_kept("forgets the key")),
    sqlite_with_rowid=False,
)
_spent_tokens = Table(
    "spent_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, info=_spent("a token is used once")),
    Column("bound_to", LargeBinary, nullable=False, info=_spent("lets the same use be retried")),
    sqlite_with_rowid=False,
)

# Every message passes lock_places, add_… and save_places: these speak to the driver on SQLAlchemy's
# connection, which costs a third of executing through it (docs/benchmarks-delivery.md).

DESIGN: Final = StoreDesign(
    metadata, Path(__file__).parent / "migrations" / "versions", page_bytes=PAGE_BYTES
)


def lock_places(connection: sa.Connection, names: Iterable[PlaceName]) -> dict[PlaceName, Place]:
    """Return these places as they stand; on PostgreSQL nobody else changes them meanwhile."""
    wanted = list(names)
    marks = ", ".join([_mark(connection)] * len(wanted))
    columns = "number, name, epoch, token_hash, epoch_after_seq, last_seq, used_at"
    # In one order everywhere, or two writers could wait for each other.
    statement = f"SELECT {columns} FROM places WHERE name IN ({marks}) ORDER BY number"  # noqa: S608 - no value is in the text
    if connection.dialect.name == "postgresql":
        statement += " FOR UPDATE"
    cursor = connection.connection.cursor()
    cursor.execute(statement, wanted)
    return {PlaceName(row[1]): Place(*row) for row in cursor.fetchall()}


def past_hash(connection: sa.Connection, place: PlaceNumber, epoch: int) -> bytes | None:
    """Return the hash of the token of an epoch that has ended, if it is remembered."""
    row = connection.execute(_FIND_PAST, {"place": place, "epoch": epoch}).one_or_none()
    return None if row is None else row.token_hash


def find_epoch(connection: sa.Connection, name: PlaceName, epoch: int) -> Epoch | None:
    """Return an epoch of a place, whether it has ended or not."""
    found = connection.execute(_FIND_PLACES, {"names": [name]}).one_or_none()
    if found is None:
        return None
    place = Place(*found)
    after_seq, last_seq, token_hash = place.epoch_after_seq, None, place.token_hash
    if epoch != place.epoch:
        past = connection.execute(_FIND_PAST, {"place": place.number, "epoch": epoch}).one_or_none()
        if past is None:
            return None
        after_seq, last_seq, token_hash = past.after_seq, past.last_seq, past.token_hash
    return Epoch(
        place.number, epoch, token_hash, after_seq, last_seq, place.last_seq, place.used_at
    )


def acknowledged(connection: sa.Connection, place: PlaceNumber, idempotency: bytes) -> int | None:
    """Return the sequence number that this key was answered with before."""
    found = {"place": place, "idempotency": idempotency}
    return connection.execute(_FIND_ACKNOWLEDGEMENT, found).scalar_one_or_none()


def add_acknowledgements(
    connection: sa.Connection, rows: Sequence[tuple[PlaceNumber, bytes, int, int]]
) -> int:
    """Remember (place, idempotency, seq, expires_at); return how many keys were new."""
    return _insert_many(connection, _acknowledgements, rows, or_ignore=True)


def add_records(
    connection: sa.Connection, rows: Sequence[tuple[PlaceNumber, int, int, bytes]]
) -> None:
    """Append (place, seq, expires_at, body)."""
    _insert_many(connection, _records, rows, skip="number")


def add_past_epochs(connection: sa.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Remember (place, epoch, token_hash, after_seq, last_seq, expires_at)."""
    _insert_many(connection, _past_epochs, rows)


def save_places(connection: sa.Connection, places: Iterable[Place]) -> None:
    """Write back places that were locked in the same transaction."""
    mark = _mark(connection)
    connection.connection.cursor().executemany(
        f"UPDATE places SET epoch = {mark}, token_hash = {mark}, epoch_after_seq = {mark}, "  # noqa: S608 - no value is in the text
        f"last_seq = {mark}, used_at = {mark} WHERE number = {mark}",
        [
            (p.epoch, p.token_hash, p.epoch_after_seq, p.last_seq, p.used_at, p.number)
            for p in places
        ],
    )


def add_place(connection: sa.Connection, name: PlaceName, token_hash: bytes, used_at: int) -> bool:
    """Make an empty place at epoch 0; False where the name is taken."""
    # Numbers given out one after the other would say in which order places were made, and so
    # which inbox came with which account. These follow from the name, which is random.
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big") >> 1
    row = {"number": number, "name": name, "token_hash": token_hash, "used_at": used_at}
    return insert_if_absent(
        connection, _places, row | {"epoch": 0, "epoch_after_seq": 0, "last_seq": 0}
    )


def touch_place(connection: sa.Connection, name: PlaceName, used_at: int) -> None:
    """Note that a place was used on this day."""
    connection.execute(
        sa.update(_places)
        .where(_places.c.name == name, _places.c.used_at < used_at)
        .values(used_at=used_at)
    )


def delete_records(connection: sa.Connection, place: PlaceNumber, up_to_seq: int) -> None:
    """Erase the records of a place up to and with this one."""
    connection.execute(
        sa.delete(_records).where(_records.c.place == place, _records.c.seq <= up_to_seq)
    )


def delete_place(connection: sa.Connection, place: PlaceNumber) -> None:
    """Erase a place and everything that was kept for it."""
    for table in (_records, _acknowledgements, _past_epochs):
        connection.execute(sa.delete(table).where(table.c.place == place))
    connection.execute(sa.delete(_places).where(_places.c.number == place))


def spend(connection: sa.Connection, token_hash: bytes, bound_to: bytes) -> bool:
    """Mark a token as spent for one use; False where it was spent for another."""
    row = {"token_hash": token_hash, "bound_to": bound_to}
    if insert_if_absent(connection, _spent_tokens, row):
        return True
    query = sa.select(_spent_tokens.c.bound_to).where(_spent_tokens.c.token_hash == token_hash)
    return connection.execute(query).scalar_one() == bound_to


def read_records(
    connection: sa.Connection, epoch: Epoch, after_seq: int, limit_bytes: int, now_seconds: int
) -> list[tuple[int, bytes]]:
    """Return (seq, body) in order: at least one if there is one, and else what fits the limit.

    Where the epoch goes on as far as the caller knows, later epochs' records may follow.
    """
    bounds = {
        "place": epoch.place,
        "after": max(after_seq, epoch.after_seq),
        "last": SEQ_MAX if epoch.last_seq is None else epoch.last_seq,
        "now": now_seconds,
    }
    last_seq, total_bytes = None, 0
    for seq, length_bytes in connection.execute(_READ_LENGTHS, bounds):
        if last_seq is not None and total_bytes + length_bytes > limit_bytes:
            break
        last_seq, total_bytes = seq, total_bytes + length_bytes
    if last_seq is None:
        return []
    rows = connection.execute(_READ_BODIES, bounds | {"last": last_seq})
    return [(seq, body) for seq, body in rows]


def last_seqs(connection: sa.Connection, places: Iterable[PlaceNumber]) -> dict[PlaceNumber, int]:
    """Return how far these logs have come."""
    query = sa.select(_places.c.number, _places.c.last_seq)
    rows = connection.execute(query.where(_places.c.number.in_(list(places))))
    return {PlaceNumber(number): last_seq for number, last_seq in rows}


_FIND_PLACES = (
    sa.select(_places)
    .where(_places.c.name.in_(sa.bindparam("names", expanding=True)))
    .order_by(_places.c.number)
)
_FIND_PAST = sa.select(_past_epochs).where(
    _past_epochs.c.place == sa.bindparam("place"), _past_epochs.c.epoch == sa.bindparam("epoch")
)
_FIND_ACKNOWLEDGEMENT = sa.select(_acknowledgements.c.seq).where(
    _acknowledgements.c.place == sa.bindparam("place"),
    _acknowledgements.c.idempotency == sa.bindparam("idempotency"),
)
_IN_RANGE = (
    _records.c.place == sa.bindparam("place"),
    _records.c.seq > sa.bindparam("after"),
    _records.c.seq <= sa.bindparam("last"),
    _records.c.expires_at > sa.bindparam("now"),
)
_READ_LENGTHS = (
    sa.select(_records.c.seq, sa.func.length(_records.c.body))
    .where(*_IN_RANGE)
    .order_by(_records.c.seq)
    .limit(READ_ROWS_MAX)
)
_READ_BODIES = sa.select(_records.c.seq, _records.c.body).where(*_IN_RANGE).order_by(_records.c.seq)


def _mark(connection: sa.Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _insert_many(
    connection: sa.Connection,
    table: Table,
    rows: Sequence[tuple[Any, ...]],
    *,
    skip: str = "",
    or_ignore: bool = False,
) -> int:
    statement = _insert_statement(_mark(connection), table, skip, or_ignore=or_ignore)
    cursor = connection.connection.cursor()
    cursor.executemany(statement, rows)
    return cursor.rowcount


@lru_cache
def _insert_statement(mark: str, table: Table, skip: str, *, or_ignore: bool) -> str:
    names = [column.name for column in table.columns if column.name != skip]
    marks = ", ".join([mark] * len(names))
    ending = " ON CONFLICT DO NOTHING" if or_ignore else ""
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}){ending}"  # noqa: S608 - names of our own tables
