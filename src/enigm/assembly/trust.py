"""Builds what trust rests on: policy, handles and the audit log, and publishes the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enigm.crossings.decision_is_audited_by_handle import PolicyChangesAudited, SubjectHandles
from enigm.crossings.service_runs_in_environment import ServiceRunsInEnvironment
from enigm.domains.audit.actions.publishing import LogKey, Publication, log_key
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.policy.actions.deciding import Decider
from enigm.domains.policy.actions.governing import Policies

if TYPE_CHECKING:
    from enigm.assembly.surroundings import Surroundings
    from enigm.crypto.tree_log.merkle import NodeReader
    from enigm.crypto.tree_log.signed_note import UnverifiedNote
    from enigm.domains.audit.actions.publishing import Cosigner
    from enigm.foundation.database import Database
    from enigm.foundation.log import EventLog

# An outsider sees a decision within a minute of it.
PUBLISH_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class TrustParts:
    """What the account path is put together with."""

    audit: AuditLog
    authority: HandleAuthority
    handles: SubjectHandles
    policies: Policies
    decider: Decider
    publishing: Publishing
    log_key: LogKey


class Publishing:
    """Publishes the audit log when it grew, and writes what policy remembers."""

    def __init__(
        self, around: Surroundings, publication: Publication, audit: AuditLog, policies: Policies
    ) -> None:
        """Keep what is published, and by which witnesses it is cosigned."""
        self._publication = publication
        self.folder = around.settings.audit_folder
        self._audit = audit
        self._policies = policies
        self._clock = around.clock
        self._cosigners = [_cosigner_at(url, around.log) for url in around.settings.audit_witnesses]
        self._due_at = 0.0

    def run_if_due(self) -> None:
        """Publish where a minute passed and something was recorded."""
        self._policies.write_due()
        now = self._clock.monotonic_seconds()
        if now >= self._due_at:
            self._due_at = now + PUBLISH_SECONDS
            self.publish()

    def publish(self) -> None:
        """Publish now, unless the published log is the whole log already."""
        published = self._publication.published()
        if published is None or published.size != self._audit.size:
            self._publication.publish(self._cosigners)

    def finish(self) -> None:
        """Publish what is left, because the service stops."""
        self._policies.write_remembered()
        self.publish()


def build_trust(around: Surroundings, databases: dict[str, Database]) -> TrustParts:
    """Return the parts over their stores."""
    keys, clock, entropy = around.keys, around.clock, around.entropy
    audit = AuditLog(databases["audit"], keys, clock, entropy)
    authority = HandleAuthority(databases["handles"], keys, clock, entropy)
    policies = Policies(databases["policy"], keys, clock, PolicyChangesAudited(audit))
    handles = SubjectHandles(authority, keys)
    environment = ServiceRunsInEnvironment(around.settings.environment, handles)
    signing = log_key(keys)
    publication = Publication(around.settings.audit_folder, audit, signing)
    return TrustParts(
        audit=audit,
        authority=authority,
        handles=handles,
        policies=policies,
        decider=Decider(policies, environment),
        publishing=Publishing(around, publication, audit, policies),
        log_key=signing,
    )


def _cosigner_at(url: str, log: EventLog) -> Cosigner:
    """Publish without a witness that does not answer; one that refuses stops publication."""
    # The HTTP client is loaded where a witness is configured, for a quick start elsewhere.
    from enigm.outside.audit_witness import AuditWitness, WitnessUnavailableError

    witness = AuditWitness(url)

    def cosign(note: UnverifiedNote, old_size: int, read: NodeReader, size: int) -> UnverifiedNote:
        try:
            return witness.cosign(note, old_size, read, size)
        except WitnessUnavailableError as error:
            log.failure("job.failed", error, kind="witness")
            return note

    return cosign
