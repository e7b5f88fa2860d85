"""Statements that are made once say and do the same on both engines, as SQLAlchemy's own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from enigm.foundation.database import change_rows, insert_if_absent, insert_row, store_metadata
from enigm.foundation.statements import Prepared

if TYPE_CHECKING:
    from enigm.foundation.database import Database
    from tests.support.databases import OpenDatabase

metadata = store_metadata("cellar")
bottles = sa.Table(
    "bottles",
    metadata,
    sa.Column("label", sa.LargeBinary, primary_key=True),
    sa.Column("grape", sa.String(12), nullable=False),
    sa.Column("year", sa.BigInteger),
    sa.CheckConstraint("year > 1800", name="drinkable"),
)


class Grape(StrEnum):
    RIESLING = "riesling"
    GAMAY = "gamay"


_YOUNGER = Prepared(
    sa.select(bottles)
    .where(bottles.c.year > sa.bindparam("year"), bottles.c.grape == Grape.GAMAY)
    .order_by(bottles.c.year)
    .with_for_update()
)
_ADD = Prepared(bottles.insert())
_AGE = Prepared(
    bottles.update()
    .where(bottles.c.label == sa.bindparam("wanted"))
    .values(year=bottles.c.year - sa.bindparam("years"))
    .returning(bottles.c.year)
)


@pytest.fixture
def cellar(open_database: OpenDatabase) -> Database:
    database = open_database("cellar", metadata)
    years = [(b"\x00a", Grape.GAMAY, 1990), (b"b%", Grape.GAMAY, 2**40), (b"c", Grape.RIESLING, 1)]
    with database.begin() as connection:
        _ADD.run_many(
            connection,
            [
                {"label": label, "grape": grape, "year": max(year, 1950)}
                for label, grape, year in years
            ],
        )
    return database


def test_rows_come_by_name_and_only_those_asked_for(cellar: Database) -> None:
    with cellar.begin() as connection:
        rows = _YOUNGER.all(connection, {"year": 1900})
        assert [(row.label, row.grape, row.year) for row in rows] == [
            (b"\x00a", "gamay", 1990),
            (b"b%", "gamay", 2**40),
        ]
        assert _YOUNGER.first(connection, {"year": 1990}).label == b"b%"
        assert _YOUNGER.first(connection, {"year": 2**41}) is None
        assert _AGE.scalar(connection, {"wanted": b"c", "years": 20}) == 1930
        assert _AGE.scalar(connection, {"wanted": b"d", "years": 20}) is None


def test_what_a_row_does_not_name_stays_empty_and_what_is_changed_is_counted(
    cellar: Database,
) -> None:
    with cellar.begin() as connection:
        insert_row(connection, bottles, {"label": b"d", "grape": Grape.GAMAY})
        assert not insert_if_absent(connection, bottles, {"label": b"d", "grape": "other"})
        key = {"grape": "gamay", "label": b"d"}
        assert change_rows(connection, bottles, key, {"grape": Grape.RIESLING, "year": None}) == 1
        assert change_rows(connection, bottles, key, {"year": 1999}) == 0
    with cellar.read() as connection:
        found = sa.select(bottles.c.grape, bottles.c.year).where(bottles.c.label == b"d")
        assert connection.execute(found).one() == ("riesling", None)


def test_what_the_database_refuses_is_refused_in_the_words_of_sqlalchemy_without_values(
    cellar: Database,
) -> None:
    row = {"label": b"secret", "grape": "gamay", "year": 1700}
    with pytest.raises(exc.IntegrityError) as refused, cellar.begin() as connection:
        _ADD.run(connection, row)
    assert "1700" not in str(refused.value).replace(str(refused.value.orig), "")
