"""Accounts → commerce. Where many guests order at once, an order costs what registering does.

Carries:    that some work was done and was not used before.
Withholds:  from accounts, who orders what and how it is paid; from commerce, all of accounts.
Dies:       a challenge after ten minutes, and the note that it was used with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.actions.guard import NO_SUBJECT
from enigm.domains.accounts.model import Purpose

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.register import Registrar
    from enigm.domains.accounts.model import WorkDemand, WorkProof


def guest_order_demand(registrar: Registrar) -> WorkDemand:
    """Return work that pays for one order, as dear as a registration's."""
    bits = registrar.guard.registration_demand().difficulty_bits
    return registrar.guard.demand(Purpose.GUEST_ORDER, NO_SUBJECT, bits)


class GuestOrderCostsWork:
    """Provides ``commerce.needs.GuestWork``, made for one request."""

    def __init__(self, registrar: Registrar, proof: WorkProof) -> None:
        """Keep who checks work, and what the request brought."""
        self._registrar = registrar
        self._proof = proof

    def spend(self) -> None:
        """Check the work and mark it as spent; raises WorkProofRefusedError."""
        with self._registrar.store.begin() as records:
            self._registrar.guard.spend_work(
                records, Purpose.GUEST_ORDER, NO_SUBJECT, self._proof, 0
            )
