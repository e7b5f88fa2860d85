"""A published log can be checked by an outsider, and any change of it is found, by name."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from enigm.crypto.tree_log.checkpoint import open_checkpoint
from enigm.crypto.tree_log.errors import MalformedNoteError, NoteUnsignedError, ProofFailedError
from enigm.crypto.tree_log.verification import verify_growth, verify_log
from enigm.domains.audit import rules, store
from enigm.domains.audit.actions.publishing import Publication, log_key
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.errors import AuditRewrittenError
from enigm.domains.audit.model import Act, Category, Decision, Record, Role
from enigm.foundation.errors import Refusal
from enigm.foundation.retention import RetentionJob
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

KEY = log_key(keys_of_tests())


@pytest.fixture
def database(open_sqlcipher_database):
    return open_sqlcipher_database("audit", store.metadata)


@pytest.fixture
def log(database) -> AuditLog:
    return AuditLog(database, keys_of_tests(), FakeClock(), FakeEntropy())


@pytest.fixture
def publication(log, tmp_path) -> Publication:
    return Publication(tmp_path / "published", log, KEY)


def record_many(log: AuditLog, count: int) -> None:
    log.record(*[Record(Act.DEVICE_REVOKED, Role.OWNER, Decision.ALLOWED) for _ in range(count)])


def fetcher(folder: Path):
    return lambda path: (folder / path).read_bytes()


@pytest.mark.requirement("AUD-01")
@pytest.mark.parametrize("counts", [[1], [255, 1], [256, 1, 256], [3, 700, 70]])
def test_a_copied_folder_and_a_public_key_are_enough(log, publication, tmp_path, counts) -> None:
    for count in counts:
        record_many(log, count)
        publication.publish()
    copied = shutil.copytree(tmp_path / "published", tmp_path / "copied")
    numbers: list[int] = []
    verified = verify_log(
        fetcher(copied), KEY.verifier, on_entry=lambda number, _entry: numbers.append(number)
    )
    assert verified.checkpoint.size == sum(counts)
    assert numbers == list(range(sum(counts)))


def test_an_empty_log_is_a_log(publication, tmp_path) -> None:
    publication.publish()
    assert verify_log(fetcher(tmp_path / "published"), KEY.verifier).checkpoint.size == 0


@pytest.mark.requirement("AUD-01")
def test_changing_any_byte_of_any_file_is_found(log, publication, tmp_path) -> None:
    record_many(log, 300)
    publication.publish()
    folder = tmp_path / "published"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) == 6, "checkpoint, two bundles, two tiles and the tile above them"
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(Refusal):
                verify_log(fetcher(folder), KEY.verifier)
        path.write_bytes(whole[:-1])
        with pytest.raises(Refusal):
            verify_log(fetcher(folder), KEY.verifier)
        path.write_bytes(whole)
    verify_log(fetcher(folder), KEY.verifier)


def test_entries_that_swapped_places_are_found(log, publication, tmp_path) -> None:
    record_many(log, 2)
    publication.publish()
    bundle = tmp_path / "published" / "tile" / "entries" / "000.p" / "2"
    whole = bundle.read_bytes()
    half = len(whole) // 2
    bundle.write_bytes(whole[half:] + whole[:half])
    with pytest.raises(ProofFailedError):
        verify_log(fetcher(tmp_path / "published"), KEY.verifier)


def test_another_deployments_key_opens_nothing(log, publication, tmp_path) -> None:
    publication.publish()
    other = log_key(type(keys_of_tests())(bytes(32)))
    with pytest.raises((NoteUnsignedError, MalformedNoteError)):
        verify_log(fetcher(tmp_path / "published"), other.verifier)


@pytest.mark.requirement("AUD-03")
@pytest.mark.parametrize(
    "tampering",
    [
        store.entry.delete().where(store.entry.c.number == 1),
        store.entry.update().where(store.entry.c.number == 1).values(commitment=bytes(32)),
        store.head.update().values(size=2),
    ],
    ids=["dropped", "edited", "rolled back"],
)
def test_a_store_that_was_rewritten_is_not_published(
    database, log, publication, tampering: sa.Executable
) -> None:
    record_many(log, 3)
    publication.publish()
    record_many(log, 1)
    with database.begin() as connection:
        connection.execute(tampering)
    with pytest.raises(Refusal) as refusal:
        publication.publish()
    assert isinstance(refusal.value, AuditRewrittenError)


@pytest.mark.requirement("AUD-01")
def test_growth_is_shown_and_a_fork_is_caught(log, publication, tmp_path, database) -> None:
    record_many(log, 5)
    earlier = publication.publish()
    record_many(log, 400)
    later = publication.publish()
    folder = tmp_path / "published"
    verify_growth(fetcher(folder), earlier, later)
    with pytest.raises(ProofFailedError):
        verify_growth(fetcher(folder), later, earlier)
    with database.begin() as connection:
        connection.execute(store.entry.update().values(commitment=bytes(32)))
    fork = Publication(tmp_path / "forked", log, KEY)
    forked = fork.publish()
    assert open_checkpoint((tmp_path / "forked" / "checkpoint").read_bytes(), KEY.verifier)
    with pytest.raises(ProofFailedError):
        verify_growth(fetcher(tmp_path / "forked"), earlier, forked)


ONE_ACT = {each.category: each for each in Act}


@pytest.mark.requirement("AUD-03")
@pytest.mark.parametrize("ended", list(Category), ids=lambda category: category.name)
def test_a_category_that_ended_is_unreadable_and_everything_is_still_proved(
    database, tmp_path, ended: Category
) -> None:
    clock = FakeClock()
    log = AuditLog(database, keys_of_tests(), clock, FakeEntropy())
    publication = Publication(tmp_path / "published", log, KEY)
    log.record(*[Record(act, Role.OWNER, Decision.ALLOWED) for act in ONE_ACT.values()])
    before = {each: log.read(Role.AUDITOR, each, 0, bytes(20)) for each in ONE_ACT}
    earlier = publication.publish()
    end = rules.ends_at(ended, rules.period_of(clock.now_seconds()))
    clock.advance(end - clock.now_seconds())
    RetentionJob([(database, store.metadata)], clock).run()
    readable = {each: log.read(Role.AUDITOR, each, 0, bytes(20)) for each in ONE_ACT}
    kept_longer = {each for each in ONE_ACT if rules.RETENTION_DAYS[each] > days_of(ended)}
    # What was recorded by reading just now is young.
    assert {each for each in ONE_ACT if readable[each]} == kept_longer | {Category.AUDIT}
    assert before[ended][0].number not in [each.number for each in readable[ended]]
    folder, entries = tmp_path / "published", dict[int, bytes]()
    verify_growth(fetcher(folder), earlier, publication.publish())
    verify_log(fetcher(folder), KEY.verifier, on_entry=entries.__setitem__)
    for record in (each for records in before.values() for each in records):
        assert entries[record.number].endswith(rules.commitment(record.nonce, record.payload))


def days_of(category: Category) -> int:
    return rules.RETENTION_DAYS[category]


@pytest.mark.requirement("AUD-01")
def test_publishers_at_once_never_roll_the_log_back(log, tmp_path) -> None:
    folder = tmp_path / "published"

    def publish(_number: int) -> int:
        record_many(log, 3)
        least = log.size
        Publication(folder, log, KEY).publish()
        published = Publication(folder, log, KEY).published()
        assert published
        return published.size - least

    with ThreadPoolExecutor(4) as pool:
        assert min(pool.map(publish, range(24))) >= 0
    assert verify_log(fetcher(folder), KEY.verifier).checkpoint.size == 72
