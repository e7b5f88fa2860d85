"""Unlink, delete, retire; and tell the provider, at once or when it answers again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.esim import rules
from enigm.domains.esim.errors import (
    EsimStateError,
    EsimUnknownError,
    ProviderRefusedError,
    ProviderUnavailableError,
    Refused,
)
from enigm.domains.esim.model import Deed, Farewell, Standing, Status
from enigm.foundation.encoding import base32_encode
from enigm.foundation.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.model import Esim, EsimId, Holder, Iccid, OwnerRef
    from enigm.domains.esim.needs import CriticalLeave
    from enigm.domains.esim.store import EsimRecords
    from enigm.domains.esim.store.cancellations import Cancellation

PIN_UNLINK: Final = "esim.unlink"
PIN_RETIRE: Final = "esim.retire"
PIN_DELETE: Final = "esim.delete"
# 120 random bits make 24 symbols without a remainder: six groups of four to write down.
RETRIEVAL_CODE_BYTES: Final = 15
_GROUP_SYMBOLS: Final = 4


class Ending:
    """What takes an eSIM away from an account, from us, or from the provider."""

    def __init__(self, desk: Desk, after_erasure: Callable[[], None]) -> None:
        """Keep the desk; ``after_erasure`` takes deleted bytes out of the files."""
        self._desk = desk
        self._after_erasure = after_erasure

    def unlink(self, holder: Holder, esim_id: EsimId, leave: CriticalLeave) -> str:
        """Remove the account from the eSIM; the service goes on. Return its retrieval code.

        The code is shown this once; kept is only a hash of it under a key of the service.

        Raises:
            EsimStateError: it is not linked, or a replacement is under way.
        """
        esim = self._desk.checked(Deed.UNLINK, holder, esim_id)
        is_real = leave.spend(PIN_UNLINK, esim_id)
        code = self._desk.entropy.random_bytes(RETRIEVAL_CODE_BYTES)
        if is_real:
            self._unlink(esim, code)
        text = base32_encode(code).upper()
        groups = range(0, len(text), _GROUP_SYMBOLS)
        return "-".join(text[start : start + _GROUP_SYMBOLS] for start in groups)

    def delete(self, holder: Holder, esim_id: EsimId, leave: CriticalLeave) -> Farewell:
        """Erase the record; the profile is taken back, or the plan ends and the user deletes it."""
        esim = self._desk.checked(Deed.DELETE, holder, esim_id)
        if not leave.spend(PIN_DELETE, esim_id):
            return Farewell(delete_on_device=rules.is_installed(esim))
        self._desk.provided.records.record(Deed.DELETE, holder.owner)
        return self.erase(esim)

    def erase(self, esim: Esim) -> Farewell:
        """Erase a record whose deletion was decided and recorded."""
        with self._desk.store.begin() as records:
            found = records.find(esim.esim_id)
            if found is None or found.owner != esim.owner:
                raise EsimUnknownError
            self._erase(records, found)
        self._after_erasure()
        self.run_if_due()
        return Farewell(delete_on_device=rules.is_installed(found))

    def leave(self, owner: OwnerRef) -> None:
        """Erase all of an account that was erased itself; asked twice it changes nothing."""
        with self._desk.store.begin() as records:
            for esim in records.of_owner(owner):
                self._erase(records, esim)
        self._after_erasure()

    def retire(self, holder: Holder, esim_id: EsimId, leave: CriticalLeave) -> Status:
        """End what was bought, for good; the record goes thirty days later."""
        esim = self._desk.checked(Deed.RETIRE, holder, esim_id)
        if not leave.spend(PIN_RETIRE, esim_id):
            return self._desk.status(esim)
        return self._close(Deed.RETIRE, esim, Standing.RETIRED, holder.owner)

    def retire_as_operator(self, iccid: Iccid) -> Status:
        """Retire an eSIM that a provider names; raises EsimUnknownError."""
        return self._close(Deed.RETIRE, self._named(iccid), Standing.RETIRED, None)

    def take_back_as_operator(self, iccid: Iccid) -> Status:
        """Take back a profile that no phone has, before the shop refunds it."""
        return self._close(Deed.TAKE_BACK, self._named(iccid), Standing.REFUNDED, None)

    def run_if_due(self) -> None:
        """Tell providers what they are still to be told."""
        with self._desk.store.begin() as records:
            claimed = records.cancellations.claim(self._desk.now)
        for cancellation in claimed:
            was_told = self._tell(cancellation)
            with self._desk.store.begin() as records:
                if was_told:
                    records.cancellations.delete(cancellation)
                else:
                    records.cancellations.postpone(cancellation, self._desk.now)

    def finish(self) -> None:
        """Nothing waits in memory."""

    def _unlink(self, esim: Esim, code: bytes) -> None:
        self._desk.provided.records.record(Deed.UNLINK, esim.owner)
        with self._desk.store.begin() as records:
            esim = self._desk.still(records, Deed.UNLINK, esim)
            # Two eSIMs of one replacement would tell whose the unlinked one was.
            if esim.replaces is not None or records.successor_of(esim.esim_id) is not None:
                raise EsimStateError
            records.save(esim.changed(owner=None))
            records.keep_retrieval_code(esim.esim_id, code)
        self._after_erasure()

    def _close(self, deed: Deed, esim: Esim, standing: Standing, owner: OwnerRef | None) -> Status:
        rules.require(deed, esim, self._desk.now)
        self._desk.provided.records.record(deed, owner)
        with self._desk.store.begin() as records:
            esim = self._desk.still(records, deed, esim)
            ended = self._desk.close(records, esim, standing)
        self.run_if_due()
        return self._desk.status(ended)

    def _named(self, iccid: Iccid) -> Esim:
        with self._desk.store.read() as records:
            found = records.find_by_iccid(iccid)
        if found is None:
            raise EsimUnknownError
        return found

    def _erase(self, records: EsimRecords, esim: Esim) -> None:
        successor = records.successor_of(esim.esim_id)
        if successor is not None:
            records.save(successor.changed(replaces=None))
        if esim.standing is Standing.LIVE:
            self._desk.queue_end(records, esim)
        records.delete(esim.esim_id)
        records.count(esim.plan.provider, "deleted", self._desk.now)

    def _tell(self, cancellation: Cancellation) -> bool:
        """Say whether the provider knows now that the profile ends."""
        # Each is a call of its own: one that was refused would be answered as before.
        first, second = (random_id(self._desk.entropy) for _ in range(2))
        try:
            provider = self._desk.provider(cancellation.provider)
            try:
                provider.cancel(cancellation.iccid, first)
            except ProviderRefusedError as refused:
                if refused.why not in (Refused.WRONG_STATE, Refused.IN_USE):
                    raise
                # A phone has fetched it: nothing is left to take back, but the plan can end.
                provider.end(cancellation.iccid, second)
        except ProviderRefusedError as refused:
            return refused.why is Refused.UNKNOWN
        except ProviderUnavailableError:
            return False
        return True
