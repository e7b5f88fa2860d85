"""What an administrator may see of attestations: counts, and rows under handles; recorded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from enigm.domains.attestation import store
from enigm.domains.attestation.model import AttestationOverview, AttestationRow

if TYPE_CHECKING:
    from enigm.domains.attestation.actions.records import AttestationRecords
    from enigm.domains.attestation.needs import ReviewRecords


class AttestationReview:
    """Shows how machines stand, under handles."""

    def __init__(self, records: AttestationRecords, readings: ReviewRecords) -> None:
        """Keep the store, and where each reading is recorded."""
        self._records = records
        self._readings = readings

    def overview(self, reader: bytes) -> AttestationOverview:
        """Return counts and every row; ``reader`` is who looks, as the audit log names them."""
        self._readings.record(reader)
        with self._records.database.read() as connection:
            sealed = list(store.devices(connection, self._records.clock.now_seconds()))
        opened = [(handle, self._records.opened(handle, octets)) for handle, octets in sealed]
        rows = tuple(
            AttestationRow(handle, *self._records.standing_of(kept)) for handle, kept in opened
        )
        return AttestationOverview(rows, Counter(row.standing for row in rows))
