"""What tests of eSIMs ask for."""

from __future__ import annotations

from tests.support.esim_world import certificates, esim_world, esim_world_on_each, smdp

__all__ = ["certificates", "esim_world", "esim_world_on_each", "smdp"]
