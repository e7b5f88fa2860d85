"""Whatever is kept is gone at its end: from the rows, the raw files, the log and the tiles."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from enigm.assembly.service import ROLES, Role, build_service
from enigm.assembly.stores import DESIGNS
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.handles.actions.resolving import ReverseLookups
from enigm.domains.handles.model import Handle, PersonHandle, Purpose
from enigm.domains.handles.needs import LookupStep
from enigm.foundation.database import Database
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.inventory import SECONDS_PER_DAY, End, declaration_of, row_retention
from enigm.foundation.keyfile import Keys, load_or_create_keys
from enigm.foundation.retention import RetentionJob
from tests.crossings.test_stores_share_nothing import WINDOW_BYTES, whole_journey
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.journey import Person
from tests.support.service import Running, running_service, settings_of_tests
from tests.support.sqlcipher_pages import decrypted_pages

# No column that ends by the clock is declared to last longer.
LONGEST_SECONDS = 500 * SECONDS_PER_DAY
# What has no end of its own while the service lives, and is of nobody.
LASTING = {
    "the deployment ends",
    "the service is taken down",
    "the policy is removed",
    "it is assigned anew",
    "the key that signs tokens is replaced",
}
PLACES = DESIGNS["messaging"].metadata.tables["places"]
Place = tuple[str, str, str]


def ended_columns() -> list[tuple[str, sa.Column[Any]]]:
    """Return every column whose value ends by the clock or with an account."""
    return [
        (domain, column)
        for domain, design in DESIGNS.items()
        for table in design.metadata.sorted_tables
        for column in table.columns
        if declaration_of(column).retention.event not in LASTING
    ]


def long_values(databases: dict[str, Database]) -> dict[Place, set[bytes]]:
    """Return what stands in these columns, as the files hold it: 8 bytes or more."""
    found: dict[Place, set[bytes]] = {}
    for domain, column in ended_columns():
        if domain not in databases:
            continue
        with databases[domain].read() as connection:
            values = connection.execute(sa.select(column)).scalars().all()
        octets = {value.encode() if isinstance(value, str) else value for value in values}
        found[domain, column.table.name, column.name] = {
            bytes(value)
            for value in octets
            if isinstance(value, bytes | memoryview) and len(value) >= WINDOW_BYTES
        }
    return found


def pages(folder: Path, keys: Keys) -> dict[str, bytes]:
    """Return every page of every store and its write-ahead log in the clear."""
    return {
        domain: decrypted_pages(
            folder / f"{domain}.db", keys.derive(domain, "store"), design.page_bytes
        )
        for domain, design in DESIGNS.items()
        if (folder / f"{domain}.db").exists()
    }


def found_in(octets: bytes, values: set[bytes]) -> set[bytes]:
    """Return which values stand there; a long one is cut by pages, so its beginning counts."""
    return {value for value in values if value[:64] in octets}


async def fill(running: Running, keys: Keys) -> Person:
    """Do everything that an account does, and what operators do about it."""
    alice = await whole_journey(running.journey)
    store = running.service.databases["handles"]
    authority = HandleAuthority(store, keys, running.clock, SystemEntropy())
    scope = authority.scope(Purpose.AUDIT)
    lookups = ReverseLookups(authority, NoRecords())
    asked = lookups.ask(
        scope, Handle(b"asked-for-handle-123"), PersonHandle(b"asker-name-handle-12")
    )
    lookups.approve(asked, PersonHandle(b"approver-name-handle"))
    for job in running.service.upkeep.jobs:
        job.finish()
    return alice


class NoRecords:
    """Look-ups are recorded elsewhere; here it is their own rows that matter."""

    def record(self, step: LookupStep, person: PersonHandle, handle: Handle) -> None:
        pass


@pytest.mark.requirement("PRV-02", "PRV-03")
async def test_after_the_longest_end_nothing_of_anybody_is_in_any_file(
    tmp_path: Path, prepared_folder: Path
) -> None:
    shutil.copytree(prepared_folder, tmp_path, dirs_exist_ok=True)
    settings = settings_of_tests(tmp_path)
    keys = load_or_create_keys(settings.key_file, SystemEntropy())
    async with running_service(settings) as running:
        alice = await fill(running, keys)
        before = long_values(running.service.databases)
        raw = pages(settings.stores_folder, keys)
        for (domain, table, column), values in before.items():
            assert found_in(raw[domain], values) == values, f"{domain}.{table}.{column}: no control"
        filled = {domain for (domain, _table, _column), values in before.items() if values}
        assert filled >= {"accounts", "audit", "devices", "handles", "messaging", "policy"}
        await running.journey.erase(alice)
        running.clock.advance(LONGEST_SECONDS)
        for _ in range(2):
            running.clock.advance(120)
            running.service.upkeep.run_once()
        raw = pages(settings.stores_folder, keys)
        left = {
            place: kept
            for place, values in before.items()
            if (kept := {one for pages_ in raw.values() for one in found_in(pages_, values)})
        }
        assert not left
        assert not any(long_values(running.service.databases).values())
        everything = set[bytes]().union(*before.values())
        written = running.log.getvalue().encode()
        for shown in (bytes.hex, lambda one: base64.urlsafe_b64encode(one).decode().rstrip("=")):
            assert not [one for one in everything if shown(one)[:16].encode() in written]
    tiles = b"".join(
        path.read_bytes() for path in settings.audit_folder.rglob("*") if path.is_file()
    )
    assert tiles, "the log stays, without the records"
    assert not found_in(tiles, everything)


@pytest.mark.requirement("PRV-08")
@pytest.mark.parametrize("roles", [ROLES, frozenset(("api",)), frozenset(("delivery",))])
async def test_every_process_keeps_what_is_set_and_refuses_to_keep_longer(
    tmp_path: Path, prepared_folder: Path, roles: frozenset[Role]
) -> None:
    shutil.copytree(prepared_folder, tmp_path, dirs_exist_ok=True)
    clock, entropy = FakeClock(), SystemEntropy()
    for days in ({"policy.decision": 31}, {"messaging.places": 181}, {"no.such": 1}):
        settings = settings_of_tests(tmp_path, retention_days=days)
        if next(iter(days)).startswith("policy") and roles == frozenset(("delivery",)):
            continue
        with pytest.raises(SetupError, match="retention_days"):
            build_service(settings, clock, entropy, roles=roles)
    shorter = {"policy.decision": 1, "messaging.places": 2}
    settings = settings_of_tests(tmp_path, retention_days=shorter)
    service = build_service(settings, clock, entropy, roles=roles)
    place = PLACES.insert().values(marked_row(PLACES, clock.now_seconds()))
    with service.databases["messaging"].begin() as connection:
        connection.execute(place)
    for days_passed, left in ((1, 1), (1, 0)):
        clock.advance(days_passed * SECONDS_PER_DAY)
        service.upkeep.run_once()
        with service.databases["messaging"].read() as connection:
            assert len(connection.execute(sa.select(PLACES)).all()) == left
    for database in service.databases.values():
        database.close()


# --- every table that there is, whoever adds one ---------------------------------------------


def clock_driven() -> list[sa.Table]:
    """Return every table of every store whose rows end by the clock."""
    return [
        table
        for _domain, design in sorted(DESIGNS.items())
        for table in design.metadata.sorted_tables
        if row_retention(table).end in (End.SECONDS_AFTER_COLUMN, End.AT_COLUMN)
    ]


def marked_row(table: sa.Table, now: int) -> dict[str, Any]:
    """Return a row full of what an examiner would recognise, that begins now."""
    ends = {declaration_of(column).retention.column for column in table.columns}
    return {column.name: _marked(column, now, ends) for column in table.columns}


def _marked(column: sa.Column[Any], now: int, ends: set[str]) -> Any:
    if column.name in ends:
        return now
    kind = column.type
    if isinstance(kind, sa.LargeBinary):
        return (f"MARK {column.table.name} {column.name} " * 20).encode()[: kind.length or 300]
    if isinstance(kind, sa.String):
        return f"MARK {column.table.name} {column.name}"[: kind.length or 300]
    return 1


@pytest.mark.requirement("PRV-02")
@pytest.mark.parametrize("domain", sorted(DESIGNS))
def test_every_table_that_ends_by_the_clock_is_emptied_by_it(
    domain: str, open_database: Any, tmp_path: Path
) -> None:
    metadata, clock = DESIGNS[domain].metadata, FakeClock()
    tables = [table for table in clock_driven() if table.metadata is metadata]
    database = open_database(domain, metadata)
    with database.begin() as connection:
        for table in tables:
            for parent in (key.column.table for key in table.foreign_keys):
                if parent not in tables:
                    pytest.skip(f"{table.name} needs a row of {parent.name}, which an event ends")
            connection.execute(table.insert(), marked_row(table, clock.now_seconds()))
    clock.advance(LONGEST_SECONDS)
    (forgotten,) = RetentionJob([(database, metadata)], clock).run()
    assert forgotten.rows_deleted == len(tables)
    assert forgotten.bytes_erased
    with database.read() as connection:
        for table in tables:
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
    if database.dialect == "sqlite":
        key = keys_of_tests().derive(domain, "store")
        assert b"MARK " not in decrypted_pages(tmp_path / f"{domain}.db", key)
