"""Codes as they are kept: keys with two counts each, what was spent, and two public lists.

There is no table of codes. A blind code is not known here before it is spent, and then only by a
keyed hash; a printed one is recognised by its batch's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, Integer, LargeBinary, String, Table

from enigm.domains.commerce.model.codes import CodeKey, KeyKind, KeyState
from enigm.domains.commerce.store.tables import metadata
from enigm.foundation.database import change_rows, insert_if_absent
from enigm.foundation.inventory import Category, kept, until, until_column
from enigm.foundation.statements import Prepared
from enigm.wire.code_coin import KeyNumber
from enigm.wire.signed_chain import ChainLine

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from enigm.foundation.inventory import Retention

_END: Final = until_column("ends_at")
_PUBLIC: Final = until("the service is taken down")
_WORD: Final = String(24)
_HASH: Final = LargeBinary(32)


def _kept(
    name: str, kind: TypeEngine[Any], purpose: str, end: Retention = _END, **options: Any
) -> sa.Column[Any]:
    return kept(Category.COMMERCE, name, kind, purpose, end, **options)


code_key = Table(
    "code_key",
    metadata,
    _kept("number", Integer(), "stands in each code", primary_key=True, autoincrement=False),
    _kept("kind", _WORD, "blind, or a printed batch"),
    _kept("value_cents", BigInteger(), "what each of its codes is worth"),
    _kept("epoch", _WORD, "the quarter, or the batch's name"),
    _kept("seed", LargeBinary(), "makes and recognises its codes, sealed", nullable=True),
    _kept("state", _WORD, "whether its codes can be spent"),
    _kept("issued", BigInteger(), "how many codes there are"),
    _kept("redeemed", BigInteger(), "how many of them were spent"),
    _kept("issue_until", BigInteger(), "when it stops making codes"),
    _kept("redeem_until", BigInteger(), "when its codes lapse", index=True),
    _kept("printed", Integer(), "how many codes a batch on paper has"),
    _kept("ends_at", BigInteger(), "when nothing of it is needed any more", index=True),
    sa.UniqueConstraint("kind", "value_cents", "epoch"),
    # The last word where a key has leaked: nobody spends more codes than were sold.
    CheckConstraint("redeemed <= issued AND redeemed >= 0", name="solvent"),
)

code_spent = Table(
    "code_spent",
    metadata,
    _kept("nullifier", _HASH, "a code is spent once, by a keyed hash", primary_key=True),
    _kept("ends_at", BigInteger(), "when its key lapsed long ago", index=True),
    sqlite_with_rowid=False,
)

code_answer = Table(
    "code_answer",
    metadata,
    _kept("request_hash", _HASH, "the same request gets the same answer", primary_key=True),
    _kept("content_hash", _HASH, "another one of the same name gets none"),
    _kept("answer", LargeBinary(), "signatures that were lost on the way"),
    _kept("ends_at", BigInteger(), "a client asks again within a day, or not at all", index=True),
    sqlite_with_rowid=False,
)

code_list = Table(
    "code_list",
    metadata,
    _kept("list", _WORD, "keys or totals", _PUBLIC, primary_key=True),
    _kept("position", Integer(), "its line", _PUBLIC, primary_key=True, autoincrement=False),
    _kept("line", String(), "what was published", _PUBLIC),
    _kept("signature", LargeBinary(64), "that it was us", _PUBLIC),
)


_KEYS: Final = Prepared(sa.select(code_key).order_by(code_key.c.number))
_KEY: Final = Prepared(sa.select(code_key).where(code_key.c.number == sa.bindparam("wanted")))
_KEY_TO_CHANGE: Final = Prepared(
    sa.select(code_key).where(code_key.c.number == sa.bindparam("wanted")).with_for_update()
)
_ANSWER: Final = Prepared(
    sa.select(code_answer).where(code_answer.c.request_hash == sa.bindparam("wanted"))
)
_COUNT_ISSUED: Final = Prepared(
    code_key.update()
    .where(
        code_key.c.number == sa.bindparam("wanted"),
        code_key.c.kind == KeyKind.BLIND,
        code_key.c.state == KeyState.ACTIVE,
        code_key.c.issue_until > sa.bindparam("now"),
    )
    .values(issued=code_key.c.issued + sa.bindparam("more"))
)
_COUNT_REDEEMED: Final = Prepared(
    code_key.update()
    .where(
        code_key.c.number == sa.bindparam("wanted"),
        code_key.c.state == KeyState.ACTIVE,
        code_key.c.redeem_until > sa.bindparam("now"),
        code_key.c.redeemed < code_key.c.issued,
    )
    .values(redeemed=code_key.c.redeemed + 1)
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with its sealed seed and its end."""

    key: CodeKey
    seed: bytes | None
    ends_at: int


def add_key(connection: sa.Connection, row: KeyRow) -> bool:
    """Write a new key, unless there is one of this value and epoch."""
    key = row.key
    return insert_if_absent(
        connection,
        code_key,
        {
            "number": key.number,
            "kind": key.kind,
            "value_cents": key.value_cents,
            "epoch": key.epoch,
            "seed": row.seed,
            "state": key.state,
            "issued": key.issued,
            "redeemed": key.redeemed,
            "issue_until": key.issue_until,
            "redeem_until": key.redeem_until,
            "printed": key.printed,
            "ends_at": row.ends_at,
        },
    )


def highest_number(connection: sa.Connection) -> int:
    """Return the highest key number ever listed; the list remembers what the keys forget."""
    counted = sa.select(sa.func.count()).where(code_list.c.list == "keys")
    return connection.execute(counted).scalar_one()


def keys(connection: sa.Connection) -> list[KeyRow]:
    """Return every key, by number."""
    return [_key(row) for row in _KEYS.all(connection, {})]


def find_key(connection: sa.Connection, number: int, *, to_change: bool = False) -> KeyRow | None:
    """Return a key by its number."""
    wanted = _KEY_TO_CHANGE if to_change else _KEY
    row = wanted.first(connection, {"wanted": number})
    return None if row is None else _key(row)


def count_issued(connection: sa.Connection, number: KeyNumber, count: int, now: int) -> bool:
    """Add to what a key has made; say whether it may still make codes."""
    values = {"wanted": number, "more": count, "now": now}
    return _COUNT_ISSUED.run(connection, values) == 1


def count_redeemed(connection: sa.Connection, number: KeyNumber, now: int) -> bool:
    """Add a spent code to its key; say whether the key's codes can be spent."""
    return _COUNT_REDEEMED.run(connection, {"wanted": number, "now": now}) == 1


def set_key(connection: sa.Connection, number: int, values: dict[str, Any]) -> None:
    """Change a key."""
    change_rows(connection, code_key, {"number": number}, values)


def is_first_spending(connection: sa.Connection, nullifier: bytes, ends_at: int) -> bool:
    """Note a code as spent; say whether it was not."""
    return insert_if_absent(connection, code_spent, {"nullifier": nullifier, "ends_at": ends_at})


def answer_to(connection: sa.Connection, request_hash: bytes) -> Any | None:
    """Return what a request was answered, within its day."""
    return _ANSWER.first(connection, {"wanted": request_hash})


def keep_answer(
    connection: sa.Connection, request_hash: bytes, content_hash: bytes, answer: bytes, ends_at: int
) -> bool:
    """Keep an answer for a day; say whether the request was new."""
    row = {
        "request_hash": request_hash,
        "content_hash": content_hash,
        "answer": answer,
        "ends_at": ends_at,
    }
    return insert_if_absent(connection, code_answer, row)


def lines(connection: sa.Connection, name: str) -> list[ChainLine]:
    """Return a public list."""
    wanted = code_list.select().where(code_list.c.list == name).order_by(code_list.c.position)
    return [ChainLine(row.line, row.signature) for row in connection.execute(wanted)]


def add_line(connection: sa.Connection, name: str, position: int, line: ChainLine) -> bool:
    """Write a list's next line, unless another process was quicker."""
    row = {"list": name, "position": position, "line": line.text, "signature": line.signature}
    return insert_if_absent(connection, code_list, row)


def _key(row: Any) -> KeyRow:
    key = CodeKey(
        KeyNumber(row.number),
        KeyKind(row.kind),
        row.value_cents,
        row.epoch,
        KeyState(row.state),
        row.issued,
        row.redeemed,
        row.issue_until,
        row.redeem_until,
        row.printed,
    )
    return KeyRow(key, row.seed, row.ends_at)
