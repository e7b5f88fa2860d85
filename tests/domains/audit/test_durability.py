"""An acknowledged record survives kill -9 at any instant, and the log has no gap after it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from enigm.domains.audit.actions.publishing import Publication, log_key
from enigm.domains.audit.actions.recording import AuditLog
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

WRITER = """
import sys, threading
from pathlib import Path
from enigm.domains.audit import store
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import Act, Decision, Record, Role
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.databases import keys_of_tests

key = keys_of_tests().derive("audit", "store")
database = open_sqlcipher(Path(sys.argv[1]), key, domain="audit")
with database.begin() as connection:
    store.metadata.create_all(connection)
log = AuditLog(database, keys_of_tests(), SystemClock(), SystemEntropy())

def write():
    while True:
        for number in log.record(Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED)):
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()

for _ in range(4):
    threading.Thread(target=write).start()
"""
KILLS = 5
ACKNOWLEDGED_BEFORE_KILL = 40


@pytest.mark.requirement("AUD-01")
def test_no_acknowledged_record_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    acknowledged: list[int] = []
    for round_number in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        wanted = range(ACKNOWLEDGED_BEFORE_KILL + round_number)
        acknowledged += [int(process.stdout.readline()) for _ in wanted]
        process.kill()
        rest, _ = process.communicate()
        # The last line may have been cut in the middle of a number.
        acknowledged += [int(line) for line in rest.splitlines(keepends=True) if line[-1] == "\n"]
    assert len(acknowledged) == len(set(acknowledged))
    key = keys_of_tests().derive("audit", "store")
    database = open_sqlcipher(path, key, domain="audit")
    log = AuditLog(database, keys_of_tests(), FakeClock(), FakeEntropy())
    assert max(acknowledged) < log.size
    assert [each.number for each in log.sealed(0, log.size)] == list(range(log.size))
    publication = Publication(tmp_path / "published", log, log_key(keys_of_tests()))
    assert publication.publish().size == log.size
    database.close()
