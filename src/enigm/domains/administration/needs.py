"""What administration needs from others, in its own words. Crossings provide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.domains.administration.model import Act, AdministratorId


class AdministrationRecords(Protocol):
    """Keeps what administrators do where it cannot be taken back."""

    def record(
        self,
        act: Act,
        actor: AdministratorId | None,
        subject: AdministratorId | None = None,
        *,
        reason: str = "requested",
        is_allowed: bool = True,
    ) -> None:
        """Return once it is durable; raises a Refusal, and then it is not done.

        Args:
            act: what was done, or refused.
            actor: who; None for the operator on the machine itself.
            subject: to which administrator.
            reason: the deed, or the code of what refused it.
            is_allowed: whether it is done.
        """
        ...
