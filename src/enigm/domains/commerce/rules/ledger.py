"""How money is booked, and how the books are written out for an outside judge (beancount)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model import PLACES, Currency, MethodName
from enigm.domains.commerce.model.ledger import Entry, LedgerAccount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from enigm.domains.commerce.model.ledger import Booked

SECONDS_PER_DAY: Final = 86_400
_ASSETS: Final = {
    MethodName.MONERO: LedgerAccount.MONERO,
    MethodName.BITCOIN: LedgerAccount.BITCOIN,
    MethodName.CARD: LedgerAccount.ACQUIRER,
    MethodName.CODE: LedgerAccount.CODES,
}


def asset_of(method: MethodName) -> LedgerAccount:
    """Return where a method's money lies."""
    return _ASSETS[method]


def received(
    method: MethodName, currency: Currency, amount: int, worth_cents: int
) -> tuple[Entry, ...]:
    """Book money that came in, as a deposit in EUR; negative amounts take it back."""
    return _entries(
        (_ASSETS[method], amount, currency),
        *_exchange(amount, currency, worth_cents),
        (LedgerAccount.DEPOSITS, -worth_cents, Currency.EUR),
    )


def sold(price_cents: int, vat_cents: int, deposit_cents: int) -> tuple[Entry, ...]:
    """Book a sale against its deposit; what was forgiven or is too little to return is rounding."""
    return _entries(
        (LedgerAccount.DEPOSITS, deposit_cents, Currency.EUR),
        (LedgerAccount.SALES, -(price_cents - vat_cents), Currency.EUR),
        (LedgerAccount.VAT, -vat_cents, Currency.EUR),
        (LedgerAccount.ROUNDING, price_cents - deposit_cents, Currency.EUR),
    )


def owed_as_codes(price_cents: int, deposit_cents: int) -> tuple[Entry, ...]:
    """Book a sale of codes: no income and no tax until they are spent (multi-purpose voucher)."""
    return _entries(
        (LedgerAccount.DEPOSITS, deposit_cents, Currency.EUR),
        (LedgerAccount.CODES_OWED, -price_cents, Currency.EUR),
        (LedgerAccount.ROUNDING, price_cents - deposit_cents, Currency.EUR),
    )


def owed(cents: int) -> tuple[Entry, ...]:
    """Book a part of a deposit as owed to its payer."""
    return _entries(
        (LedgerAccount.DEPOSITS, cents, Currency.EUR),
        (LedgerAccount.REFUNDS, -cents, Currency.EUR),
    )


def returned(
    method: MethodName, currency: Currency, amount: int, worth_cents: int
) -> tuple[Entry, ...]:
    """Book money that was sent back."""
    return _entries(
        (LedgerAccount.REFUNDS, worth_cents, Currency.EUR),
        *_exchange(-amount, currency, -worth_cents),
        (_ASSETS[method], -amount, currency),
    )


def is_balanced(entries: Iterable[Entry]) -> bool:
    """Say whether there are entries, none of them 0, that come to 0 in every currency."""
    sums: dict[Currency, int] = {}
    for entry in entries:
        if entry.amount == 0:
            return False
        sums[entry.currency] = sums.get(entry.currency, 0) + entry.amount
    return bool(sums) and not any(sums.values())


def written(books: Iterable[Booked]) -> Iterator[str]:
    """Yield the books as beancount's text, which any accountant's tools can judge."""
    yield 'option "title" "Enigm"'
    yield from (f"1970-01-01 open {account}" for account in LedgerAccount)
    for booked in books:
        day = datetime.fromtimestamp(booked.day * SECONDS_PER_DAY, UTC).date()
        note = booked.reference.hex() if booked.reference else ""
        yield ""
        yield f'{day} * "{booked.kind}" "{note}"'
        for entry in booked.entries:
            amount = Decimal(entry.amount).scaleb(-PLACES[entry.currency])
            yield f"  {entry.account}  {amount:f} {entry.currency}"


def _exchange(
    amount: int, currency: Currency, worth_cents: int
) -> tuple[tuple[LedgerAccount, int, Currency], ...]:
    """Let two currencies meet in an account that is neither's."""
    if currency is Currency.EUR:
        return ((LedgerAccount.ROUNDING, worth_cents - amount, Currency.EUR),)
    return (
        (LedgerAccount.EXCHANGE, -amount, currency),
        (LedgerAccount.EXCHANGE, worth_cents, Currency.EUR),
    )


def _entries(*lines: tuple[LedgerAccount, int, Currency]) -> tuple[Entry, ...]:
    return tuple(Entry(*line) for line in lines if line[1])
