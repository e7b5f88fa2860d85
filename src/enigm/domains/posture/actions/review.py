"""What an administrator may see of postures: counts, and rows under handles; each look recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.posture import rules, store
from enigm.domains.posture.errors import ReportUnknownError
from enigm.domains.posture.model import PostureRow

if TYPE_CHECKING:
    from enigm.domains.posture.actions.intake import PostureRecords
    from enigm.domains.posture.model import KeptReport, PostureHandle, PostureOverview
    from enigm.domains.posture.needs import ReviewRecords


class PostureReview:
    """Shows how devices stand, by category and under handles."""

    def __init__(self, records: PostureRecords, readings: ReviewRecords) -> None:
        """Keep the store, and where each reading is recorded."""
        self._records = records
        self._readings = readings

    def overview(self, reader: bytes) -> PostureOverview:
        """Return counts and every row; ``reader`` is who looks, as the audit log names them."""
        self._readings.record(reader, None)
        with self._records.database.read() as connection:
            sealed = list(store.reports(connection, self._records.clock.now_seconds()))
        opened = [
            (handle, rules.unpacked(self._records.reports.open(octets, handle)))
            for handle, octets in sealed
        ]
        return rules.overview_of([self._row(handle, kept) for handle, kept in opened])

    def show(self, reader: bytes, handle: PostureHandle) -> PostureRow:
        """Return one row; raises ReportUnknownError."""
        self._readings.record(reader, handle)
        kept = self._records.latest(handle)
        if kept is None:
            raise ReportUnknownError
        return self._row(handle, kept)

    def _row(self, handle: PostureHandle, kept: KeptReport) -> PostureRow:
        standing = rules.standing_of(kept, self._records.clock.now_seconds())
        return PostureRow(handle, standing, kept.states)
