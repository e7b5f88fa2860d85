"""Commerce's memory of addresses and refunds, kept in a test's own memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.commerce.model import (
        IssuedAddress,
        MethodName,
        NotedRefund,
        PaymentReference,
    )


@dataclass
class Addresses:
    """An address book that outlives the adapters that use it."""

    issued: dict[PaymentReference, IssuedAddress] = field(default_factory=dict)
    highest: dict[int, int] = field(default_factory=dict)

    def find(self, method: MethodName, reference: PaymentReference) -> IssuedAddress | None:
        return self.issued.get(reference)

    def owner(self, method: MethodName, place: str) -> PaymentReference | None:
        return next((r for r, i in self.issued.items() if i.place == place), None)

    def remember(self, issued: IssuedAddress) -> IssuedAddress:
        kept = self.issued.setdefault(issued.reference, issued)
        self.highest[kept.account] = max(kept.number, self.highest.get(kept.account, 0))
        return kept

    def take_number(self, method: MethodName, account: int) -> int:
        self.highest[account] = self.highest.get(account, -1) + 1
        return self.highest[account]

    def highest_number(self, method: MethodName, account: int) -> int | None:
        return self.highest.get(account)


@dataclass
class Refunds:
    """Refunds that wait for a signature."""

    noted: dict[PaymentReference, NotedRefund] = field(default_factory=dict)

    def note(self, refund: NotedRefund) -> NotedRefund:
        return self.noted.setdefault(refund.reference, refund)

    def waiting(self, method: MethodName) -> Sequence[NotedRefund]:
        return tuple(self.noted.values())
