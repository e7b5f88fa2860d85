"""Take an eSIM step by step to where a phone can fetch it; stopped anywhere, it goes on there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.esim.errors import (
    EsimUnknownError,
    ProviderRefusedError,
    Refused,
)
from enigm.domains.esim.model import Standing, Step
from enigm.foundation.encoding import base32_encode
from enigm.foundation.errors import Refusal
from enigm.foundation.ids import random_id

if TYPE_CHECKING:
    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.model import Esim, EsimId, Iccid
    from enigm.domains.esim.store import EsimRecords
    from enigm.foundation.entropy import Entropy

# 128 random bits: nobody guesses the id of somebody else's profile.
MATCHING_ID_BYTES: Final = 16


class Ordering:
    """Asks the provider for a profile. What is asked is written down before it is asked."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk

    def try_order(self, esim_id: EsimId) -> None:
        """Order if the provider can; what was paid for stays, and activating tries again."""
        try:
            self.order(esim_id)
        except Refusal:
            return

    def make_ready(self, esim_id: EsimId) -> None:
        """Order, confirm and release, whatever of it is left to do; raises the provider's no."""
        self.order(esim_id)
        self._confirm(esim_id)
        self._release(esim_id)

    def order(self, esim_id: EsimId) -> None:
        """Reserve a profile, unless there is one."""
        esim = self._find(esim_id)
        if esim.step is not Step.REQUESTED:
            return
        provider = self._desk.provider(esim.plan.provider)
        try:
            iccid = provider.order(esim.plan.item, self._call(esim, "order"))
        except ProviderRefusedError:
            self._refused(esim_id)
            raise
        with self._desk.store.begin() as records:
            known, holder = records.find(esim_id), records.find_by_iccid(iccid)
            if holder is not None and holder.esim_id != esim_id:
                raise ProviderRefusedError(Refused.IN_USE, "an ICCID was given out twice")
            if known is None or known.step is not Step.REQUESTED:
                self._give_back(records, esim, iccid)
                return
            records.keep_iccid(esim_id, iccid)
            records.save(known.changed(step=Step.ORDERED))

    def _confirm(self, esim_id: EsimId) -> None:
        with self._desk.store.begin() as records:
            esim = self._living(records, esim_id)
            if esim.step not in (Step.ORDERED, Step.CONFIRMING):
                return
            may_be_confirmed = esim.step is Step.CONFIRMING
            matching_id = records.matching_id(esim_id) or new_matching_id(self._desk.entropy)
            records.keep_matching_id(esim_id, matching_id)
            records.save(esim.changed(step=Step.CONFIRMING, has_code=True))
            iccid = self._iccid(records, esim_id)
        provider = self._desk.provider(esim.plan.provider)
        call = self._call(esim, f"confirm {matching_id}")
        try:
            code = provider.confirm(iccid, matching_id, call, may_be_confirmed=may_be_confirmed)
        except ProviderRefusedError as error:
            self._refused(esim_id, error.why)
            raise
        with self._desk.store.begin() as records:
            esim = self._living(records, esim_id)
            if esim.step is Step.CONFIRMING:
                records.keep_code(esim_id, code.text)
                records.save(esim.changed(step=Step.CONFIRMED))

    def _refused(self, esim_id: EsimId, why: Refused = Refused.OTHER) -> None:
        """Note that the provider heard and refused, so that the next try is a first one."""
        with self._desk.store.begin() as records:
            esim = self._living(records, esim_id)
            step = Step.ORDERED if esim.step is Step.CONFIRMING else esim.step
            records.save(esim.changed(step=step, refusals=esim.refusals + 1))
            if why is Refused.MATCHING_ID_TAKEN:
                records.keep_matching_id(esim_id, new_matching_id(self._desk.entropy))

    def _release(self, esim_id: EsimId) -> None:
        esim = self._find(esim_id)
        if esim.step is not Step.CONFIRMED:
            return
        with self._desk.store.read() as records:
            iccid = self._iccid(records, esim_id)
        provider = self._desk.provider(esim.plan.provider)
        try:
            provider.release(iccid, self._call(esim, "release"))
        except ProviderRefusedError:
            self._refused(esim_id)
            raise
        with self._desk.store.begin() as records:
            esim = self._living(records, esim_id)
            if esim.step is Step.CONFIRMED:
                records.save(esim.changed(step=Step.RELEASED))
                records.count(esim.plan.provider, "released", self._desk.now)

    def _find(self, esim_id: EsimId) -> Esim:
        with self._desk.store.read() as records:
            return self._living(records, esim_id)

    def _living(self, records: EsimRecords, esim_id: EsimId) -> Esim:
        """Return the eSIM; one that was ended meanwhile was queued to end at the provider too."""
        found = records.find(esim_id)
        if found is None or found.standing is not Standing.LIVE:
            raise EsimUnknownError
        return found

    def _iccid(self, records: EsimRecords, esim_id: EsimId) -> Iccid:
        iccid = records.iccid(esim_id)
        if iccid is None:
            raise RuntimeError("an ordered eSIM has an ICCID")
        return iccid

    def _give_back(self, records: EsimRecords, esim: Esim, iccid: Iccid) -> None:
        """A profile came for an eSIM that ended meanwhile, or that has another already."""
        if records.find_by_iccid(iccid) is None:
            cancellation_id = random_id(self._desk.entropy)
            provider = esim.plan.provider
            records.cancellations.add(cancellation_id, provider, iccid, self._desk.now)

    def _call(self, esim: Esim, function: str) -> bytes:
        return self._desk.store.call_name(esim, function)


def new_matching_id(entropy: Entropy) -> str:
    """Return a fresh id: digits and upper-case letters, as SGP.22 §4.1 has it."""
    return base32_encode(entropy.random_bytes(MATCHING_ID_BYTES)).upper()
