"""Refunds as a file for whoever holds the keys: this host notes them and cannot sign."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.domains.commerce.model import PLACES, Money, NotedRefund, RefundReference
from enigm.outside.wallet_errors import RefundNotedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from enigm.domains.commerce.model import PaymentReference
    from enigm.domains.commerce.needs import RefundBook

BATCH_FORMAT: Final = "enigm-refunds-1"
_NAME_PURPOSE: Final = b"enigm refund name 1"
_NAME_BYTES: Final = 8


class BatchedRefund(msgspec.Struct, frozen=True):
    """One payment to make; ``amount`` counts smallest units, ``shown`` is the same for people."""

    name: str
    destination: str
    amount: int
    shown: str


class RefundBatch(msgspec.Struct, frozen=True):
    """What a signer needs: refunds, and how many addresses the wallet must know to see its money.

    ``addresses_issued`` holds the highest number given out in each account.
    """

    method: str
    network: str
    addresses_issued: dict[str, int]
    alarms: tuple[str, ...]
    refunds: tuple[BatchedRefund, ...]
    format: str = BATCH_FORMAT


def shown_amount(money: Money) -> str:
    """Return an amount in whole coins, exactly, without trailing zeros: ``0.05``."""
    places = PLACES[money.currency]
    whole, part = divmod(money.amount, 10**places)
    return f"{whole}.{part:0{places}}".rstrip("0").rstrip(".")


def refund_name(reference: PaymentReference) -> str:
    """Return what a refund is called outside: it does not tell the order's payment reference."""
    hashed = hashlib.blake2b(reference, key=_NAME_PURPOSE, digest_size=_NAME_BYTES)
    return hashed.hexdigest()


def note_refund(book: RefundBook, refund: NotedRefund) -> RefundReference:
    """Note a refund for the next batch; asked again for the same one, it answers the same.

    Raises:
        RefundNotedError: the reference has another refund already.
    """
    if book.note(refund) != refund:
        raise RefundNotedError
    return RefundReference(refund_name(refund.reference))


def write_batch(
    method: str,
    network: str,
    issued: Mapping[int, int],
    scanned: int,
    waiting: Iterable[NotedRefund],
) -> bytes:
    """Return the batch as JSON; ``scanned`` is how many addresses the signing wallet looks at."""
    batch = RefundBatch(
        method=method,
        network=network,
        addresses_issued={str(account): number for account, number in issued.items()},
        alarms=gap_alarms(issued, scanned),
        refunds=tuple(_batched(refund) for refund in waiting),
    )
    return msgspec.json.format(msgspec.json.encode(batch), indent=2) + b"\n"


def gap_alarms(issued: Mapping[int, int], scanned: int) -> tuple[str, ...]:
    """Say where addresses were given out that the signing wallet does not look at.

    Money paid to such an address is there, but that wallet shows 0 (monero issue 9213, and the
    gap limit of every Bitcoin wallet).
    """
    return tuple(
        f"Account {account}: addresses up to {number} are given out, the signing wallet looks at "
        f"{scanned}. Extend it there as docs/payments.md says, then raise the setting."
        for account, number in sorted(issued.items())
        if number >= scanned
    )


def _batched(refund: NotedRefund) -> BatchedRefund:
    return BatchedRefund(
        name=refund_name(refund.reference),
        destination=refund.destination,
        amount=refund.amount.amount,
        shown=shown_amount(refund.amount),
    )
