"""Money as it is booked: accounts, entries and transactions that balance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enigm.domains.commerce.model import Currency


class LedgerAccount(StrEnum):
    """The chart of accounts. Debits are positive: assets rise with them, liabilities fall."""

    MONERO = "Assets:Monero"
    BITCOIN = "Assets:Bitcoin"
    ACQUIRER = "Assets:Acquirer"
    # What sellers of printed codes owe for the batches that they took.
    RESELLERS = "Assets:Resellers"
    # Paid, but not sold yet: it may still be taken back.
    DEPOSITS = "Liabilities:Deposits"
    # Owed to buyers: overpaid, late, rejected or refunded.
    REFUNDS = "Liabilities:Refunds"
    # Came for orders that were erased: somebody may still ask for it.
    UNCLAIMED = "Liabilities:Unclaimed"
    # What outstanding codes are worth.
    CODES = "Liabilities:Codes"
    # Codes that were paid for and not collected yet.
    CODES_OWED = "Liabilities:CodesOwed"
    VAT = "Liabilities:VAT"
    SALES = "Income:Sales"
    # Small sums kept or forgiven: rounding and tolerances.
    ROUNDING = "Income:Rounding"
    # Codes that nobody spent in years.
    LAPSED = "Income:Lapsed"
    EXCHANGE = "Equity:Exchange"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a transaction: an integer count of the currency's smallest unit, never 0."""

    account: LedgerAccount
    amount: int
    currency: Currency


@dataclass(frozen=True, slots=True)
class Posting:
    """A transaction to be booked once: ``key`` says which, for ever."""

    key: str
    kind: str
    entries: tuple[Entry, ...]
    # The random name that an order has in the books, while the table that ties it still does.
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """A transaction as the books hold it; the day is in whole days since 1970."""

    txn_id: bytes
    day: int
    kind: str
    reference: bytes | None
    entries: tuple[Entry, ...]
