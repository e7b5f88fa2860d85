"""Counters with declared labels and closed sets of values, in the Prometheus text format."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from enigm.foundation.inventory import Category, Declaration, in_logs

if TYPE_CHECKING:
    from collections.abc import Mapping

METRIC_DAYS_MAX: Final = 30


def _label(purpose: str) -> Declaration:
    return Declaration(Category.OPERATIONS, purpose, in_logs(METRIC_DAYS_MAX))


# No label takes a value that comes from a user: every set below is closed.
METRIC_LABELS: Final[Mapping[str, Declaration]] = {
    "category": _label("which of the nine categories of refusal"),
    "domain": _label("which domain"),
    "outcome": _label("done, refused or failed"),
    "provider": _label("which kind of eSIM provider"),
}


@dataclass(frozen=True, slots=True)
class CounterDesign:
    """A counter's name, its meaning, and the values each of its labels may take."""

    name: str
    meaning: str
    labels: Mapping[str, frozenset[str]]

    def __post_init__(self) -> None:
        """Refuse a label that nobody declared."""
        if unknown := set(self.labels) - set(METRIC_LABELS):
            msg = f"{self.name} has undeclared labels: {', '.join(sorted(unknown))}"
            raise RuntimeError(msg)


class Counters:
    """Counts events of a process. Safe to share between threads."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._counts: dict[str, Tally[tuple[tuple[str, str], ...]]] = {}
        self._designs: dict[str, CounterDesign] = {}
        self._lock = Lock()

    def count(self, design: CounterDesign, amount: int = 1, **labels: str) -> None:
        """Add to a counter.

        Raises:
            RuntimeError: a label is missing, undeclared, or has a value outside its set.
        """
        if set(labels) != set(design.labels) or any(
            value not in design.labels[name] for name, value in labels.items()
        ):
            msg = f"{design.name} was counted with labels or values it does not declare"
            raise RuntimeError(msg)
        with self._lock:
            self._designs[design.name] = design
            tally = self._counts.setdefault(design.name, Tally())
            tally[tuple(sorted(labels.items()))] += amount

    def text(self) -> str:
        """Return all counters in the Prometheus text format."""
        lines: list[str] = []
        with self._lock:
            for name, tally in sorted(self._counts.items()):
                lines += [f"# HELP {name} {self._designs[name].meaning}", f"# TYPE {name} counter"]
                for labels, amount in sorted(tally.items()):
                    shown = ",".join(f'{label}="{value}"' for label, value in labels)
                    lines.append(f"{name}{{{shown}}} {amount}" if shown else f"{name} {amount}")
        return "".join(line + "\n" for line in lines)
