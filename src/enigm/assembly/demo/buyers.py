"""The attack on the shop: with every store open, who bought is looked for everywhere else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table as Shown

from enigm.assembly.demo.joins import find_links
from enigm.assembly.demo.stores import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from enigm.assembly.demo.claims import Ledger
    from enigm.assembly.demo.joins import Link

# Where something stands of what people buy; each knows them by a name of its own.
SHOP_SIDE: Final = ("commerce", "entitlements", "esim", "invoices")
# The operator's own texts and keys, some of them published; and the migrations' bookkeeping.
OF_NOBODY: Final = frozenset(
    {
        "commerce.address_count",
        "commerce.code_key",
        "commerce.code_list",
        "commerce.method_cursor",
        "commerce.ruling_count",
        "commerce.trade_in_force",
        "commerce.trade_text",
        "esim.tally",
        "handles.epoch_key",
    }
)
_ORDERS: Final = "commerce.shop_order"
_FINAL: Final = "final"
_BOOKKEEPING: Final = "schema_version"
# By what each store knows people, and what stands beside it.
_KNOWN_BY: Final = (
    ("accounts", "account", "account_id", ()),
    ("devices", "chain", "owner", ()),
    ("handles", "subject", "subject_id", ()),
    ("messaging", "places", "name", ()),
    ("commerce", "shop_order", "buyer", ("sku", "method", "country", "state")),
    ("entitlements", "entitlement", "holder", ("product", "state")),
    ("esim", "esim", "owner", ("product", "standing")),
)
_SHOWN_BYTES: Final = 4
_BY: Final = ("the same bytes", "a hash", "fine times", "order of coming")


def look_for_buyers(ledger: Ledger, tables: Sequence[Table]) -> None:
    """Show what is held of buyers, and try to join it: with all else, and among itself."""
    _show(ledger, tables)
    sides = [_without_open_locks(table) for table in tables if _is_of_somebody(table)]
    shop = [table for table in sides if table.domain in SHOP_SIDE]
    rest = [table for table in sides if table.domain not in SHOP_SIDE]
    outside = find_links(shop, rest)
    inside = [link for one, other in _pairs(shop) for link in find_links(one, other)]
    domains = ", ".join(sorted({table.domain for table in shop}))
    for by in _BY:
        found = [link for link in (*outside, *inside) if link.by == by]
        ledger.claim(
            f"Who bought cannot be joined with who talks or holds by {by}",
            observed=_summary(found, shop, rest),
            holds=not found and bool(shop) and bool(rest),
        )
    ledger.tell(
        f"Searched: each of {domains} against the others and against every other store, but for "
        "the operator's own texts, keys and counts, which are of nobody. Known, and left aside: an "
        "order that is not final keeps its price lock to the second, and one paid by card its "
        "token, which whoever has all keys could follow (docs/known-limits.md). Where as few buy "
        "as here, product and day are enough for a guess: only a crowd is a remedy."
    )
    _control(ledger, shop, rest)
    _look_for_tokens(ledger, tables)


def _is_of_somebody(table: Table) -> bool:
    is_kept_of_none = table.name == _BOOKKEEPING or f"{table.domain}.{table.name}" in OF_NOBODY
    return bool(table.rows) and not is_kept_of_none


def _without_open_locks(table: Table) -> Table:
    """Leave out the one time that is kept to the second: of orders that are not final."""
    states = values_of([table], f"{_ORDERS}.state")
    columns = tuple(
        replace(column, values=_of_final(column.values, states))
        if column.place == f"{_ORDERS}.expires_at"
        else column
        for column in table.columns
    )
    return replace(table, columns=columns)


def _of_final(values: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
    pairs = zip(values, states, strict=True)
    return tuple(value if state == _FINAL else None for value, state in pairs)


def _pairs(shop: Sequence[Table]) -> Iterator[tuple[list[Table], list[Table]]]:
    by_domain = {name: [table for table in shop if table.domain == name] for name in SHOP_SIDE}
    return combinations([found for found in by_domain.values() if found], 2)


def _show(ledger: Ledger, tables: Sequence[Table]) -> None:
    shown = Shown(title="By which names the stores know people, and what stands beside them")
    for title in ("store", "names (their first bytes)", "beside them"):
        shown.add_column(title, overflow="fold")
    for domain, name, key, others in _KNOWN_BY:
        names = values_of(tables, f"{domain}.{name}.{key}")
        columns = (values_of(tables, f"{domain}.{name}.{other}") for other in others)
        beside = zip(*columns, strict=True)
        told = "; ".join(" ".join(str(value) for value in row) for row in beside)
        shown.add_row(f"{domain}.{name}", ", ".join(map(_short, names)), told)
    ledger.console.print(shown)


def values_of(tables: Iterable[Table], place: str) -> tuple[Any, ...]:
    """Return what a column holds, by its whole name; nothing where there is no such store."""
    columns = (column for table in tables for column in table.columns)
    return next((column.values for column in columns if column.place == place), ())


def _short(name: Any) -> str:
    return name[:_SHOWN_BYTES].hex() if isinstance(name, bytes) else "nobody"


def _summary(links: list[Link], shop: list[Table], rest: list[Table]) -> str:
    if links:
        return "; ".join(f"{link.left} with {link.right}" for link in links[:3])
    bought = sum(len(table.columns) for table in shop)
    others = sum(len(table.columns) for table in rest)
    return f"no match among {bought} x {others} columns, nor among the {bought}"


def _control(ledger: Ledger, shop: list[Table], rest: list[Table]) -> None:
    """Write an account's own name where a buyer's stands, in a copy: that must be found."""
    names = values_of(rest, "accounts.account.account_id")
    planted = Column("commerce", "planted", "buyer", tuple(name * 2 for name in names))
    copy = Table("commerce", "planted", len(names), (planted,), keeps_order=False)
    found = {link.by for link in find_links([*shop, copy], rest)}
    ledger.claim(
        "Control: were a buyer known by the account's name, the search would find it",
        observed="found where it was planted",
        holds="the same bytes" in found,
    )


def _look_for_tokens(ledger: Ledger, tables: Sequence[Table]) -> None:
    """Count what still ties an order to what its buyer holds: tokens, and hashes of them."""
    states, standings, tokens = (
        values_of(tables, f"{_ORDERS}.{name}") for name in ("state", "standing", "token")
    )
    orders = list(zip(states, standings, tokens, strict=True))
    final = [token for state, standing, token in orders if state == standing == _FINAL]
    kept = [token for token in final if token is not None]
    waiting = [token for state, _, token in orders if state != _FINAL and token is not None]
    links = len(values_of(tables, "entitlements.handover.token_hash"))
    ledger.claim(
        "The token between an order and what is held dies when the payment is final",
        observed=f"{len(final)} final: {len(kept)} tokens kept; not final: {len(waiting)} (card)",
        holds=bool(orders) and not kept and links <= len(waiting),
    )
