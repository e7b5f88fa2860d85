"""Measure decisions per second, beside the engine alone; write docs/benchmarks-policy.md.

Run ``python -m benchmarks.policy.run`` (two minutes). With ``--quick`` nothing is written.
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

from benchmarks.policy.fleet import Fleet, Process
from enigm.domains.policy import rules, store
from enigm.domains.policy.actions.deciding import Decider
from enigm.domains.policy.actions.governing import Policies
from enigm.domains.policy.model import Evidence, Fact, FactState, Operation, PolicyChange
from enigm.domains.posture.actions import intake as posture_intake
from enigm.foundation.clock import SystemClock
from enigm.foundation.keyfile import Keys
from enigm.foundation.sqlcipher import open_sqlcipher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "benchmarks-policy.md"
BAR_PER_SECOND = 10_000
REPETITIONS = 5
ALIKE = "Enigm, 50 rules, no two requests alike"
ASKED = "Enigm, posture and attestation asked, a thousand devices in turn"
AGAIN = "Enigm, posture and attestation asked, each device read anew"
FIRST = "Enigm, posture and attestation asked, each device for the first time"
OPERATION = Operation.ACCOUNT_DELETE
# More than are kept in memory for no reason, fewer than a second's requests.
DEVICES = 1_000
STARTS = 5
# Fifty rules; the last demands two facts, one of which has as many values as there are sessions.
DEMANDING = (
    "permit (principal, action, resource);\n"
    + "".join(
        f'forbid (principal, action, resource) when {{ context.updates == "never-{number}" }};\n'
        for number in range(48)
    )
    + 'forbid (principal, action in Action::"critical", resource)\n'
    + 'unless { context.posture == "good" && context.session_age_seconds < 100000 };\n'
)
# As above, with an age that is reckoned with: no answer can stand for another.
RECKONING = DEMANDING.replace("session_age_seconds <", "session_age_seconds + 1 <")
# What a managed device shows, demanded of everything.
EVIDENCE = (
    "permit (principal, action, resource);\n"
    "forbid (principal, action, resource) unless {\n"
    '  context.posture == "good" && context.disk_encryption == "true"\n'
    '  && context.attestation == "good" && context.session_age_seconds < 10000000\n'
    "};\n"
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


def measured(deed: Callable[[int], object], count: int, repetitions: int = REPETITIONS) -> Figure:
    """Run a deed so many times, again and again; it is told how often it ran before."""
    walls: list[float] = []
    processors: list[float] = []
    for repetition in range(repetitions):
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            deed(repetition * count + number)
        walls.append(count / (time.perf_counter() - wall))
        processors.append(count / (time.process_time() - cpu))
    return Figure(median(walls), median(processors))


def typical(figures: Sequence[Figure]) -> Figure:
    """Return the medians."""
    return Figure(
        median(each.per_second for each in figures),
        median(each.per_cpu_second for each in figures),
    )


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
    found[ALIKE] = measured(lambda number: decider.decide(OPERATION, facts(number)), count)
    policies.activate("default", policies.stage("default", RECKONING).version)
    found["Enigm, 50 rules that reckon with ages: the engine's each time"] = measured(
        lambda number: decider.decide(OPERATION, facts(number)), count // 4
    )
    found["cedarpy alone, 50 rules, with the schema"] = measured(
        alone(DEMANDING, schema=True), count // 4
    )
    found["cedarpy alone, 50 rules, without"] = measured(alone(DEMANDING, schema=False), count // 4)
    database.close()
    return found


def asked_of_devices(folder: Path, count: int, devices: int) -> dict[str, Figure]:
    """Measure decisions that ask what devices reported and proved, from the service's stores."""
    fleet = Fleet(folder)
    process = fleet.process()
    for number in range(devices):
        fleet.report(process, number)
    policies = process.trust.policies
    policies.activate("default", policies.stage("default", EVIDENCE).version)
    process.trust.decider.decide(OPERATION, process.facts(0))

    def decide(process: Process, number: int) -> None:
        process.trust.decider.decide(OPERATION, process.facts(number % devices))

    found = {ASKED: measured(lambda number: decide(process, number), count)}
    again, first = list[Figure](), list[Figure]()
    for _ in range(STARTS):
        time.sleep(posture_intake.LOOK_SECONDS)
        again.append(measured(lambda number: decide(process, number), devices, 1))
        started = fleet.process()
        # What is in force is looked up once a second, whoever asks.
        started.trust.policies.number()
        first.append(measured(lambda number, by=started: decide(by, number), devices, 1))
    found[AGAIN], found[FIRST] = typical(again), typical(first)
    fleet.close()
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
            f"Bar: {BAR_PER_SECOND:,} decisions/s. A load above the number of cores means that",
            "decisions waited for other programs, too; the last column leaves that out.",
            "",
            "A decision of ours asks who establishes each fact, finds the policies that apply,",
            "looks every second whether they are still the signed ones, decides, and keeps the",
            "facts for dry runs on disk. Facts that the policy cannot tell apart get the answer",
            "that was kept: an age that is only compared with numbers is told from another by",
            "the numbers between them. Where a policy reckons with it, the engine decides.",
            "",
            "Posture and attestation are asked of the service's own stores (SQLCipher), under",
            "handles that the Handle Authority makes, with their revocations, an environment's",
            "handle among those presented. What is good of a device stands for five seconds,",
            "unless it changes here; then its two rows are read anew. Of a device that this",
            "process has not met, everything is read, opened and verified.",
            "",
        ]
    )


def main() -> int:
    """Measure, print, and write the report unless ``--quick``."""
    is_quick = "--quick" in sys.argv
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        count, devices = (2_000, DEVICES // 10) if is_quick else (20_000, DEVICES)
        found = figures(Path(folder), count)
        found |= asked_of_devices(Path(folder) / "service", count, devices)
    text = report(found)
    print(text)
    if not is_quick:
        REPORT.write_text(text)
    slowest = min(found[name].per_cpu_second for name in (ALIKE, ASKED))
    return 0 if slowest >= BAR_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
