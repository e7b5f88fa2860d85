"""Write, try, put in force and assign policies; what decides is checked whenever it is read."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from enigm.domains.policy import rules, store
from enigm.domains.policy.actions.standing import DEFAULT_NAME, SignedPolicies
from enigm.domains.policy.errors import (
    AssignmentsFullError,
    DecisionUnknownError,
    PolicyUnknownError,
)
from enigm.domains.policy.model import (
    DryRun,
    Explanation,
    Operation,
    PolicyChange,
    PolicyVersion,
    Remembered,
    Standing,
)
from enigm.domains.policy.rules import CompiledPolicy
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import sqlalchemy as sa

    from enigm.domains.policy.model import Decision
    from enigm.domains.policy.needs import ChangeRecords
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.keyfile import Keys

# A version put in force by another process decides here after this long; between two looks a
# decision costs no disk and no signature check.
LOOK_SECONDS = 1
# All assignments are read and checked at every look: at this many it takes some 10 ms.
ASSIGNMENTS_MAX = 10_000
# Decisions are remembered for statistics, so they are written in batches and may be lost in a
# crash; the audit log keeps what must not be.
REMEMBERED_BATCH = 1024
REMEMBER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class InForce:
    """What decides between two looks at the store."""

    standing: Standing
    policies: Mapping[str, CompiledPolicy]
    looked_at: float


class Policies:
    """The deployment's policies. Safe to share between threads."""

    def __init__(
        self, database: Database, keys: Keys, clock: Clock, records: ChangeRecords
    ) -> None:
        """Keep the store and where changes are recorded; the first start writes the default."""
        self._database = database
        self._clock = clock
        self._signed = SignedPolicies(keys, records)
        self._records = records
        self._operations = {operation.word: operation for operation in Operation}
        self._in_force: InForce | None = None
        self._remembered: list[Remembered] = []
        self._remembered_since = clock.monotonic_seconds()
        self._lock = threading.Lock()
        with database.begin() as connection:
            self._signed.begin(connection)

    def stage(self, name: str, text: str) -> PolicyVersion:
        """Sign and keep a new version, which decides nothing yet; raises PolicyInvalidError."""
        rules.require_name(name)
        CompiledPolicy(text)
        self._records.record(PolicyChange.STAGED, 0)
        with self._database.begin() as connection:
            version = store.newest_version(connection, name) + 1
            staged = self._signed.sign_text(name, version, text)
            store.keep_version(connection, staged)
        return staged

    def dry_run(self, name: str, version: int, environment: str | None = None) -> DryRun:
        """Say what a version would have changed about the last month's decisions.

        It is tried in the place of the version that decided then, beside the other policies
        that did; a policy that nobody was assigned to is tried as if everybody were.

        Args:
            name: which policy.
            version: which text of it.
            environment: of the decisions that were made there; of all where it is None.
        """
        self.write_remembered()
        with self._database.read() as connection:
            candidate = compiled(self._signed.verified_text(connection, name, version).text)
            past = [
                (each, rules.unpacked(each.context))
                for each in store.decisions(connection)
                if each.operation in self._operations
            ]
            found = [
                (each, facts)
                for each, facts in past
                if environment in (None, facts[rules.ENVIRONMENT])
            ]
            others = {
                each.policies: self._decided_by(connection, each, but=name) for each, _ in found
            }
        return rules.dry_run(
            (
                self._operations[each.operation],
                facts,
                each.is_allowed,
                [candidate, *others[each.policies].values()],
            )
            for each, facts in found
        )

    def activate(self, name: str, version: int) -> None:
        """Let a version decide.

        Raises:
            PolicyUnknownError, PolicyUnverifiableError, PolicyRolledBackError.
        """
        with self._database.begin() as connection:
            before = self._signed.standing(connection, to_change=True)
            self._signed.verified_text(connection, name, version)
            store.put_in_force(connection, name, version)
            self._signed.change(connection, PolicyChange.ACTIVATED, before)
        self._in_force = None

    def assign(self, handle: bytes, name: str) -> None:
        """Let a policy that is in force decide for a handle, besides the default.

        Raises:
            PolicyUnknownError, AssignmentsFullError, PolicyUnverifiableError,
            PolicyRolledBackError.
        """
        with self._database.begin() as connection:
            before = self._signed.standing(connection, to_change=True)
            if name not in before.in_force:
                raise PolicyUnknownError
            if len(before.assigned) >= ASSIGNMENTS_MAX and handle not in before.assigned:
                raise AssignmentsFullError
            store.assign(connection, handle, name)
            self._signed.change(connection, PolicyChange.ASSIGNED, before)
        self._in_force = None

    def confirm(self) -> Standing:
        """Let what the rows say stand, after somebody looked at it; return it."""
        with self._database.begin() as connection:
            before = store.rows_alone(connection)
            for name, version in before.in_force.items():
                self._signed.verified_text(connection, name, version)
            self._signed.change(connection, PolicyChange.CONFIRMED, before)
        self._in_force = None
        return self.standing

    @property
    def standing(self) -> Standing:
        """What is in force for whom; raises PolicyUnverifiableError, PolicyRolledBackError."""
        return self._looked_up().standing

    def number(self) -> int:
        """Return the number of what is in force, for records; 0 where it cannot be verified."""
        try:
            return self.standing.number
        except Refusal:
            return 0

    def unchecked_standing(self) -> Standing:
        """Return what the rows say, for an operator who looks before confirming."""
        with self._database.read() as connection:
            return store.rows_alone(connection)

    def text(self, name: str, version: int) -> PolicyVersion:
        """Return a signed text; raises PolicyUnknownError, PolicyUnverifiableError."""
        with self._database.read() as connection:
            return self._signed.verified_text(connection, name, version)

    def versions(self) -> list[tuple[str, int]]:
        """Return the name and number of every text that is kept, the newest of each first."""
        with self._database.read() as connection:
            return store.versions(connection)

    def applying(self, handles: Iterable[bytes]) -> dict[str, CompiledPolicy]:
        """Return the policies that must all allow: the default, and each assigned to a handle.

        They come by ``name@version``.

        Raises:
            PolicyUnknownError, PolicyUnverifiableError, PolicyRolledBackError.
        """
        found = self._looked_up()
        assigned = found.standing.assigned
        names = [DEFAULT_NAME, *(assigned[each] for each in handles if each in assigned)]
        return {f"{name}@{found.standing.in_force[name]}": found.policies[name] for name in names}

    def remember(
        self, operation: Operation, context: bytes, decision: Decision, policies: Iterable[str]
    ) -> None:
        """Keep a decision's facts for dry runs and reviewers: no handle, no name."""
        by = " ".join(policies)
        now = self._clock.now_seconds()
        made = Remembered(now, operation.word, context, decision.is_allowed, by)
        with self._lock:
            self._remembered.append(made)
        self.write_due()

    def write_due(self) -> None:
        """Write what waits for long, or is much; upkeep asks, too, where nothing else comes."""
        waited = self._clock.monotonic_seconds() - self._remembered_since
        if len(self._remembered) >= REMEMBERED_BATCH or waited >= REMEMBER_SECONDS:
            self.write_remembered()

    def write_remembered(self) -> None:
        """Write what waits; also called when the service stops."""
        with self._lock:
            batch, self._remembered = self._remembered, []
            self._remembered_since = self._clock.monotonic_seconds()
        if batch:
            with self._database.begin() as connection:
                store.keep_decisions(connection, batch)

    def newest_decisions(self, count: int) -> list[tuple[int, Remembered]]:
        """Return the newest decisions with their numbers, newest first."""
        self.write_remembered()
        with self._database.read() as connection:
            return store.newest_decisions(connection, count)

    def explain(self, number: int) -> tuple[Remembered, Explanation]:
        """Return a past decision and everything about it; raises DecisionUnknownError."""
        with self._database.read() as connection:
            found = store.find_decision(connection, number)
            if found is None or found.operation not in self._operations:
                raise DecisionUnknownError
            policies = self._decided_by(connection, found)
        operation = self._operations[found.operation]
        return found, rules.explain(policies, operation, rules.unpacked(found.context))

    def _decided_by(
        self, connection: sa.Connection, past: Remembered, but: str = ""
    ) -> dict[str, CompiledPolicy]:
        named = [each.split("@") for each in past.policies.split()]
        return {
            f"{name}@{version}": compiled(
                self._signed.verified_text(connection, name, int(version)).text
            )
            for name, version in named
            if name != but
        }

    def _looked_up(self) -> InForce:
        now = self._clock.monotonic_seconds()
        found = self._in_force
        if found is None or now - found.looked_at >= LOOK_SECONDS:
            with self._database.read() as connection:
                standing = self._signed.standing(connection)
                policies = {
                    name: compiled(self._signed.verified_text(connection, name, version).text)
                    for name, version in standing.in_force.items()
                }
            found = self._in_force = InForce(standing, policies, now)
        return found


@lru_cache(maxsize=64)
def compiled(text: str) -> CompiledPolicy:
    """Parse a policy once; texts are few and decisions many."""
    return CompiledPolicy(text)
