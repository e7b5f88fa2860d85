"""Hypothesis without a stopwatch: how long an example takes says how busy the machine is."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # A failing example is printed so that it can become a named test.
    print_blob=True,
)
settings.load_profile("house")
