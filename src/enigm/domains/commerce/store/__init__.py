"""What commerce keeps: the tables, and the questions that actions put to them."""

from __future__ import annotations

from pathlib import Path

from enigm.domains.commerce.store import codes  # its tables belong to the store, too
from enigm.domains.commerce.store.tables import metadata, outbox
from enigm.foundation.stores import StoreDesign

DESIGN = StoreDesign(metadata, Path(__file__).parents[1] / "migrations" / "versions")

__all__ = ["DESIGN", "codes", "metadata", "outbox"]
