"""What the holder of an unlinked eSIM can do with nothing but its retrieval code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.esim import rules
from enigm.domains.esim.actions.ending import RETRIEVAL_CODE_BYTES
from enigm.domains.esim.errors import RetrievalCodeUnknownError
from enigm.domains.esim.model import Deed
from enigm.foundation.encoding import base32_decode
from enigm.foundation.errors import InvalidError

if TYPE_CHECKING:
    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.actions.ending import Ending
    from enigm.domains.esim.model import Esim, Farewell, Holder, Status
    from enigm.domains.esim.store import EsimRecords


class Retrieving:
    """Finds an unlinked eSIM by its code. The activation code is shown only once it is linked."""

    def __init__(self, desk: Desk, ending: Ending) -> None:
        """Keep the desk."""
        self._desk = desk
        self._ending = ending

    def status(self, code: str) -> Status:
        """Return its status as last known; raises RetrievalCodeUnknownError."""
        return self._desk.status(self._found(code))

    def link(self, code: str, holder: Holder) -> Status:
        """Give it to an account; the code ends."""
        self._desk.require_policy(holder, Deed.LINK)
        esim = self._found(code)
        rules.require(Deed.LINK, esim, self._desk.now)
        self._desk.provided.records.record(Deed.LINK, holder.owner)
        with self._desk.store.begin() as records:
            linked = self._find(records, code).changed(owner=holder.owner)
            records.save(linked)
            records.keep_retrieval_code(linked.esim_id, None)
        return self._desk.status(linked)

    def delete(self, code: str) -> Farewell:
        """Erase the record and take back or end the profile."""
        esim = self._found(code)
        self._desk.provided.records.record(Deed.DELETE, None)
        return self._ending.erase(esim)

    def _found(self, code: str) -> Esim:
        with self._desk.store.read() as records:
            return self._find(records, code)

    def _find(self, records: EsimRecords, code: str) -> Esim:
        try:
            octets = base32_decode("".join(code.split()).replace("-", "").lower())
        except InvalidError as error:
            raise RetrievalCodeUnknownError from error
        if len(octets) != RETRIEVAL_CODE_BYTES:
            raise RetrievalCodeUnknownError
        found = records.find_by_retrieval_code(octets)
        if found is None:
            raise RetrievalCodeUnknownError
        return found
