"""Statements that are made once and run by the driver, for what happens all the time."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import exc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Values = Mapping[str, Any]


class Prepared:
    """A statement that is compiled once for each engine and then run by the driver alone.

    Through SQLAlchemy a statement takes 0.1 to 0.3 ms, and a third of that is making it; this
    way it takes 0.02 (docs/benchmarks-commerce.md). Values go in by the names of bound parameters;
    rows come out as named tuples of what the driver gives: int, str, bytes or None. So it serves
    our plain columns, and no list whose length is not known. Errors are SQLAlchemy's own.
    """

    __slots__ = ("_made", "_names", "_statement")

    def __init__(self, statement: sa.ClauseElement, names: Iterable[str] | None = None) -> None:
        """Keep the statement; ``names`` are the columns it sets, where values do not say so."""
        self._statement = statement
        self._names = None if names is None else tuple(names)
        self._made: dict[str, _Made] = {}

    def run(self, connection: sa.Connection, values: Values) -> int:
        """Change rows; return how many."""
        made = self._for(connection.dialect)
        return made.execute(connection, made.arguments(values)).rowcount

    def run_many(self, connection: sa.Connection, rows: Iterable[Values]) -> None:
        """Change rows with each of these values."""
        made = self._for(connection.dialect)
        made.execute(connection, [made.arguments(values) for values in rows], is_many=True)

    def all(self, connection: sa.Connection, values: Values) -> list[Any]:
        """Return every row."""
        made = self._for(connection.dialect)
        rows = made.execute(connection, made.arguments(values)).fetchall()
        return [made.row(*row) for row in rows]

    def first(self, connection: sa.Connection, values: Values) -> Any | None:
        """Return the first row, None where there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def scalar(self, connection: sa.Connection, values: Values) -> Any | None:
        """Return the first row's first value, None where there is no row."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def _for(self, dialect: sa.Dialect) -> _Made:
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _make(self._statement, self._names, dialect)
        return made


@dataclass(frozen=True, slots=True)
class _Made:
    """A statement's text for one engine, and how its driver takes values and gives rows."""

    text: str
    arguments: Callable[[Values], Any]
    row: Callable[..., Any]
    error: type[Exception]

    def execute(self, connection: sa.Connection, arguments: Any, *, is_many: bool = False) -> Any:
        cursor: Any = connection.connection.cursor()
        try:
            (cursor.executemany if is_many else cursor.execute)(self.text, arguments)
        except self.error as error:
            # Without the values: whoever reads a log has no business with them.
            raise exc.DBAPIError.instance(
                self.text, None, error, self.error, hide_parameters=True, dialect=connection.dialect
            ) from error
        return cursor


def _make(statement: sa.ClauseElement, names: Sequence[str] | None, dialect: sa.Dialect) -> _Made:
    compiled: Any = statement.compile(dialect=dialect, column_keys=names)
    assert not compiled.post_compile_params, "a list of unknown length has no text of its own"
    assert not compiled.insert_prefetch, "a column's default is the database's, or written out"
    columns = [column.name for column in getattr(statement, "exported_columns", ())]
    driver: Any = dialect.loaded_dbapi
    return _Made(str(compiled), _arguments(compiled), _row(columns), driver.Error)


def _row(columns: Sequence[str]) -> Any:
    # Its fields are known only when the statement is, so it cannot be a class that is written out.
    make: Any = namedtuple  # noqa: PYI024 - see above
    return make("row", columns, rename=True)


def _arguments(compiled: Any) -> Callable[[Values], Any]:
    """Return how values are put for the driver: in order for SQLite, by name for PostgreSQL."""
    fixed = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
    order: list[str] | None = compiled.positiontup

    def arguments(values: Values) -> Any:
        whole = {**fixed, **values} if fixed else values
        return whole if order is None else [whole[name] for name in order]

    return arguments
