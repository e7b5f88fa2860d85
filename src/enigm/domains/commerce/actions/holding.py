"""Tell somebody what is kept of their order: each value, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from enigm.domains.commerce.store import orders as store
from enigm.domains.commerce.store.tables import metadata
from enigm.foundation.inventory import End, Retention, declaration_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.commerce.actions.ordering import Ordering
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.model.orders import OwnOrder

_MASKED: Final = "kept, sealed or as a hash"
_ABSENT: Final = "nothing"


@dataclass(frozen=True, slots=True)
class HeldValue:
    """One value of an order's rows: where it stands, what it is, why, and when it goes."""

    place: str
    purpose: str
    value: str
    # Seconds since 1970; None where it goes with something that has no day yet.
    goes_at: int | None
    goes: str


class Holding:
    """Reads the inventory's own declarations beside the rows, so that it cannot say less."""

    def __init__(self, premises: Premises, ordering: Ordering) -> None:
        """Keep what it stands on."""
        self._premises = premises
        self._ordering = ordering

    def what_we_hold(self, own: OwnOrder) -> list[HeldValue]:
        """Return every value of every row that belongs to one's own order."""
        order = self._ordering.own(own)
        held: list[HeldValue] = []
        with self._premises.database.read() as connection:
            for table, row in store.rows_of(connection, order):
                ends_at = row.get("ends_at", order.ends_at)
                held += [
                    _held(column, row[column.name], row, ends_at)
                    for column in metadata.tables[table].columns
                ]
        return held


def _held(
    column: sa.Column[Any], value: object, row: dict[str, Any], order_ends_at: int
) -> HeldValue:
    declared = declaration_of(column)
    return HeldValue(
        f"{column.table.name}.{column.name}",
        declared.purpose,
        _shown(value),
        _goes_at(declared.retention, row, order_ends_at),
        str(declared.retention),
    )


def _shown(value: object) -> str:
    if value is None:
        return _ABSENT
    return _MASKED if isinstance(value, bytes) else str(value)


def _goes_at(retention: Retention, row: dict[str, Any], order_ends_at: int) -> int | None:
    match retention.end:
        case End.AT_COLUMN:
            return row[retention.column]
        case End.SECONDS_AFTER_COLUMN:
            return row[retention.column] + retention.seconds
        case End.EVENT:
            return order_ends_at if retention.event == "the order is erased" else None
        case _:
            return None
