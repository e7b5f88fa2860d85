"""Remembers changes of policies beside the policy store, as the audit log does."""

from __future__ import annotations

from enigm.domains.policy.model import PolicyChange


class Changes:
    """Provides ``policy.needs.ChangeRecords`` and can be made to fail."""

    def __init__(self) -> None:
        self.made: list[tuple[PolicyChange, int]] = []
        self.failure: Exception | None = None

    def record(self, change: PolicyChange, number: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.made.append((change, number))

    def newest_number(self) -> int:
        return max((number for _change, number in self.made), default=0)
