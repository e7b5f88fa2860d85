"""Measure decisions per second, beside the engine alone; write docs/benchmarks-policy.md.

Run ``python -m benchmarks.policy.run`` (half a minute). With ``--quick`` nothing is written.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import cedarpy

from enigm.domains.policy import rules, store
from enigm.domains.policy.actions.deciding import Decider
from enigm.domains.policy.actions.governing import Policies
from enigm.domains.policy.model import Evidence, Fact, FactState, Operation, PolicyChange
from enigm.foundation.clock import SystemClock
from enigm.foundation.keyfile import Keys
from enigm.foundation.sqlcipher import open_sqlcipher

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "benchmarks-policy.md"
BAR_PER_SECOND = 10_000
REPETITIONS = 5
OPERATION = Operation.ACCOUNT_DELETE
# Fifty rules; the last demands two facts, one of which has a thousand values here.
DEMANDING = (
    "permit (principal, action, resource);\n"
    + "".join(
        f'forbid (principal, action, resource) when {{ context.updates == "never-{number}" }};\n'
        for number in range(48)
    )
    + 'forbid (principal, action in Action::"critical", resource)\n'
    + 'unless { context.posture == "good" && context.session_age_seconds < 100000 };\n'
)


class Figure(NamedTuple):
    """Median decisions per second, by the wall's clock and by the processor's."""

    per_second: float
    per_cpu_second: float


class NoRecords:
    """Changes of policy are not what is measured."""

    def record(self, change: PolicyChange, number: int) -> None:
        """Keep nothing."""

    def newest_number(self) -> int:
        """Return that nothing was kept."""
        return 0


def facts(age: int) -> dict[Fact, Callable[[], Evidence]]:
    """Return facts that are there already: who establishes them is not what is measured."""
    return {
        Fact.SESSION: lambda: Evidence(FactState.GOOD, {rules.SESSION_AGE: age}),
        Fact.DEVICE: lambda: Evidence(FactState.GOOD),
        Fact.HANDLE: lambda: Evidence(FactState.GOOD, handles=(b"d" * 20,)),
        Fact.POSTURE: lambda: Evidence(FactState.GOOD),
    }


def measured(deed: Callable[[int], object], count: int) -> Figure:
    """Run a deed so many times, again and again; it is told how often it ran before."""
    walls: list[float] = []
    processors: list[float] = []
    for repetition in range(REPETITIONS):
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            deed(repetition * count + number)
        walls.append(count / (time.perf_counter() - wall))
        processors.append(count / (time.process_time() - cpu))
    return Figure(median(walls), median(processors))


def alone(text: str, *, schema: bool) -> Callable[[int], object]:
    """Return the engine's own decision with everything parsed before."""
    parsed = cedarpy.Schema.from_str(rules.SCHEMA_TEXT)
    policies = cedarpy.PolicySet.from_str(text)
    entities = cedarpy.Entities.from_json_str("[]", parsed)

    def decide(number: int) -> object:
        context: dict[str, Any] = rules.context_of({})
        context.update(posture="good", session_age_seconds=number)
        request = {
            "principal": 'Account::"asker"',
            "action": f'Action::"{OPERATION.word}"',
            "resource": 'Service::"enigm"',
            "context": context,
        }
        return cedarpy.is_authorized(request, policies, entities, parsed if schema else None)

    return decide


def figures(folder: Path, count: int) -> dict[str, Figure]:
    """Measure ours, with everything that a decision does, and the engine alone."""
    keys = Keys(bytes(32))
    key = keys.derive("policy", "store")
    database = open_sqlcipher(folder / "policy.db", key, domain="policy")
    with database.begin() as connection:
        store.metadata.create_all(connection)
    policies = Policies(database, keys, SystemClock(), NoRecords())
    decider = Decider(policies)
    same, found = facts(60), dict[str, Figure]()
    found["Enigm, default policy"] = measured(lambda _: decider.decide(OPERATION, same), count)
    policies.activate("default", policies.stage("default", DEMANDING).version)
    found["Enigm, 50 rules, sessions of 1,000 ages"] = measured(
        lambda number: decider.decide(OPERATION, facts(number % 1000)), count
    )
    found["Enigm, 50 rules, no two facts the same"] = measured(
        lambda number: decider.decide(OPERATION, facts(number)), count // 4
    )
    found["cedarpy alone, 50 rules, with the schema"] = measured(
        alone(DEMANDING, schema=True), count // 4
    )
    found["cedarpy alone, 50 rules, without"] = measured(alone(DEMANDING, schema=False), count // 4)
    database.close()
    return found


def report(found: dict[str, Figure]) -> str:
    """Write the page."""
    rows = [
        f"| {name} | {each.per_second:,.0f} | {each.per_cpu_second:,.0f} |"
        for name, each in found.items()
    ]
    return "\n".join(
        [
            "# Policy decisions: figures",
            "",
            (
                f"`python -m benchmarks.policy.run` on {os.cpu_count()} cores, "
                f"{platform.machine()}, Python {platform.python_version()}, "
                f"load {os.getloadavg()[0]:.1f}; medians of {REPETITIONS}; one thread."
            ),
            "",
            "| what | decisions/s | per second of processor time |",
            "|---|---|---|",
            *rows,
            "",
            f"Bar: {BAR_PER_SECOND:,} decisions/s.",
            "",
            "A decision of ours asks who establishes each fact, finds the policies that apply,",
            "looks every second whether they are still the signed ones, decides, and keeps the",
            "facts for dry runs on disk. The same facts under the same policy get the answer that",
            "was kept; where no two are the same, every decision is the engine's.",
            "",
        ]
    )


def main() -> int:
    """Measure, print, and write the report unless ``--quick``."""
    is_quick = "--quick" in sys.argv
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        found = figures(Path(folder), 2_000 if is_quick else 20_000)
    text = report(found)
    print(text)
    if not is_quick:
        REPORT.write_text(text)
    slowest_of_many = found["Enigm, 50 rules, sessions of 1,000 ages"].per_cpu_second
    return 0 if slowest_of_many >= BAR_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
