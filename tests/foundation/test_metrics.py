"""Counters have declared labels with closed sets of values."""

from __future__ import annotations

import pytest

from enigm.foundation.metrics import CounterDesign, Counters

REFUSALS = CounterDesign(
    "enigm_refusals_total", "Refusals.", {"category": frozenset({"invalid", "gone"})}
)
STARTS = CounterDesign("enigm_starts_total", "Starts.", {})


def test_counts_are_shown_in_the_prometheus_format() -> None:
    counters = Counters()
    counters.count(REFUSALS, category="invalid")
    counters.count(REFUSALS, 2, category="invalid")
    counters.count(REFUSALS, category="gone")
    counters.count(STARTS)
    assert counters.text().splitlines() == [
        "# HELP enigm_refusals_total Refusals.",
        "# TYPE enigm_refusals_total counter",
        'enigm_refusals_total{category="gone"} 1',
        'enigm_refusals_total{category="invalid"} 3',
        "# HELP enigm_starts_total Starts.",
        "# TYPE enigm_starts_total counter",
        "enigm_starts_total 1",
    ]


@pytest.mark.requirement("PRV-01")
@pytest.mark.parametrize(
    "labels", [{}, {"category": "alice"}, {"user": "alice"}, {"category": "gone", "user": "a"}]
)
def test_a_label_or_value_that_is_not_declared_is_refused(labels: dict[str, str]) -> None:
    counters = Counters()
    with pytest.raises(RuntimeError):
        counters.count(REFUSALS, 1, **labels)
    assert counters.text() == ""


@pytest.mark.requirement("PRV-01")
def test_a_counter_with_an_undeclared_label_cannot_be_designed() -> None:
    with pytest.raises(RuntimeError, match="user"):
        CounterDesign("enigm_users_total", "Users.", {"user": frozenset({"alice"})})
