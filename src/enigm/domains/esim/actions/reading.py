"""See one's eSIMs. A provider is asked only because somebody looks, and never about traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.esim.errors import ProviderRefusedError, ProviderUnavailableError
from enigm.foundation.errors import ExhaustedError

if TYPE_CHECKING:
    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.actions.hearing import Hearing
    from enigm.domains.esim.model import EsimId, Holder, Status
    from enigm.foundation.limits import Budgets


class Reading:
    """What a holder sees."""

    def __init__(self, desk: Desk, hearing: Hearing, asks: Budgets) -> None:
        """Keep the desk, and how often a provider may be asked about one eSIM."""
        self._desk = desk
        self._hearing = hearing
        self._asks = asks

    def all_of(self, holder: Holder) -> list[Status]:
        """Return a holder's eSIMs as last known; nobody is asked."""
        with self._desk.store.read() as records:
            return [self._desk.status(esim) for esim in records.of_owner(holder.owner)]

    def status(self, holder: Holder, esim_id: EsimId, *, asks_provider: bool = False) -> Status:
        """Return one eSIM's status; with ``asks_provider`` the provider is asked first.

        A provider that does not answer, or was asked too often, leaves what was last known.
        """
        with self._desk.store.read() as records:
            esim = self._desk.own(records, holder, esim_id)
            iccid = records.iccid(esim_id)
        if asks_provider and iccid is not None:
            try:
                self._asks.take(esim_id)
                notices = self._desk.provider(esim.plan.provider).ask(iccid)
            except (ExhaustedError, ProviderRefusedError, ProviderUnavailableError):
                notices = ()
            for notice in notices:
                self._hearing.take(esim.plan.provider, notice)
        with self._desk.store.read() as records:
            return self._desk.status(self._desk.own(records, holder, esim_id))
