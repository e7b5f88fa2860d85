"""The eSIMs' store: its tables, and the questions and changes put to them."""

from __future__ import annotations

from pathlib import Path

from enigm.domains.esim.store.records import EsimRecords, EsimStore
from enigm.domains.esim.store.tables import metadata
from enigm.foundation.stores import StoreDesign

__all__ = ["DESIGN", "EsimRecords", "EsimStore", "metadata"]

DESIGN = StoreDesign(metadata, Path(__file__).parent.parent / "migrations" / "versions")
