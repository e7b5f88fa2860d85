"""Answer support and requests for disclosure, with lifecycle data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.esim import rules
from enigm.domains.esim.errors import EsimUnknownError
from enigm.domains.esim.model import Deed, Disclosure, SupportNote
from enigm.foundation.encoding import base32_encode

if TYPE_CHECKING:
    from collections import Counter

    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.model import Concern, EsimId, Holder, Iccid

# 50 random bits make ten symbols to read out; a note is worth nothing to whoever guesses one.
REFERENCE_BYTES: Final = 10
REFERENCE_SYMBOLS: Final = 10


class Answering:
    """What leaves this domain to people who ask."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk

    def leave_note(self, holder: Holder, esim_id: EsimId, concern: Concern) -> SupportNote:
        """Write a support note: the states now, and a reference to quote. It ends in 30 days."""
        with self._desk.store.read() as records:
            status = self._desk.status(self._desk.own(records, holder, esim_id))
        octets = self._desk.entropy.random_bytes(REFERENCE_BYTES)
        note = SupportNote(
            reference=base32_encode(octets)[:REFERENCE_SYMBOLS].upper(),
            concern=concern,
            product=status.product,
            profile=status.profile,
            commercial=status.commercial,
            association=status.association,
            noted_on=rules.day_of(self._desk.now),
        )
        with self._desk.store.begin() as records:
            records.note(note)
        return note

    def note(self, reference: str) -> SupportNote:
        """Return what support sees under a reference; raises EsimUnknownError."""
        with self._desk.store.read() as records:
            found = records.notes(reference.strip().upper())
        if not found:
            raise EsimUnknownError
        return found[0]

    def disclose(self, iccid: Iccid | None, reference: str | None) -> Disclosure:
        """Answer a request for disclosure, and record that it was answered.

        Nothing found is an answer too: there never was such an eSIM, or it was deleted.
        """
        with self._desk.store.read() as records:
            esim = None if iccid is None else records.find_by_iccid(iccid)
            notes = () if reference is None else tuple(records.notes(reference.strip().upper()))
        self._desk.provided.records.record(Deed.DISCLOSE, None)
        status = None if esim is None else self._desk.status(esim)
        return Disclosure(
            purchase=esim is not None,
            entitlement=status and status.commercial,
            account_association=esim is not None and esim.owner is not None,
            activation=status and status.profile,
            unlinking=esim is not None and esim.owner is None,
            deletion=iccid is not None and esim is None,
            support_records=notes,
        )

    def counts(self) -> Counter[tuple[str, str, str, bool]]:
        """Return how many eSIMs there are by product, step and standing, and whether linked."""
        with self._desk.store.read() as records:
            return records.counts()

    def tallies(self) -> list[tuple[int, str, str, int]]:
        """Return what was counted: period, provider, event, amount."""
        with self._desk.store.read() as records:
            return records.tallies()

    def waiting(self) -> int:
        """Return how many profiles a provider is still to be told of."""
        with self._desk.store.read() as records:
            return records.cancellations.count()
