"""What accounts announce. No content, no secret, and nothing that outlives its delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from enigm.domains.accounts.model import AccountId


@dataclass(frozen=True, slots=True)
class AccountErased:
    """An account was erased here; whoever keeps anything of it erases that now."""

    KIND: ClassVar[str] = "accounts.account_erased"

    account_id: AccountId

    def encode(self) -> bytes:
        """Return the fact's body."""
        return self.account_id

    @classmethod
    def decode(cls, body: bytes) -> AccountErased:
        """Read a fact's body."""
        return cls(AccountId(body))
