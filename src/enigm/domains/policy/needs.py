"""What policy asks of others, in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.domains.policy.model import PolicyChange


class ChangeRecords(Protocol):
    """Keeps each change of policies where who writes to the policy store cannot take it back."""

    def record(self, change: PolicyChange, number: int) -> None:
        """Return once the change is durable; raises a Refusal, and then nothing must change."""
        ...

    def newest_number(self) -> int:
        """Return the number of the newest change that was recorded, 0 where there is none."""
        ...


class Environment(Protocol):
    """Where this process decides, if its operator named that."""

    @property
    def name(self) -> str:
        """What policies may ask for; empty where it has none."""
        ...

    def handles(self) -> tuple[bytes, ...]:
        """Return its handles, under which policies are assigned; raises where it cannot."""
        ...
