"""Records are proved from the published files, and what those do not say is not proved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enigm.crypto.tree_log.errors import NoteUnsignedError, ProofFailedError
from enigm.crypto.tree_log.merkle import verify_inclusion
from enigm.domains.audit import store
from enigm.domains.audit.actions.proving import RecordProofs
from enigm.domains.audit.actions.publishing import CHECKPOINT, Publication, log_key
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import NO_HANDLE, Act, Category, Decision, Record, Role
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

KEY = log_key(keys_of_tests())


@pytest.fixture
def log(open_sqlcipher_database) -> AuditLog:
    database = open_sqlcipher_database("audit", store.metadata)
    return AuditLog(database, keys_of_tests(), FakeClock(), FakeEntropy())


@pytest.fixture
def proofs(tmp_path) -> RecordProofs:
    return RecordProofs(tmp_path / "published", KEY)


def record_and_publish(log: AuditLog, folder, count: int) -> None:
    log.record(*[Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED) for _ in range(count)])
    Publication(folder, log, KEY).publish()


@pytest.mark.requirement("CMD-08", "AUD-01")
@pytest.mark.parametrize("count", [1, 255, 257, 300])
def test_each_record_is_proved_against_the_checkpoint(log, proofs, tmp_path, count) -> None:
    record_and_publish(log, tmp_path / "published", count)
    opened = log.read(Role.AUDITOR, Category.DEVICE, 0, NO_HANDLE)
    published = proofs.published()
    assert published is not None
    for number, found in proofs.prove(opened, published).items():
        checkpoint = published.checkpoint
        verify_inclusion(found.leaf, number, checkpoint.size, found.path, checkpoint.root)


def test_a_record_of_the_last_minute_is_not_proved_yet(log, proofs, tmp_path) -> None:
    assert proofs.published() is None
    record_and_publish(log, tmp_path / "published", 1)
    (late,) = log.record(Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED))
    opened = log.read(Role.AUDITOR, Category.DEVICE, 0, NO_HANDLE)
    assert proofs.prove(opened, proofs.published())[late] is None


def test_a_record_that_the_log_does_not_commit_to_is_refused(log, proofs, tmp_path) -> None:
    record_and_publish(log, tmp_path / "published", 3)
    first, *_ = log.read(Role.AUDITOR, Category.DEVICE, 0, NO_HANDLE)
    edited = replace(first, payload=first.payload.replace(b"allowed", b"denied "))
    with pytest.raises(ProofFailedError):
        proofs.prove([edited], proofs.published())


def test_a_checkpoint_that_nobody_signed_is_refused(log, proofs, tmp_path) -> None:
    record_and_publish(log, tmp_path / "published", 3)
    place = tmp_path / "published" / CHECKPOINT
    place.write_text(place.read_text().replace("\n3\n", "\n2\n"))
    with pytest.raises(NoteUnsignedError):
        proofs.published()
