"""What tests of the App share."""

from __future__ import annotations

from tests.support.app_world import world

__all__ = ["world"]
