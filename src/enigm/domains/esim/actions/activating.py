"""Activate an eSIM, show its code behind the PIN, replace it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from enigm.domains.esim import rules
from enigm.domains.esim.actions.ordering import new_matching_id
from enigm.domains.esim.errors import EsimStateError
from enigm.domains.esim.model import NOTHING_TOLD, Deed, Status, Step
from enigm.wire.activation_code import ActivationCode

if TYPE_CHECKING:
    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.actions.ordering import Ordering
    from enigm.domains.esim.model import EsimId, Holder
    from enigm.domains.esim.needs import CriticalLeave

PIN_REVEAL: Final = "esim.reveal"
PIN_REPLACE: Final = "esim.replace"


class Activating:
    """What brings an eSIM to a phone."""

    def __init__(self, desk: Desk, ordering: Ordering) -> None:
        """Keep the desk."""
        self._desk = desk
        self._ordering = ordering

    def activate(self, holder: Holder, esim_id: EsimId) -> Status:
        """Have the profile made ready to be fetched; stopped anywhere, ask again.

        Raises:
            Refusal: the provider's no, ManagedPolicyError, EsimStateError or EsimUnknownError.
        """
        with self._desk.store.read() as records:
            esim = self._desk.own(records, holder, esim_id)
        if esim.step is not Step.RELEASED:
            self._desk.checked(Deed.ACTIVATE, holder, esim_id)
            self._desk.provided.records.record(Deed.ACTIVATE, holder.owner)
            self._ordering.make_ready(esim_id)
        with self._desk.store.read() as records:
            return self._desk.status(self._desk.own(records, holder, esim_id))

    def reveal(self, holder: Holder, esim_id: EsimId, leave: CriticalLeave) -> ActivationCode:
        """Return the code, as text and picture. Until it is installed it can be shown again.

        Raises:
            Refusal: the PIN's no; EsimStateError once it is installed; or the desk's refusals.
        """
        self._desk.checked(Deed.REVEAL, holder, esim_id)
        is_real = leave.spend(PIN_REVEAL, esim_id)
        self._desk.provided.records.record(Deed.REVEAL, holder.owner)
        with self._desk.store.read() as records:
            self._desk.own(records, holder, esim_id)
            code = records.code(esim_id)
        if code is None:
            raise EsimStateError
        shown = ActivationCode.parse(code)
        # Under duress a code is shown that looks like the real one and fetches nothing.
        return shown if is_real else replace(shown, matching_id=new_matching_id(self._desk.entropy))

    def replace(self, holder: Holder, esim_id: EsimId, leave: CriticalLeave) -> Status:
        """Order another profile for the same purchase; the old one ends when it is installed.

        Raises:
            ReplacementsSpentError: it was replaced before.
            EsimStateError: a replacement is under way, or there is nothing to replace.
        """
        old = self._desk.checked(Deed.REPLACE, holder, esim_id)
        if not leave.spend(PIN_REPLACE, esim_id):
            return self._desk.status(old)
        self._desk.provided.records.record(Deed.REPLACE, holder.owner)
        with self._desk.store.begin() as records:
            old = self._desk.still(records, Deed.REPLACE, old)
            if records.successor_of(esim_id) is not None:
                raise EsimStateError
            new = old.changed(
                esim_id=self._desk.new_id(),
                step=Step.REQUESTED,
                history=NOTHING_TOLD,
                purchased_on=rules.day_of(self._desk.now),
                replaces=esim_id,
                replacements=old.replacements + 1,
                refusals=0,
                has_code=False,
            )
            records.add(new.changed(purge_at=rules.purge_at(new)), token=None)
            records.count(old.plan.provider, "replacement", self._desk.now)
        self._ordering.try_order(new.esim_id)
        with self._desk.store.read() as records:
            return self._desk.status(self._desk.own(records, holder, new.esim_id))
