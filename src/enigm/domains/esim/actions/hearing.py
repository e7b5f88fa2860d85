"""Hear what a provider, or the holder, tells of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.esim import rules
from enigm.domains.esim.model import Deed, Notice, Standing, Told

if TYPE_CHECKING:
    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.model import Esim, EsimId, Holder, Status
    from enigm.domains.esim.needs import CriticalLeave
    from enigm.domains.esim.store import EsimRecords

PIN_INSTALLED: Final = "esim.installed"
# A time further ahead than clocks differ would outlast every true one.
CLOCK_SECONDS_AHEAD_MAX: Final = 86_400


class Hearing:
    """Takes notices in any order, any number of times; the same ones make the same state."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk

    def take(self, provider: str, notice: Notice) -> None:
        """Take one notice; one about no eSIM of this provider's is forgotten at once.

        Args:
            provider: who told, as the listener knows by its certificate or signature.
            notice: what it told.
        """
        if notice.at > self._desk.now + CLOCK_SECONDS_AHEAD_MAX:
            return
        with self._desk.store.begin() as records:
            esim = records.find_by_iccid(notice.iccid)
            if esim is not None and esim.plan.provider == provider:
                self._note(records, esim, notice.told, notice.at)

    def confirm_installed(self, holder: Holder, esim_id: EsimId, leave: CriticalLeave) -> Status:
        """Take the holder's word that it is installed: a notice may never come.

        It asks for the PIN, as nothing brings back what goes by it: the activation code, and the
        plan of the profile that this one replaces.
        """
        esim = self._desk.checked(Deed.CONFIRM_INSTALLED, holder, esim_id)
        if not leave.spend(PIN_INSTALLED, esim_id):
            return self._desk.status(esim)
        self._desk.provided.records.record(Deed.CONFIRM_INSTALLED, holder.owner)
        with self._desk.store.begin() as records:
            esim = self._desk.still(records, Deed.CONFIRM_INSTALLED, esim)
            noted = self._note(records, esim, Told.INSTALLED, self._desk.now)
        return self._desk.status(noted)

    def _note(self, records: EsimRecords, esim: Esim, told: Told, at: int) -> Esim:
        noted = esim.changed(history=rules.merged(esim.history, told, at))
        if noted.standing is Standing.LIVE:
            noted = noted.changed(purge_at=rules.purge_at(noted))
        if rules.was_installed(noted):
            if noted.replaces is not None:
                self._end_replaced(records, noted.replaces)
            noted = noted.changed(has_code=False, replaces=None)
        records.save(noted)
        return noted

    def _end_replaced(self, records: EsimRecords, esim_id: EsimId) -> None:
        """The new one is on a phone: only now does the old one end."""
        old = records.find(esim_id)
        if old is not None and old.standing is Standing.LIVE:
            self._desk.close(records, old, Standing.REPLACED)
