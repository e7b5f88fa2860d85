"""What devices keep: the tables, and the questions that actions put to them."""

from __future__ import annotations

from pathlib import Path

from enigm.domains.devices.store.records import DeviceRecords, DeviceStore
from enigm.domains.devices.store.tables import metadata
from enigm.foundation.stores import StoreDesign

DESIGN = StoreDesign(metadata, Path(__file__).parents[1] / "migrations" / "versions")

__all__ = ["DESIGN", "DeviceRecords", "DeviceStore", "metadata"]
