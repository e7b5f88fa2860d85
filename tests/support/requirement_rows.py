"""Gathers which tests are evidence for which requirement, for `make assurance`."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

# Where to write what was gathered; nothing is written unless a whole run asks for it.
EVIDENCE_VARIABLE = "ENIGM_EVIDENCE"

_outcomes: dict[str, dict[str, str]] = defaultdict(dict)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each test's rows on its report, which also travels between workers."""
    for item in items:
        for marker in item.iter_markers("requirement"):
            item.user_properties.extend(("requirement", identity) for identity in marker.args)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember the worst outcome of every marked test."""
    for name, identity in report.user_properties:
        if name != "requirement":
            continue
        seen = _outcomes[str(identity)]
        if report.outcome != "passed" or (report.when == "call" and report.nodeid not in seen):
            seen[report.nodeid] = report.outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the evidence, once, from the process that saw every report."""
    place = os.environ.get(EVIDENCE_VARIABLE)
    if not place or hasattr(session.config, "workerinput"):
        return
    evidence: dict[str, Any] = {row: _outcomes[row] for row in sorted(_outcomes)}
    target = Path(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(evidence, indent=1) + "\n")
