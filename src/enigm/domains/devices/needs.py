"""What devices need from others, in their own words. Crossings provide it."""

from __future__ import annotations

from typing import Protocol


class LookupAdmission(Protocol):
    """Lets a look-up in for one token, which is spent, and asks nobody's name."""

    async def spend(self, token: bytes) -> None:
        """Spend a token; raises a Refusal where it is none, or was spent before."""
        ...
